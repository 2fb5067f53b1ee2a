import type { Keyring } from "@ctb-data/models";
import { quoteIdentifier, type Catalog, type CatalogTable } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { liveTables } from "../rows/found-in.ts";
import { keysOf } from "../rows/keys-of.ts";
import { referencesOf } from "../rows/references-of.ts";
import type { TableScan } from "../rows/row-rule.ts";
import { columnRules, uncheckedColumns } from "../rules/column-rules.ts";
import { isHidden } from "../rules/rule-column.ts";
import { checkTablesAreThere } from "./check-check-options.ts";
import type { CheckPart } from "./check-options.ts";

export interface TableScansOptions {
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly keyring?: Keyring | undefined;
  readonly parts: ReadonlySet<CheckPart>;
  /** Only these. */
  readonly tables?: readonly string[] | undefined;
}

/** What is to be looked for in each table, and what cannot be: full sentences. */
export interface TableScans {
  readonly scans: readonly TableScan[];
  readonly notChecked: readonly string[];
}

/** One scan for each live table of the registry's schema of which something is asked. */
export function tableScans(options: TableScansOptions): TableScans {
  const { registry, catalog, parts, tables } = options;
  const names = new Set([...registry.tables.keys(), ...liveTables(registry, catalog).keys()]);
  checkTablesAreThere(tables, names);
  const isWanted = (name: string): boolean => tables?.includes(name) ?? true;
  const references = referencesOf(registry, catalog);
  const keys = keysOf(registry, catalog);
  const live = [...liveTables(registry, catalog).values()].filter(({ name }) => isWanted(name));
  const scans = live.map((table) => ({
    ...scanOf(table, options),
    references: parts.has("references") ? (references.tables.get(table.name) ?? []) : [],
    keys: parts.has("keys") ? (keys.tables.get(table.name) ?? []) : [],
  }));
  const notChecked = [
    ...live.flatMap((table) =>
      parts.has("rows") ? uncheckedColumns(rulesOf(table, options)) : [],
    ),
    ...(parts.has("references") && tables === undefined ? references.notChecked : []),
    ...(parts.has("keys") && tables === undefined ? keys.notChecked : []),
  ];
  return { scans, notChecked };
}

function scanOf(
  table: CatalogTable,
  options: TableScansOptions,
): Omit<TableScan, "references" | "keys"> {
  return {
    table: `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`,
    name: table.name,
    key: shownKey(table, options.registry),
    estimatedRows: table.estimatedRows,
    rules: options.parts.has("rows") ? columnRules(rulesOf(table, options)) : [],
  };
}

/** None when a part of it may not be shown: the place of a row says which it is, too. */
function shownKey(live: CatalogTable, { tables }: Registry): readonly string[] {
  const columns = live.primaryKey?.columns ?? [];
  const known = tables.get(live.name)?.columns;
  const isShown = columns.every((name) => {
    const column = known?.get(name);
    return column === undefined || !isHidden(column);
  });
  return isShown ? columns : [];
}

function rulesOf(
  live: CatalogTable,
  { registry, catalog, keyring }: TableScansOptions,
): Parameters<typeof columnRules>[0] {
  const table = registry.tables.get(live.name);
  return { registry, table, live, enums: catalog.enums, keyring };
}
