import type { CheckRow, ColumnRow, TableRow } from "./read-tables.ts";

/** A table and what of its surroundings decides how it is written. */
export interface TableContext {
  readonly table: TableRow;
  readonly columns: readonly ColumnRow[];
  readonly checks: readonly CheckRow[];
  readonly parents: readonly TableRow[];
  /** The columns of each parent. */
  readonly parentColumns: readonly (readonly ColumnRow[])[];
  /** `CREATE TABLE … INHERITS` would put its columns where they are. Otherwise all are written, and INHERIT follows. */
  readonly natural: boolean;
  readonly version: number;
}

/** `TABLE` or `FOREIGN TABLE`. */
export function tableWord(table: TableRow): string {
  return table.relkind === "f" ? "FOREIGN TABLE" : "TABLE";
}

/** The column is there because of INHERITS, and only because of it. */
export function isInherited(column: ColumnRow, { parents, natural }: TableContext): boolean {
  return parents.length > 0 && natural && !column.local;
}

/** `pglz` or `lz4`. */
export function compressionName(column: ColumnRow): string {
  return column.compression === "l" ? "lz4" : "pglz";
}

/** From 17 on a partition has the identity of its parent. */
export function identityOf(column: ColumnRow, context: TableContext): string | undefined {
  if (column.identity === "" || column.identity_options === null) return undefined;
  if (context.table.partition && context.version >= 170_000) return undefined;
  const when = column.identity === "a" ? "ALWAYS" : "BY DEFAULT";
  return `GENERATED ${when} AS IDENTITY (${column.identity_options})`;
}

/** What a column is in the parents of its table. */
export function inParents(
  column: ColumnRow,
  { parentColumns }: TableContext,
): readonly ColumnRow[] {
  return parentColumns.flat().filter((other) => other.name === column.name);
}

/** It has no default, but INHERITS would give it that of a parent. */
export function lacksDefault(column: ColumnRow, context: TableContext): boolean {
  if (!context.natural || column.default_key !== null || column.identity !== "") return false;
  return inParents(column, context).some(
    (parent) => parent.default_key !== null && parent.generated === "",
  );
}
