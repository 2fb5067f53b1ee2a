import type { Column, ColumnType, ValueKind } from "@ctb-data/registry";
import { quoteIdentifier, quoteLiteral } from "./quote-identifier.ts";
import { sequenceName } from "./sequence-name.ts";
import { isSerial, objectName } from "./sql-type.ts";
import { alterTable, columnType, defaultExpression } from "./statements.ts";
import { storedType } from "./table-plan.ts";

/** One column before and after. */
export interface ColumnChange {
  readonly before: Column;
  readonly after: Column;
  readonly schema: string;
}

/** Changes type, default and nullability; `table` and the column have their new names already. */
export function alterColumn(table: string, change: ColumnChange): readonly string[] {
  const { before, after, schema } = change;
  const alter = (action: string): string =>
    alterTable(table, schema, `ALTER COLUMN ${quoteIdentifier(after.name)} ${action}`);
  const type = plainType(after, schema);
  const retyped = plainType(before, schema) !== type;
  // A default of the old type may have no meaning in the new one.
  const redefault = retyped
    ? before.default !== undefined || after.default !== undefined
    : before.default !== after.default;
  return [
    ...(isSerial(before) && !isSerial(after) ? dropSequence(table, change) : []),
    ...(retyped && before.default !== undefined ? [alter("DROP DEFAULT")] : []),
    ...(retyped ? [alter(`TYPE ${type}${usingClause(change)}`)] : []),
    ...(redefault ? [alter(setDefault(after))] : []),
    ...(isSerial(after) ? ownSequence(table, change, retyped) : []),
    ...(before.nullable === after.nullable
      ? []
      : [alter(after.nullable ? "DROP NOT NULL" : "SET NOT NULL")]),
  ];
}

export function setDefault(column: Column): string {
  return column.default === undefined
    ? "DROP DEFAULT"
    : `SET DEFAULT ${defaultExpression(column.default)}`;
}

/** `serial` is an integer with a default. */
function plainType(column: Column, schema: string): string {
  const type = columnType(column, schema);
  return type === "serial" ? "integer" : type === "bigserial" ? "bigint" : type;
}

function dropSequence(table: string, { after, schema }: ColumnChange): readonly string[] {
  const column = quoteIdentifier(after.name);
  return [
    alterTable(table, schema, `ALTER COLUMN ${column} DROP DEFAULT`),
    `DROP SEQUENCE IF EXISTS ${objectName(schema, sequenceName(table, after.name))}`,
  ];
}

/** The column counts on from its largest value. */
function ownSequence(
  table: string,
  { before, after, schema }: ColumnChange,
  retyped: boolean,
): readonly string[] {
  const sequence = objectName(schema, sequenceName(table, after.name));
  const type = after.type.name === "bigserial" ? "bigint" : "integer";
  if (isSerial(before)) return retyped ? [`ALTER SEQUENCE ${sequence} AS ${type}`] : [];
  const column = quoteIdentifier(after.name);
  const place = objectName(schema, table);
  return [
    `CREATE SEQUENCE ${sequence} AS ${type} OWNED BY ${place}.${column}`,
    alterTable(
      table,
      schema,
      `ALTER COLUMN ${column} SET DEFAULT nextval(${quoteLiteral(sequence)})`,
    ),
    `SELECT setval(${quoteLiteral(sequence)}, COALESCE(max(${column}), 0) + 1, false) FROM ${place}`,
  ];
}

const families: Readonly<Partial<Record<ValueKind, string>>> = {
  int16: "number",
  int32: "number",
  int64: "number",
  decimal: "number",
  float32: "number",
  float64: "number",
  date: "datetime",
  timestamp: "datetime",
  timestamptz: "datetime",
  json: "json",
};

/**
 * How old values become new ones. Within a family PostgreSQL converts by itself and refuses what does not fit, where a cast would
 * cut it off; everything has a text, and a text may be anything.
 */
function usingClause({ before, after, schema }: ColumnChange): string {
  const from = storedType(before);
  const to = storedType(after);
  const column = quoteIdentifier(after.name);
  if (from.dimensions === 0 && to.dimensions > 0) {
    return ` USING CASE WHEN ${column} IS NOT NULL THEN ARRAY[${column}::text]::${columnType(after, schema)} END`;
  }
  if (from.dimensions > 0 && to.dimensions === 0 && to.kind !== "text") {
    return ` USING ${column}[1]::text::${plainType(after, schema)}`;
  }
  if (to.kind === "text" || isSameFamily(from, to)) return "";
  return ` USING ${column}::text::${plainType(after, schema)}`;
}

function isSameFamily(from: ColumnType, to: ColumnType): boolean {
  const family = families[from.kind] ?? from.kind;
  return from.kind !== "enum" && family === (families[to.kind] ?? to.kind);
}
