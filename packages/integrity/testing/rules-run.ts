import { quoteIdentifier, type Queryable } from "@ctb-data/postgres";
import type { RowRule } from "../src/rows/row-rule.ts";

/** Which rows break which rules: the ids of findings, and for each the values of the column `id`, sorted. */
export type Broken = Readonly<Record<string, readonly string[]>>;

interface Row {
  readonly id: string;
  /** Of each rule: whether its condition holds. */
  readonly holds: readonly boolean[];
  /** What the model asks for, of all rules one after the other, as the types' own output functions print it. */
  readonly texts: readonly (string | null)[];
}

/** Looks for the rows that break rules in a table that has a column `id`. */
export async function runRules(
  database: Queryable,
  table: string,
  rules: readonly RowRule[],
): Promise<Broken> {
  const conditions = rules.map((rule) => `((${"sql" in rule ? rule.sql : rule.reads}) IS TRUE)`);
  const names = rules.flatMap((rule) => ("sql" in rule ? [] : rule.columns));
  const { rows } = await database.query<Row>(
    `SELECT t.id::text AS id, ARRAY[${conditions.join(", ")}]::boolean[] AS holds,
      ARRAY[${names.map(printed).join(", ")}]::text[] AS texts FROM ${table} AS t`,
  );
  const broken: Record<string, string[]> = {};
  for (const { id, holds, texts } of rows) {
    let from = 0;
    for (const [index, rule] of rules.entries()) {
      const end = from + ("sql" in rule ? 0 : rule.columns.length);
      const isBroken =
        holds[index] === true &&
        ("sql" in rule || rule.breaks(texts.slice(from, end)) !== undefined);
      if (isBroken) (broken[rule.subject.id] ??= []).push(id);
      from = end;
    }
  }
  return Object.fromEntries(Object.entries(broken).map(([id, ids]) => [id, ids.toSorted()]));
}

function printed(name: string): string {
  const column = `t.${quoteIdentifier(name)}`;
  return `CASE WHEN ${column} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', ${column}) END`;
}
