import type {
  Catalog,
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogKey,
  CatalogSequence,
  CatalogTable,
} from "@ctb-data/postgres";
import type { Registry, Table } from "@ctb-data/registry";
import { pairParts, type Pair, type Pairs } from "./pair-parts.ts";
import {
  isKeyLike,
  keyOf,
  sameCheck,
  sameIndex,
  sameKey,
  sameReference,
  type Comparison,
} from "./same-parts.ts";

/** The registry, what is there, and what should be there. */
export interface DriftOptions {
  readonly registry: Registry;
  /** The live database. */
  readonly live: Catalog;
  /** Of an empty database in which `schemaSql(registry)` ran. */
  readonly expected: Catalog;
  /** Only these tables. Default: all. */
  readonly tables?: readonly string[] | undefined;
}

/** One table that is there and should be, and how its parts belong together. */
export interface TablePair {
  readonly table: Table;
  readonly expected: CatalogTable;
  readonly live: CatalogTable;
  readonly columns: readonly Pair<CatalogColumn, CatalogColumn>[];
  readonly missingColumns: readonly string[];
  readonly unknownColumns: readonly CatalogColumn[];
  readonly primaryKey: Pairs<CatalogKey, CatalogKey>;
  readonly uniques: Pairs<CatalogKey, CatalogKey>;
  /** Unique constraints that are there as unique indexes. */
  readonly asIndex: readonly Pair<CatalogKey, CatalogIndex>[];
  /** Unique indexes that are there as unique constraints. */
  readonly asConstraint: readonly Pair<CatalogIndex, CatalogKey>[];
  readonly checks: Pairs<CatalogCheck, CatalogCheck>;
  readonly indexes: Pairs<CatalogIndex, CatalogIndex>;
  readonly foreignKeys: Pairs<CatalogForeignKey, CatalogForeignKey>;
}

/** All that the parts of a check for drift look at. Parts of what is missing as a whole are not among it. */
export interface DriftState {
  readonly registry: Registry;
  readonly schema: string;
  /** The major version of the live server. */
  readonly serverMajor: number;
  readonly missingTables: readonly Table[];
  readonly unknownTables: readonly CatalogTable[];
  readonly pairs: readonly TablePair[];
  /** All live tables of the schema. */
  readonly liveTables: readonly CatalogTable[];
  readonly live: Catalog;
  readonly expected: Catalog;
}

export function driftState({ registry, live, expected }: DriftOptions): DriftState {
  const { schema } = registry;
  const liveTables = live.tables.filter((table) => table.schema === schema);
  const expectedTables = new Map(
    expected.tables.filter((table) => table.schema === schema).map((table) => [table.name, table]),
  );
  const found = [...registry.tables.values()].flatMap((table) => {
    const actual = liveTables.find(({ name }) => name === table.name);
    const wanted = expectedTables.get(table.name);
    return actual && wanted ? [{ table, expected: wanted, live: actual }] : [];
  });
  const missing = missingPlaces(registry, found);
  const versions: Comparison =
    major(live.serverVersion) === major(expected.serverVersion) ? "exact" : "loose";
  return {
    registry,
    schema,
    serverMajor: major(live.serverVersion),
    missingTables: [...registry.tables.values()].filter(({ name }) => missing.has(name)),
    unknownTables: liveTables.filter(({ name }) => !registry.tables.has(name)),
    pairs: found.map((tables) => tablePair(tables, missing, versions)),
    liveTables,
    live,
    expected,
  };
}

function major(version: string): number {
  return Number.parseInt(version, 10);
}

/** The sequence that a column owns. */
export function ownedSequence(
  { live, schema }: DriftState,
  table: string,
  column: string,
): CatalogSequence | undefined {
  return live.sequences.find(
    (sequence) =>
      sequence.schema === schema &&
      sequence.ownedBy?.table === table &&
      sequence.ownedBy.column === column,
  );
}

/** Names of tables, and of columns as {@link placeOf} has them. */
export type Places = ReadonlySet<string>;

export function placeOf(table: string, column: string): string {
  return `${table}\0${column}`;
}

interface FoundTable {
  readonly table: Table;
  readonly expected: CatalogTable;
  readonly live: CatalogTable;
}

function missingPlaces(registry: Registry, found: readonly FoundTable[]): Places {
  const there = new Map(found.map((tables) => [tables.table.name, tables]));
  return new Set(
    [...registry.tables.values()].flatMap((table) => {
      const live = there.get(table.name)?.live;
      if (live === undefined) return [table.name];
      return missingColumns(table, live).map((column) => placeOf(table.name, column));
    }),
  );
}

function missingColumns(table: Table, live: CatalogTable): readonly string[] {
  const there = new Set(live.columns.map(({ name }) => name));
  return [...table.columns.keys()].filter((name) => !there.has(name));
}

function tablePair(found: FoundTable, missing: Places, versions: Comparison): TablePair {
  const { table, expected, live } = found;
  const gone = new Set(missingColumns(table, live));
  const unknownColumns = live.columns.filter(({ name }) => !table.columns.has(name));
  const foreign = new Set(unknownColumns.map(({ name }) => name));
  const wanted = <Part extends { readonly columns: readonly string[] }>(parts: readonly Part[]) =>
    parts.filter(({ columns }) => !columns.some((column) => gone.has(column)));
  const actual = <Part extends { readonly columns: readonly string[] }>(parts: readonly Part[]) =>
    parts.filter(({ columns }) => !columns.some((column) => foreign.has(column)));
  const columns = expected.columns.flatMap((column) => {
    const other = live.columns.find(({ name }) => name === column.name);
    return other ? [{ expected: column, live: other }] : [];
  });
  const retyped = new Set(
    columns.filter((pair) => pair.expected.type !== pair.live.type).map((pair) => pair.live.name),
  );
  const comparison = (names: readonly string[]): Comparison =>
    names.some((name) => retyped.has(name)) ? "loose" : versions;
  const keys = uniqueKeys(wanted(expected.uniques), actual(live.uniques), {
    expected: wanted(expected.indexes),
    live: actual(live.indexes),
  });
  return {
    ...found,
    columns,
    missingColumns: [...gone],
    unknownColumns,
    primaryKey: primaryKeys(
      wanted(expected.primaryKey ? [expected.primaryKey] : []),
      actual(live.primaryKey ? [live.primaryKey] : []),
    ),
    ...keys,
    checks: pairParts(wanted(expected.checks), actual(live.checks), (one, other) =>
      sameCheck(one, other, comparison([...one.columns, ...other.columns])),
    ),
    indexes: pairParts(keys.left.expected, keys.left.live, (one, other) =>
      sameIndex(one, other, comparison([...one.columns, ...other.columns])),
    ),
    foreignKeys: pairParts(
      wanted(expected.foreignKeys).filter((key) => !leadsToMissing(key, missing)),
      actual(live.foreignKeys),
      sameReference,
    ),
  };
}

function leadsToMissing(key: CatalogForeignKey, missing: Places): boolean {
  return (
    missing.has(key.referencedTable) ||
    key.referencedColumns.some((column) => missing.has(placeOf(key.referencedTable, column)))
  );
}

/** There is one at most, so that two of them belong together whatever they are called. */
function primaryKeys(
  expected: readonly CatalogKey[],
  live: readonly CatalogKey[],
): Pairs<CatalogKey, CatalogKey> {
  const pairs = pairParts(expected, live, sameKey);
  const [one] = pairs.missing;
  const [other] = pairs.unknown;
  if (!one || !other) return pairs;
  return { ...pairs, different: [{ expected: one, live: other }], missing: [], unknown: [] };
}

interface IndexSides {
  readonly expected: readonly CatalogIndex[];
  readonly live: readonly CatalogIndex[];
}

/** Unique constraints, and unique indexes that stand for them: to PostgreSQL they are all but the same. */
function uniqueKeys(
  expected: readonly CatalogKey[],
  live: readonly CatalogKey[],
  indexes: IndexSides,
): Pick<TablePair, "uniques" | "asIndex" | "asConstraint"> & { readonly left: IndexSides } {
  const alike = pairParts(expected, live, sameKey);
  const settled = [...alike.same, ...alike.renamed];
  const rest = {
    expected: expected.filter((key) => !settled.some((pair) => pair.expected === key)),
    live: live.filter((key) => !settled.some((pair) => pair.live === key)),
  };
  const ownIndexes = pairParts(indexes.expected, indexes.live, sameExactly);
  const freeLive = [...ownIndexes.different.map((pair) => pair.live), ...ownIndexes.unknown];
  const freeExpected = [
    ...ownIndexes.different.map((pair) => pair.expected),
    ...ownIndexes.missing,
  ];
  const asIndex = matched(
    rest.expected,
    freeLive,
    (key, index) => isKeyLike(index) && sameKey(key, keyOf(index)),
  );
  const asConstraint = matched(
    freeExpected,
    rest.live,
    (index, key) => isKeyLike(index) && sameKey(keyOf(index), key),
  );
  const uniques = pairParts(
    expected.filter((key) => !asIndex.some((pair) => pair.expected === key)),
    live.filter((key) => !asConstraint.some((pair) => pair.live === key)),
    sameKey,
  );
  return {
    uniques,
    asIndex,
    asConstraint,
    left: {
      expected: indexes.expected.filter(
        (index) => !asConstraint.some((pair) => pair.expected === index),
      ),
      live: indexes.live.filter((index) => !asIndex.some((pair) => pair.live === index)),
    },
  };
}

function sameExactly(one: CatalogIndex, other: CatalogIndex): boolean {
  return sameIndex(one, other, "exact");
}

function matched<Expected, Live>(
  expected: readonly Expected[],
  live: readonly Live[],
  fits: (one: Expected, other: Live) => boolean,
): readonly Pair<Expected, Live>[] {
  const free = new Set(live);
  return expected.flatMap((one) => {
    const other = [...free].find((candidate) => fits(one, candidate));
    if (other === undefined) return [];
    free.delete(other);
    return [{ expected: one, live: other }];
  });
}
