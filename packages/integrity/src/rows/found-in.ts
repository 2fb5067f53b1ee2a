import type { Catalog, CatalogTable } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";

/** By the name of a table in the registry's schema, and what could not be looked at: full sentences. */
export interface FoundIn<Rule> {
  readonly tables: ReadonlyMap<string, readonly Rule[]>;
  readonly notChecked: readonly string[];
}

/** Live tables of the registry's schema, by name: those of the registry in its order, then all others. */
export function liveTables(
  registry: Registry,
  catalog: Catalog,
): ReadonlyMap<string, CatalogTable> {
  const live = new Map(
    catalog.tables
      .filter(({ schema }) => schema === registry.schema)
      .map((table) => [table.name, table]),
  );
  const names = [...registry.tables.keys()].filter((name) => live.has(name));
  return new Map(
    [...new Set([...names, ...live.keys()])].flatMap((name) => {
      const table = live.get(name);
      return table ? [[name, table]] : [];
    }),
  );
}

/** Columns that a live table does not have. */
export function missingColumns(table: CatalogTable, columns: readonly string[]): readonly string[] {
  const names = new Set(table.columns.map(({ name }) => name));
  return columns.filter((name) => !names.has(name));
}

/** `1 row of orders has …`, `12 rows of orders have …`. */
export function countedRows(count: number, table: string, says: readonly [string, string]): string {
  return count === 1
    ? `1 row of ${table} ${says[0]}.`
    : `${count.toLocaleString("en-US")} rows of ${table} ${says[1]}.`;
}
