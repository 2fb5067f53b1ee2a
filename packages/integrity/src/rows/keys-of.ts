import { quoteIdentifier, type Catalog, type CatalogIndex, type CatalogKey, type CatalogTable } from "@ctb-data/postgres"; // prettier-ignore
import type { Index, Registry, Table } from "@ctb-data/registry";
import { columnsInSql } from "../rules/columns-in-sql.ts";
import { isHidden } from "../rules/rule-column.ts";
import { countedRows, liveTables, missingColumns, type FoundIn } from "./found-in.ts";
import type { RowKey } from "./row-rule.ts";

/** A key as either side has it. */
interface Declared {
  readonly constraint: string;
  /** Columns, or expressions in SQL. */
  readonly parts: readonly ({ readonly column: string } | { readonly expression: string })[];
  readonly where?: string | undefined;
  readonly nullsNotDistinct: boolean;
}

/**
 * Every key of the tables of the registry's schema that is to be there once: primary keys, unique constraints and unique indexes, as the
 * registry has them or the live database declares them (valid or not), each once. Keys of which a column is missing are named in
 * `notChecked`.
 */
export function keysOf(registry: Registry, catalog: Catalog): FoundIn<RowKey> {
  const live = liveTables(registry, catalog);
  const tables = new Map<string, readonly RowKey[]>();
  const notChecked: string[] = [];
  for (const [name, table] of registry.tables) {
    if (live.has(name)) continue;
    for (const { constraint } of declaredIn(table))
      notChecked.push(`The key ${constraint} was not checked: there is no table ${name}.`);
  }
  for (const [name, table] of live) {
    const known = registry.tables.get(name);
    const found: RowKey[] = [];
    for (const one of distinct([...(known ? declaredIn(known) : []), ...declaredLive(table)])) {
      const [missing] = missingColumns(table, columnsOf(one));
      if (missing === undefined) found.push(rowKey(one, table, known));
      else
        notChecked.push(
          `The key ${one.constraint} of ${name} was not checked: there is no column ${missing}.`,
        );
    }
    if (found.length > 0) tables.set(name, found);
    for (const { name: key } of overlaps(table))
      notChecked.push(`The key ${key} of ${name} was not checked for overlaps (WITHOUT OVERLAPS).`);
  }
  return { tables, notChecked };
}

function declaredIn(table: Table): readonly Declared[] {
  const keys = [...(table.primaryKey ? [table.primaryKey] : []), ...table.uniques];
  return [
    ...keys.map(({ name, columns }) => ({ constraint: name, parts: columns.map((column) => ({ column })), nullsNotDistinct: false })), // prettier-ignore
    ...table.indexes.filter(({ unique }) => unique).map(registryIndex),
  ];
}

function registryIndex({ name, parts, where }: Index): Declared {
  return { constraint: name, parts, where, nullsNotDistinct: false };
}

function overlaps({ primaryKey, uniques }: CatalogTable): readonly CatalogKey[] {
  return [...(primaryKey ? [primaryKey] : []), ...uniques].filter(
    ({ withoutOverlaps }) => withoutOverlaps === true,
  );
}

function declaredLive(table: CatalogTable): readonly Declared[] {
  const keys = [...(table.primaryKey ? [table.primaryKey] : []), ...table.uniques];
  return [
    ...keys.map(({ name, columns, nullsNotDistinct }) => ({
      constraint: name,
      parts: columns.map((column) => ({ column })),
      nullsNotDistinct: nullsNotDistinct === true,
    })),
    ...table.indexes.filter(({ unique }) => unique).map(liveIndex),
  ];
}

function liveIndex({ name, parts, where, nullsNotDistinct }: CatalogIndex): Declared {
  return {
    constraint: name,
    parts: parts.map(({ column, expression, collation }) => {
      if (column === undefined) return { expression: expression ?? "" };
      // What is equal to the index need not be so to the column.
      if (collation === undefined) return { column };
      return { expression: `${quoteIdentifier(column)} COLLATE ${collation}` };
    }),
    where,
    nullsNotDistinct: nullsNotDistinct === true,
  };
}

/** The order of the parts does not matter; of nulls the stricter counts. */
function distinct(keys: readonly Declared[]): readonly Declared[] {
  const found = new Map<string, Declared>();
  for (const one of keys) {
    const id = identityOf(one);
    const known = found.get(id);
    if (!known) found.set(id, one);
    else if (one.nullsNotDistinct) found.set(id, { ...known, nullsNotDistinct: true });
  }
  return withNamesOfTheirOwn([...found.values()]);
}

/** Of keys that say the same word for word under several names, as after a renaming, only the first: its rows would be counted twice. */
function withNamesOfTheirOwn(keys: readonly Declared[]): readonly Declared[] {
  const found = new Map<string, Declared>();
  for (const one of keys) {
    const id = JSON.stringify([wordsOf(one).toSorted(), one.where]);
    const known = found.get(id);
    if (!known) found.set(id, one);
    else if (one.nullsNotDistinct) found.set(id, { ...known, nullsNotDistinct: true });
  }
  return [...found.values()];
}

function wordsOf({ parts }: Declared): readonly string[] {
  return parts.map((part) => "column" in part ? quoteIdentifier(part.column) : part.expression); // prettier-ignore
}

/** PostgreSQL prints expressions otherwise than they were written: of the same name, that alone makes no other key. */
function identityOf({ constraint, parts, where }: Declared): string {
  const isPlain = where === undefined && parts.every((part) => "column" in part);
  const read = isPlain ? (sql: string): string => sql : withoutCasts;
  const texts = parts.map((part) =>
    "column" in part ? quoteIdentifier(part.column) : read(part.expression),
  );
  return JSON.stringify([texts.toSorted(), read(where ?? ""), isPlain ? "" : constraint]);
}

function withoutCasts(sql: string): string {
  return sql.replaceAll(/::(?:character varying|double precision|[\w.]+)(?:\[\])?|[\s()]/g, "");
}

function columnsOf({ parts }: Declared): readonly string[] {
  return parts.flatMap((part) => ("column" in part ? [part.column] : []));
}

function rowKey(one: Declared, table: CatalogTable, known: Table | undefined): RowKey {
  const sql = one.parts.map((part) =>
    "column" in part ? `t.${quoteIdentifier(part.column)}` : `(${part.expression})`,
  );
  const words = wordsOf(one);
  const where = one.where === undefined ? "" : ` where ${one.where}`;
  const columns = usedColumns(one, table);
  const rest = `${words.join(", ")}${where} that another row has, too`;
  return {
    subject: {
      id: `duplicate:${quoteIdentifier(table.name)}(${words.join(",")})${where}`,
      kind: "duplicate",
      severity: "error",
      columns,
      constraint: one.constraint,
      message: (count) => countedRows(count, table.name, [`has a value of ${rest}`, `have a value of ${rest}`]), // prettier-ignore
      hidden: columns.some((name) => {
        const column = known?.columns.get(name);
        return column !== undefined && isHidden(column);
      }),
    },
    parts: sql,
    ...(one.where !== undefined && { where: one.where }),
    nullsNotDistinct: one.nullsNotDistinct,
  };
}

/** Those of expressions among them. */
function usedColumns(one: Declared, table: CatalogTable): readonly string[] {
  const names = new Set(table.columns.map(({ name }) => name));
  const inExpressions = one.parts.flatMap((part) => "expression" in part ? columnsInSql(part.expression, names) : []); // prettier-ignore
  return [...new Set([...columnsOf(one), ...inExpressions])];
}
