import type { Piece } from "./draft.ts";
import type { ColumnRow } from "./read-tables.ts";
import {
  inParents,
  lacksDefault,
  compressionName,
  identityOf,
  isInherited,
  type TableContext,
  tableWord,
} from "./table-context.ts";

const storageNames: Readonly<Record<string, string>> = {
  p: "PLAIN",
  e: "EXTERNAL",
  m: "MAIN",
  x: "EXTENDED",
};

/** The statements after CREATE TABLE that say of its columns what CREATE TABLE cannot. */
export function columnDetails(context: TableContext, inline: readonly Piece[]): string[] {
  const { table } = context;
  return context.columns.flatMap((column) => {
    const alter = `ALTER ${tableWord(table)} ONLY ${table.full} ALTER COLUMN ${column.column}`;
    return [
      ...(isInherited(column, context) ? overrides(column, context, inline) : []),
      ...(lacksDefault(column, context) ? ["DROP DEFAULT"] : []),
      ...storage(column, context),
      ...(column.statistics === null ? [] : [`SET STATISTICS ${column.statistics}`]),
      ...(column.options === null ? [] : [`SET (${column.options})`]),
    ].map((what) => `${alter} ${what}`);
  });
}

function storage(column: ColumnRow, context: TableContext): string[] {
  const usual = inParents(column, context).every((parent) => parent.storage === column.storage);
  if (column.storage === column.type_storage && usual) return [];
  return [`SET STORAGE ${storageNames[column.storage] ?? "DEFAULT"}`];
}

/** How a column that comes from a parent differs from it. */
function overrides(column: ColumnRow, context: TableContext, inline: readonly Piece[]): string[] {
  const parents = inParents(column, context);
  const own = inline.filter((piece) => piece.key === column.default_key);
  const identity = identityOf(column, context);
  return [
    ...own.map((piece) => `SET${piece.inline}`),
    ...(identity === undefined ? [] : [`ADD ${identity}`]),
    ...(column.not_null && column.not_null_name === null && !parents.some((p) => p.not_null)
      ? ["SET NOT NULL"]
      : []),
    ...(parents.every((parent) => parent.compression === column.compression)
      ? []
      : [`SET COMPRESSION ${column.compression === "" ? "default" : compressionName(column)}`]),
  ];
}
