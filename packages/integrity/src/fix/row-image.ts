import { quoteIdentifier, quoteLiteral } from "@ctb-data/postgres";
import type { LiveTable } from "./live-table.ts";

/**
 * SQL for the value as its type prints it, null for null. Not a cast to text: that drops the spaces of `char`, may be anything
 * for a type that brings its own cast, and `IS NULL` is true for a composite value of nulls.
 */
function textOf(alias: string, column: string): string {
  const value = `${alias}.${quoteIdentifier(column)}`;
  return `CASE WHEN ${value} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', ${value}) END`;
}

/** SQL for the columns of a row as one jsonb: name → text. */
export function imageOf(alias: string, columns: readonly string[]): string {
  const names = columns.map(quoteLiteral).join(", ");
  const texts = columns.map((column) => textOf(alias, column)).join(", ");
  return `pg_catalog.jsonb_object(ARRAY[${names}]::pg_catalog.text[], ARRAY[${texts}]::pg_catalog.text[])`;
}

/** The columns that an image holds: those that can be written. */
export function imageColumns(table: LiveTable): readonly string[] {
  return table.columns.filter(({ generated }) => !generated).map(({ name }) => name);
}

/**
 * A FROM item that turns images back into columns, by the types' own input: `jsonb_to_record(q.old_row) AS r(…)`. Columns of JSON
 * come as text (a JSON string would be taken for the value), so read them with {@link imageValue}.
 */
export function recordOf(image: string, table: LiveTable, columns: readonly string[]): string {
  const types = table.columns
    .filter(({ name }) => columns.includes(name))
    .map(({ name, type, json }) => `${quoteIdentifier(name)} ${json ? "pg_catalog.text" : type}`);
  if (types.length === 0) return "(SELECT) r";
  return `pg_catalog.jsonb_to_record(${image}) AS r(${types.join(", ")})`;
}

/** SQL for a column of {@link recordOf}, in the column's type. */
export function imageValue(table: LiveTable, name: string): string {
  const column = table.columns.find((one) => one.name === name);
  const value = `r.${quoteIdentifier(name)}`;
  return column?.json === true ? `${value}::${column.type}` : value;
}
