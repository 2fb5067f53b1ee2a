import { quoteIdentifier } from "@ctb-data/postgres";
import type { ListedTable } from "./list-tables.ts";
import { partFolder } from "./part-folder.ts";
import { qualifiedName } from "./qualified-name.ts";

/** A table whose rows are to be read, with its sizes under our lock. */
export interface MeasuredTable extends ListedTable {
  /** Its pages, without what lies in its TOAST table. */
  readonly pages: number;
  /** With TOAST. */
  readonly sizeBytes: number;
}

/** One part: some pages of a table, or all of it. */
export interface PlannedPart {
  readonly table: MeasuredTable;
  /** Its place among the table's parts. */
  readonly index: number;
  /** `postgres/data/public.users/0000.copy` */
  readonly name: string;
  /** `COPY … TO STDOUT` */
  readonly sql: string;
  /** About what share of the table it is, bytes. */
  readonly sizeBytes: number;
}

/** The parts of a table, in the order of its pages. Only heaps can be cut, and only where a ctid range is not a whole scan. */
export function planParts(
  table: MeasuredTable,
  { splitBytes, canSplit }: { readonly splitBytes: number; readonly canSplit: boolean },
): readonly PlannedPart[] {
  const wanted = Math.ceil(table.sizeBytes / splitBytes);
  const cut = canSplit && table.heap && table.extension === null;
  const count = cut ? Math.max(1, Math.min(wanted, table.pages)) : 1;
  return Array.from({ length: count }, (_, index) => ({
    table,
    index,
    name: `postgres/data/${partFolder(table)}/${String(index).padStart(4, "0")}.copy`,
    sql: copyOutSql(table, count === 1 ? [] : rangeConditions(table.pages, { index, count })),
    sizeBytes: table.sizeBytes / count,
  }));
}

/** `COPY … FROM STDIN`: what loads the parts of a table. */
export function copyInSql(table: {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}): string {
  return `COPY ${qualifiedName(table)}${columnList(table.columns)} FROM STDIN`;
}

function copyOutSql(table: ListedTable, conditions: readonly string[]): string {
  // An extension says which rows are the user's by `WHERE …`, or by nothing for all.
  const where =
    conditions.length === 0
      ? (table.extensionCondition ?? "")
      : `WHERE ${conditions.join(" AND ")}`;
  // Of a table by its name COPY reads no rows of those that inherit from it; it also is the faster form.
  if (where === "") return `COPY ${qualifiedName(table)}${columnList(table.columns)} TO STDOUT`;
  const columns = table.columns.map((column) => quoteIdentifier(column)).join(", ");
  return `COPY (SELECT ${columns} FROM ONLY ${qualifiedName(table)} ${where}) TO STDOUT`;
}

/** The last range has no end: pages that were added since hold nothing that the snapshot sees, but that costs nothing to say. */
function rangeConditions(
  pages: number,
  { index, count }: { readonly index: number; readonly count: number },
): readonly string[] {
  const from = Math.floor((pages * index) / count);
  const to = Math.floor((pages * (index + 1)) / count);
  return [
    ...(index === 0 ? [] : [`ctid >= '(${from},0)'::pg_catalog.tid`]),
    ...(index === count - 1 ? [] : [`ctid < '(${to},0)'::pg_catalog.tid`]),
  ];
}

/** A table without columns of its own values has a list that cannot be written: COPY then takes none, one empty line per row. */
function columnList(columns: readonly string[]): string {
  if (columns.length === 0) return "";
  return ` (${columns.map((column) => quoteIdentifier(column)).join(", ")})`;
}
