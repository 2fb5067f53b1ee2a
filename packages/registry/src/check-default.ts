import { isSerial } from "./column-type.ts";
import { quoted, suggestion } from "./problem.ts";
import type { ColumnDraft, RegistryChecking } from "./registry-draft.ts";
import type { ColumnType } from "./registry.ts";
import { readSql } from "./sql-expression.ts";
import { childOf, type LocatedMap } from "./yaml-node.ts";

interface Default {
  readonly data: ColumnDraft["data"];
  readonly at: LocatedMap;
  readonly type: ColumnType;
}

/** Words that mean a value in SQL without quotes and brackets. */
const valueWords = new Set([
  "true",
  "false",
  "null",
  "current_date",
  "current_time",
  "current_timestamp",
  "localtime",
  "localtimestamp",
  "current_user",
  "current_role",
  "current_catalog",
  "current_schema",
  "session_user",
  "system_user",
  "user",
]);

const words = /^[\p{L}_][\p{L}\p{N}_$]*(?:[ \-/][\p{L}\p{N}_$]+)*$/u;

/** Reports a default that PostgreSQL would refuse, above all a text without its quotes. */
export function checkDefault({ data, at, type }: Default, { problems }: RegistryChecking): void {
  const value = childOf(at, "default");
  if (value === undefined || data.default === undefined || data.default === null) return;
  const text = String(data.default);
  const fail = (message: string, hint?: string) =>
    problems.error(value, "invalid-sql", message, hint);
  if (isSerial(type)) {
    fail(`a ${type.name} has a default of its own`, 'leave "default" out, or make it an integer');
    return;
  }
  if (text.trim() === "") {
    fail("the default is empty", `for the empty text write "''", with both kinds of quotes`);
    return;
  }
  if (
    words.test(text) &&
    !text
      .toLowerCase()
      .split(" ")
      .some((word) => valueWords.has(word))
  ) {
    fail(
      `the default ${quoted(text)} is a bare word, which SQL takes for a name`,
      `for the text write "'${text}'", with both kinds of quotes`,
    );
    return;
  }
  const read = readSql(text);
  if ("fault" in read) {
    fail(`the default is not an SQL expression: ${read.fault}`);
    return;
  }
  const literal = /^'((?:[^']|'')*)'$/.exec(text)?.[1]?.replaceAll("''", "'");
  if (type.dimensions > 0 || literal === undefined) return;
  if (Array.isArray(data.enum) && !data.enum.includes(literal)) {
    fail(`${quoted(literal)} is not in the list of "enum"${suggestion(literal, data.enum)}`);
  }
  if (type.kind !== "enum" || type.values.includes(literal)) return;
  fail(
    `the enum ${quoted(type.name)} has no value ${quoted(literal)}${suggestion(literal, type.values)}`,
  );
}
