import { quoteIdentifier, type Catalog, type CatalogTable } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { isHidden } from "../rules/rule-column.ts";
import { countedRows, liveTables, missingColumns, type FoundIn } from "./found-in.ts";
import type { RowReference } from "./row-rule.ts";

/** A reference as either side has it. */
interface Declared {
  readonly constraint: string;
  readonly columns: readonly string[];
  readonly schema: string;
  readonly table: string;
  readonly referencedColumns: readonly string[];
  readonly match: "simple" | "full";
}

/**
 * Every reference of the tables of the registry's schema, as the registry has it or the live database declares it, whether valid,
 * enforced or not: each once. MATCH FULL where the database says so. References of which a table or a column is missing are named
 * in `notChecked`.
 */
export function referencesOf(registry: Registry, catalog: Catalog): FoundIn<RowReference> {
  const live = liveTables(registry, catalog);
  const tables = new Map<string, readonly RowReference[]>();
  const notChecked: string[] = [];
  for (const [name, table] of registry.tables) {
    if (live.has(name)) continue;
    for (const { name: constraint } of table.foreignKeys)
      notChecked.push(`The reference ${constraint} was not checked: there is no table ${name}.`);
  }
  for (const [name, table] of live) {
    const found: RowReference[] = [];
    for (const one of distinct([...declaredLive(table), ...declaredIn(registry, name)])) {
      const problem = problemOf(one, table, { registry, catalog });
      if (problem === undefined) found.push(rowReference(one, table, registry));
      else
        notChecked.push(`The reference ${one.constraint} of ${name} was not checked: ${problem}`);
    }
    if (found.length > 0) tables.set(name, found);
  }
  for (const table of live.values()) notChecked.push(...periodSentences(table));
  return { tables, notChecked };
}

function declaredIn(registry: Registry, name: string): readonly Declared[] {
  return (registry.tables.get(name)?.foreignKeys ?? []).map((key) => ({
    constraint: key.name,
    columns: key.columns,
    schema: registry.schema,
    table: key.referencedTable,
    referencedColumns: key.referencedColumns,
    match: "simple",
  }));
}

function declaredLive(table: CatalogTable): readonly Declared[] {
  return table.foreignKeys
    .filter(({ period }) => period !== true)
    .map((key) => ({
      constraint: key.name,
      columns: key.columns,
      schema: key.referencedSchema,
      table: key.referencedTable,
      referencedColumns: key.referencedColumns,
      match: key.match,
    }));
}

/** The same pairs of columns, in whatever order, are one reference; the first counts, and FULL counts. */
function distinct(references: readonly Declared[]): readonly Declared[] {
  const found = new Map<string, Declared>();
  for (const one of references) {
    const pairs = one.columns.map((name, index) => JSON.stringify([name, one.referencedColumns[index]])); // prettier-ignore
    const id = JSON.stringify([one.schema, one.table, ...pairs.toSorted()]);
    const known = found.get(id);
    if (!known) found.set(id, one);
    else if (one.match === "full") found.set(id, { ...known, match: "full" });
  }
  return [...found.values()];
}

function problemOf(
  one: Declared,
  table: CatalogTable,
  { registry, catalog }: { readonly registry: Registry; readonly catalog: Catalog },
): string | undefined {
  const [missing] = missingColumns(table, one.columns);
  if (missing !== undefined) return `there is no column ${missing}.`;
  const referenced = catalog.tables.find(({ schema, name }) => schema === one.schema && name === one.table); // prettier-ignore
  // Of another schema than those that were read only the database speaks, and it knows.
  if (!referenced && (one.schema === registry.schema || catalog.schemas.includes(one.schema)))
    return isOnlyDeclared(one, table) ? `there is no table ${one.table}.` : undefined;
  const [gone] = referenced ? missingColumns(referenced, one.referencedColumns) : [];
  return gone === undefined ? undefined : `${one.table} has no column ${gone}.`;
}

/** A constraint of the database refers to something that is there, such as a partition, which is not listed as a table. */
function isOnlyDeclared(one: Declared, table: CatalogTable): boolean {
  return !table.foreignKeys.some(
    ({ referencedSchema, referencedTable }) =>
      referencedSchema === one.schema && referencedTable === one.table,
  );
}

function names(columns: readonly string[]): string {
  return columns.map(quoteIdentifier).join(",");
}

function rowReference(one: Declared, table: CatalogTable, registry: Registry): RowReference {
  const known = registry.tables.get(table.name);
  const place = quoteIdentifier(one.table);
  const target = one.schema === registry.schema ? place : `${quoteIdentifier(one.schema)}.${place}`; // prettier-ignore
  const rest = `${one.columns.join(", ")} to rows of ${target} that are not there`;
  return {
    subject: {
      id: `orphan:${quoteIdentifier(table.name)}(${names(one.columns)})->${target}(${names(one.referencedColumns)})`,
      kind: "orphan",
      severity: "error",
      columns: one.columns,
      constraint: one.constraint,
      message: (count) => countedRows(count, table.name, [`refers by ${rest}`, `refer by ${rest}`]),
      hidden: one.columns.some((name) => {
        const column = known?.columns.get(name);
        return column !== undefined && isHidden(column);
      }),
    },
    columns: one.columns,
    referencedTable: `${quoteIdentifier(one.schema)}.${place}`,
    referencedColumns: one.referencedColumns,
    match: one.match,
  };
}

function periodSentences(table: CatalogTable): readonly string[] {
  return table.foreignKeys
    .filter(({ period }) => period === true)
    .map(
      ({ name }) =>
        `The reference ${name} of ${table.name} was not checked: it is one of periods (PERIOD).`,
    );
}
