import { columnDetails } from "./column-details.ts";
import type { Draft, Piece } from "./draft.ts";
import type { ColumnRow, TableRows } from "./read-tables.ts";
import {
  compressionName,
  identityOf,
  isInherited,
  lacksDefault,
  type TableContext,
  tableWord,
} from "./table-context.ts";

/** The drafts of all tables. */
export function tableDrafts(rows: TableRows, version: number): Draft[] {
  const byKey = new Map(rows.tables.map((table) => [table.key, table]));
  return rows.tables.map((table) => {
    const columns = rows.columns.get(table.key) ?? [];
    const parents = table.parents.flatMap((key) => byKey.get(key) ?? []);
    const parentColumns = parents.map((parent) => rows.columns.get(parent.key) ?? []);
    const checks = rows.checks.get(table.key) ?? [];
    const natural = isNatural(columns, parentColumns);
    return tableDraft({ table, columns, checks, parents, parentColumns, natural, version });
  });
}

/**
 * Tables whose columns were added to a parent after they had some of their own. They get all columns in their order, but these then
 * count as their own: dropping one from the parent leaves it in the child.
 */
export function reorderedChildren(rows: TableRows): readonly string[] {
  return rows.tables
    .filter(({ key, parents }) => {
      const columns = rows.columns.get(key) ?? [];
      const parentColumns = parents.map((parent) => rows.columns.get(parent) ?? []);
      return !isNatural(columns, parentColumns) && columns.some((column) => !column.local);
    })
    .map(({ full }) => full);
}

function isNatural(
  columns: readonly ColumnRow[],
  parentColumns: readonly (readonly ColumnRow[])[],
): boolean {
  const order = new Set(parentColumns.flat().map((column) => column.name));
  for (const column of columns) order.add(column.name);
  return [...order].every((name, index) => columns[index]?.name === name);
}

function tableDraft(context: TableContext): Draft {
  const { table } = context;
  const pieces = [...defaultPieces(context), ...checkPieces(context)];
  const own = new Set(pieces.map((piece) => piece.key));
  const foreign = table.relkind === "f";
  return {
    key: table.key,
    kind: foreign ? "foreign table" : "table",
    schema: table.schema,
    name: table.name,
    table: { schema: table.schema, name: table.name },
    roles: [],
    phase: 0,
    needs: [],
    stub: undefined,
    pieces,
    aliases: [
      ...context.columns.flatMap((column) => column.default_key ?? []),
      ...context.checks.map((check) => check.key),
    ].filter((key) => !own.has(key)),
    render: (inline) =>
      [
        createTable(context, inline),
        ...columnDetails(context, inline),
        ...inheritances(context),
      ].join(";\n"),
  };
}

function defaultPieces({ table, columns }: TableContext): Piece[] {
  return columns.flatMap((column) => {
    const { default_key: key, default_sql: sql } = column;
    if (key === null || sql === null || column.generated !== "") return [];
    return {
      key,
      owner: table.key,
      kind: "default",
      name: `${table.name}.${column.name}`,
      inline: ` DEFAULT ${sql}`,
      separate: `ALTER ${tableWord(table)} ONLY ${table.full} ALTER COLUMN ${column.column} SET DEFAULT ${sql}`,
      late: false,
    };
  });
}

/** Without those that come from a parent. */
function checkPieces(context: TableContext): Piece[] {
  const { table, checks, parents, natural } = context;
  return checks.flatMap((check) => {
    const late = check.calls || !check.valid;
    const made = check.local || (!late && (table.partition || (parents.length > 0 && !natural)));
    if (!made) return [];
    return {
      key: check.key,
      owner: table.key,
      kind: "check constraint",
      name: check.name,
      inline: `CONSTRAINT ${check.constraint} ${check.definition}`,
      separate: `ALTER ${tableWord(table)} ${table.full} ADD CONSTRAINT ${check.constraint} ${check.definition}`,
      late,
    };
  });
}

function createTable(context: TableContext, inline: readonly Piece[]): string {
  const { table, parents, natural } = context;
  const lines = [
    ...context.columns.flatMap((column) => columnLine(column, context, inline)),
    ...inheritedNotNulls(context),
    ...inline.filter((piece) => piece.kind === "check constraint").map((piece) => piece.inline),
  ];
  const body = lines.length === 0 ? "()" : `(\n  ${lines.join(",\n  ")}\n)`;
  const typed = table.of_type === null ? "" : ` OF ${table.of_type}`;
  return [
    `CREATE ${table.unlogged ? "UNLOGGED " : ""}${tableWord(table)} ${table.full}${typed}`,
    ...(typed !== "" && lines.length === 0 ? [] : [body]),
    ...(parents.length > 0 && natural
      ? [`INHERITS (${parents.map((parent) => parent.full).join(", ")})`]
      : []),
    ...(table.partition_key === null ? [] : [`PARTITION BY ${table.partition_key}`]),
    ...(table.server === null ? [] : [`SERVER ${table.server}${table.server_options}`]),
    ...(table.access_method === null ? [] : [`USING ${table.access_method}`]),
    ...(table.options === null ? [] : [`WITH (${table.options})`]),
  ].join(" ");
}

/** Nothing for a column that comes from a parent, or from a type without anything of its own. */
function columnLine(
  column: ColumnRow,
  context: TableContext,
  inline: readonly Piece[],
): readonly string[] {
  const { table } = context;
  if (isInherited(column, context)) return [];
  const constraints = [
    ...generation(column, context),
    ...inline.filter((piece) => piece.key === column.default_key).map((piece) => piece.inline),
    // Two parents may have defaults that conflict, if the table says none.
    ...(lacksDefault(column, context) ? [" DEFAULT NULL"] : []),
    ...notNull(column, context),
  ].join("");
  if (table.of_type !== null) {
    return constraints === "" ? [] : [`${column.column} WITH OPTIONS${constraints}`];
  }
  const compression = column.compression === "" ? "" : ` COMPRESSION ${compressionName(column)}`;
  const collation = column.collation === null ? "" : ` COLLATE ${column.collation}`;
  return [
    `${column.column} ${column.type}${compression}${column.foreign_options}${collation}${constraints}`,
  ];
}

function generation(column: ColumnRow, context: TableContext): string[] {
  if (column.generated !== "" && column.default_sql !== null) {
    const kind = column.generated === "v" ? "VIRTUAL" : "STORED";
    return [` GENERATED ALWAYS AS (${column.default_sql}) ${kind}`];
  }
  const identity = identityOf(column, context);
  return identity === undefined ? [] : [` ${identity}`];
}

function notNull(column: ColumnRow, { table, parents, natural }: TableContext): string[] {
  if (!column.not_null || !column.not_null_valid) return [];
  const own = column.not_null_local || table.partition || parents.length === 0 || !natural;
  if (!own) return [];
  const name = column.not_null_name === null ? "" : ` CONSTRAINT ${column.not_null_name}`;
  return [`${name} NOT NULL${column.not_null_no_inherit ? " NO INHERIT" : ""}`];
}

/** Named ones of the table's own, on columns that it has from a parent. */
function inheritedNotNulls(context: TableContext): string[] {
  return context.columns.flatMap((column) => {
    if (!isInherited(column, context) || column.not_null_name === null) return [];
    if (!column.not_null || !column.not_null_local || !column.not_null_valid) return [];
    const noInherit = column.not_null_no_inherit ? " NO INHERIT" : "";
    return [`CONSTRAINT ${column.not_null_name} NOT NULL ${column.column}${noInherit}`];
  });
}

function inheritances({ table, parents, natural }: TableContext): string[] {
  if (natural) return [];
  return parents.map(
    (parent) => `ALTER ${tableWord(table)} ONLY ${table.full} INHERIT ${parent.full}`,
  );
}
