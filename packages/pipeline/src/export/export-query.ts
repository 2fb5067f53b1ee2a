import { quoteIdentifier, quoteLiteral } from "@ctb-data/postgres";
import type { BlueprintExport, Column, Registry, Table } from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";

/** One column of the statement: a column of a table, or what is at a path in one. */
export interface ExportSource {
  readonly table: Table;
  readonly column: Column;
  /** Steps that the server takes. Empty when the whole column comes. */
  readonly path: readonly (string | number)[];
}

/** What an export reads. */
export interface ExportQuery {
  /** `COPY (…) TO STDOUT`, in the text format. */
  readonly copySql: string;
  /** In the order of the statement. */
  readonly sources: readonly ExportSource[];
  /** Where the values of the primary key are among the sources. Empty for a table without one. */
  readonly key: readonly number[];
  readonly tables: readonly [Table, ...Table[]];
}

/**
 * The rows of the first table, each with its row of every joined one or nothing, in an order that is the same on every server:
 * `orderBy`, then the primary key; without one, all that is selected. Texts are ordered by their bytes (COLLATE "C"), whatever the
 * collation of the database.
 *
 * @throws {PipelineError} INVALID_BLUEPRINT when the blueprint is not of this registry.
 */
export function exportQueryOf(
  blueprint: BlueprintExport,
  registry: Registry,
  wanted: readonly ExportSource[],
): ExportQuery {
  const [first, ...others] = blueprint.tables.map((name) => tableOf(registry, name));
  if (first === undefined) throw unknown("a table of the export");
  const tables: readonly [Table, ...Table[]] = [first, ...others];
  const key = first.primaryKey?.columns ?? [];
  const sources = distinct([
    ...wanted,
    ...key.map((name): ExportSource => ({ table: first, column: columnOf(first, name), path: [] })),
  ]);
  const aliases = new Map(tables.map((table, index) => [table.name, `t${index}`]));
  const expressions = sources.map((source) => expressionOf(source, aliases));
  const order = [
    ...blueprint.orderBy.map((name) => orderOf("t0", columnOf(first, name))),
    ...(first.primaryKey === undefined
      ? expressions.map(bytesOf)
      : key.map((name) => orderOf("t0", columnOf(first, name)))),
  ];
  const select = [
    `SELECT ${expressions.join(", ")}`,
    `FROM ${qualified(registry, first)} AS t0`,
    ...joinsOf(blueprint, registry, aliases),
    ...whereOf(blueprint, registry, aliases),
    ...(order.length === 0 ? [] : [`ORDER BY ${[...new Set(order)].join(", ")}`]),
  ];
  return {
    copySql: `COPY (${select.join(" ")}) TO STDOUT`,
    sources,
    key: key.map((name) =>
      sources.findIndex(
        ({ table, column, path }) => table === first && column.name === name && path.length === 0,
      ),
    ),
    tables,
  };
}

/** A table of the registry, by a name of the blueprint. @throws {PipelineError} INVALID_BLUEPRINT */
export function tableOf(registry: Registry, name: string): Table {
  return registry.tables.get(name) ?? raise(`the table ${quoteIdentifier(name)}`);
}

/** A column of a table, by a name of the blueprint. @throws {PipelineError} INVALID_BLUEPRINT */
export function columnOf(table: Table, name: string): Column {
  return (
    table.columns.get(name) ??
    raise(`the column ${quoteIdentifier(table.name)}.${quoteIdentifier(name)}`)
  );
}

/** `schema.table`, as PostgreSQL would quote it. */
export function qualified(registry: Registry, table: Table): string {
  return `${quoteIdentifier(registry.schema)}.${quoteIdentifier(table.name)}`;
}

function raise(what: string): never {
  throw unknown(what);
}

function unknown(what: string): PipelineError {
  return new PipelineError("INVALID_BLUEPRINT", `The registry does not have ${what}.`, {
    hint: "The blueprint was made for another registry, or for an older one: correct the blueprint and load it again.",
  });
}

function sourceName({ table, column, path }: ExportSource): string {
  return JSON.stringify([table.name, column.name, ...path]);
}

function distinct(sources: readonly ExportSource[]): readonly ExportSource[] {
  return [...new Map(sources.map((source) => [sourceName(source), source])).values()];
}

/** Where a wanted source is in the statement. */
export function indexOfSource(query: ExportQuery, wanted: ExportSource): number {
  const name = sourceName(wanted);
  return query.sources.findIndex((source) => sourceName(source) === name);
}

/**
 * Of a path, the jsonb that is there, or NULL. The operators are strict about names and positions: a name leads into an object
 * only, and a position into an array only, for which PostgreSQL also takes a plain value at its 0 (`'5'::jsonb -> 0`).
 */
function expressionOf(
  { table, column, path }: ExportSource,
  aliases: ReadonlyMap<string, string>,
): string {
  const alias = aliases.get(table.name) ?? raise(`the table ${quoteIdentifier(table.name)} joined`);
  let expression = `${alias}.${quoteIdentifier(column.name)}`;
  for (const step of path) {
    expression =
      typeof step === "string"
        ? `(${expression} -> ${quoteLiteral(step)})`
        : `(CASE WHEN pg_catalog.jsonb_typeof(${expression}) = 'array' THEN ${expression} -> ${step} END)`;
  }
  return expression;
}

function joinsOf(
  blueprint: BlueprintExport,
  registry: Registry,
  aliases: ReadonlyMap<string, string>,
): readonly string[] {
  return blueprint.joins.map(({ table, from, foreignKey }) => {
    const [left, right] = [aliases.get(from), aliases.get(table)];
    const conditions = foreignKey.columns.map((column, index) => {
      const referenced = foreignKey.referencedColumns[index] ?? raise("what a join refers to");
      columnOf(tableOf(registry, from), column);
      columnOf(tableOf(registry, table), referenced);
      return `${right}.${quoteIdentifier(referenced)} = ${left}.${quoteIdentifier(column)}`;
    });
    return `LEFT JOIN ${qualified(registry, tableOf(registry, table))} AS ${right} ON ${conditions.join(" AND ")}`;
  });
}

/** The literals have no type of their own: each is read as a value of its column. */
function whereOf(
  { where }: BlueprintExport,
  registry: Registry,
  aliases: ReadonlyMap<string, string>,
): readonly string[] {
  const conditions = where.map(({ table, column, values }) => {
    const alias = aliases.get(table) ?? raise(`the table ${quoteIdentifier(table)} joined`);
    const name = `${alias}.${quoteIdentifier(columnOf(tableOf(registry, table), column).name)}`;
    const given = values.filter((value) => value !== null);
    const literals = given.map((value) => quoteLiteral(String(value))).join(", ");
    const ways = [
      ...(given.length === 0 ? [] : [`${name} IN (${literals})`]),
      ...(given.length < values.length ? [`${name} IS NULL`] : []),
    ];
    return `(${ways.join(" OR ")})`;
  });
  return conditions.length === 0 ? [] : [`WHERE ${conditions.join(" AND ")}`];
}

function bytesOf(expression: string): string {
  return `${expression}::text COLLATE "C"`;
}

function orderOf(alias: string, { name, type, encryption }: Column): string {
  const expression = `${alias}.${quoteIdentifier(name)}`;
  // Inside of json, and of jsonb's texts, the order is that of the database's collation, or there is none.
  if (encryption !== undefined || type.kind === "json") return bytesOf(expression);
  return type.kind === "text" ? `${expression} COLLATE "C"` : expression;
}
