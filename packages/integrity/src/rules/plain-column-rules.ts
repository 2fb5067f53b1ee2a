import { quoteLiteral } from "@ctb-data/postgres";
import type { RowRule } from "../rows/row-rule.ts";
import { plainFormats } from "./format-sql.ts";
import { modelTestsOf } from "./model-tests.ts";
import { subjectsOf, testRules, valueRule, type Reading } from "./read-rules.ts";
import { textReader } from "./read-text.ts";
import { paddedLength, type RuleColumn } from "./rule-column.ts";
import {
  anyElement,
  enumSql,
  isSameFamily,
  lengthSql,
  patternRuleSql,
  rangeSql,
} from "./value-sql.ts";

/** The rules of the values of a column that is not encrypted. */
export function plainColumnRules(at: RuleColumn): readonly RowRule[] {
  const tests = modelTestsOf(at);
  const reading: Reading = { at, tests, read: textReader(at.column.type, tests.value) };
  return isSameFamily(at.column.type, at.liveType) ? familyRules(reading) : foreignRules(reading);
}

/** The live type holds values of the same kind: what is wrong with them is mostly for PostgreSQL to tell. */
function familyRules(reading: Reading): readonly RowRule[] {
  const { at } = reading;
  const subjects = subjectsOf(at);
  const unreadable = unreadableSql(at);
  const pattern = patternRuleSql(at);
  const bySql = { length: lengthSql(at), range: rangeSql(at), pattern, enum: enumSql(at) };
  const rules: RowRule[] = unreadable === undefined ? [] : [valueRule(reading, unreadable)];
  for (const name of ["length", "range", "pattern", "enum"] as const) {
    const sql = bySql[name];
    if (sql !== undefined) rules.push({ subject: subjects[name], sql });
  }
  if (pattern === undefined) rules.push(...testRules(reading, "pattern", notNull(at)));
  rules.push(...testRules(reading, "format", formatReads(at)));
  return rules;
}

/** The live type is another one: each text is read as the model would read it. */
function foreignRules(reading: Reading): readonly RowRule[] {
  const { at, tests } = reading;
  const { type } = at.column;
  const isAnyText = (type.kind === "text" || type.kind === "enum") && type.dimensions === 0;
  return [
    ...(isAnyText && tests.value === undefined ? [] : [valueRule(reading, notNull(at))]),
    ...(["length", "range", "pattern", "format", "enum"] as const).flatMap((name) =>
      testRules(reading, name, notNull(at)),
    ),
  ];
}

function notNull({ sql }: RuleColumn): string {
  return `${sql} IS NOT NULL`;
}

/** True for every text that may not be of the format. */
function formatReads(at: RuleColumn): string {
  const { format } = at.column;
  if (format === undefined || paddedLength(at.column.type, at.liveType) !== undefined)
    return notNull(at);
  return anyElement(
    at,
    (value) => `${value} COLLATE "C" OPERATOR(pg_catalog.!~) ${quoteLiteral(plainFormats[format])}`,
  );
}

/** True for every value of the right type that the model may refuse all the same; undefined when there is none. */
function unreadableSql(at: RuleColumn): string | undefined {
  const conditions = [...arrayConditions(at), ...jsonConditions(at), ...idConditions(at)];
  return conditions.length === 0 ? undefined : conditions.join(" OR ");
}

/** Arrays may have bounds of their own, more dimensions than documents have, and nulls that no vector has. */
function arrayConditions({ column, table, sql }: RuleColumn): readonly string[] {
  if (column.type.dimensions === 0) return [];
  const fields = [...(table.firestore?.fields.values() ?? [])];
  const isVector = fields.some((field) => field.column === column.name && field.type === "vector");
  return [
    column.type.dimensions === 1
      ? `pg_catalog.array_lower(${sql}, 1) <> 1 OR pg_catalog.array_ndims(${sql}) > 1`
      : `${sql} IS NOT NULL`,
    ...(isVector ? [`pg_catalog.array_position(${sql}, NULL) IS NOT NULL`] : []),
  ];
}

/** So deep JSON needs a bracket at each end of each level, and a model reads 2,000. It is compressed, or long. */
function jsonConditions({ column, sql }: RuleColumn): readonly string[] {
  if (column.type.kind !== "json") return [];
  const mayBeLong = `pg_catalog.pg_column_size(${sql}) > 2000 OR pg_catalog.pg_column_compression(${sql}) IS NOT NULL`;
  return [`((${mayBeLong}) AND pg_catalog.octet_length(${sql}::text) > 4000)`];
}

/** Not every text can be the id of a document. */
function idConditions({ column, table, sql }: RuleColumn): readonly string[] {
  const mayBeNone = ["text", "enum", "inet"].includes(column.type.kind);
  if (table.firestore?.idColumn !== column.name || !mayBeNone) return [];
  const text = `${sql}::text COLLATE "C"`;
  const isNone = `${text} IN ('', '.', '..') OR ${text} LIKE '%/%' OR ${text} ~ '^__.*__ *$'`;
  return [`${isNone} OR pg_catalog.octet_length(${sql}::text) > 1500`];
}
