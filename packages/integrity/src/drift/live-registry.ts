import type { Column, EnumType, ForeignKey, Registry, Table } from "@ctb-data/registry";
import { placeOf, type DriftState, type Places, type TablePair } from "./drift-state.ts";
import type { Pairs } from "./pair-parts.ts";

/** Tables and columns that are missing, in the order in which they are to be added. */
export function missingItems({ registry, missingTables, pairs }: DriftState): readonly string[] {
  const columns = new Map(pairs.map((pair) => [pair.table.name, pair.missingColumns]));
  return [
    ...missingTables.map(({ name }) => name),
    ...[...registry.tables.keys()].flatMap((table) =>
      (columns.get(table) ?? []).map((column) => placeOf(table, column)),
    ),
  ];
}

/**
 * The registry as the live database has it: without the tables and columns of `without` and all that hangs on them, without the
 * constraints and indexes that are missing, and with the names that they have there. What `changeStatements` makes of two
 * such registries runs on the live database.
 */
export function liveRegistry(state: DriftState, without: Places): Registry {
  const { registry } = state;
  const pairs = new Map(state.pairs.map((pair) => [pair.table.name, pair]));
  const tables = [...registry.tables.values()]
    .filter(({ name }) => !without.has(name))
    .map((table) => liveTable(table, { state, without, pair: pairs.get(table.name) }));
  return { ...registry, tables: new Map(tables.map((table) => [table.name, table])) };
}

/** The same registry with one column as it is in the live database. */
export function withColumn(registry: Registry, table: string, column: Column): Registry {
  const old = registry.tables.get(table);
  if (old === undefined) return registry;
  const columns = new Map(old.columns).set(column.name, column);
  return { ...registry, tables: new Map(registry.tables).set(table, { ...old, columns }) };
}

export function withEnum(registry: Registry, type: EnumType): Registry {
  return { ...registry, enums: new Map(registry.enums).set(type.name, type) };
}

interface Place {
  readonly state: DriftState;
  readonly without: Places;
  readonly pair: TablePair | undefined;
}

function liveTable(table: Table, place: Place): Table {
  const { without, pair, state } = place;
  const stands = (columns: readonly string[]): boolean =>
    !columns.some((column) => without.has(placeOf(table.name, column)));
  const columnsOf = partColumns(state, table.name);
  const keysLive = <Part extends { readonly name: string }>(
    parts: readonly Part[],
    pairsOf: ((tables: TablePair) => Pairs<NamedPart, NamedPart>) | undefined,
  ): readonly Part[] =>
    parts
      .filter(({ name }) => stands(columnsOf.get(name) ?? []))
      .flatMap((part) => (pair && pairsOf ? livePart(part, pairsOf(pair)) : [part]));
  const { primaryKey, ...rest } = table;
  const [key] = keysLive(primaryKey ? [primaryKey] : [], (tables) => tables.primaryKey);
  return {
    ...rest,
    columns: new Map([...table.columns].filter(([name]) => stands([name]))),
    ...(key && { primaryKey: key }),
    uniques: keysLive(table.uniques, (tables) => tables.uniques),
    // One that is different has the name: a change that has to make it anew makes it as the registry says.
    checks: keysLive(table.checks, (tables) => withDifferent(tables.checks)),
    indexes: keysLive(table.indexes, (tables) => withDifferent(tables.indexes)),
    foreignKeys: keysLive(
      table.foreignKeys.filter((foreignKey) => leadsSomewhere(foreignKey, without)),
      (tables) => tables.foreignKeys,
    ),
  };
}

interface NamedPart {
  readonly name: string;
}

function withDifferent(pairs: Pairs<NamedPart, NamedPart>): Pairs<NamedPart, NamedPart> {
  return { ...pairs, same: [...pairs.same, ...pairs.different], different: [] };
}

/** As it is called there; nothing when it is not there. What hangs on a missing table or column is in no pair: it comes with that. */
function livePart<Part extends NamedPart>(
  part: Part,
  pairs: Pairs<NamedPart, NamedPart>,
): readonly Part[] {
  const found = [...pairs.same, ...pairs.renamed].find(
    ({ expected }) => expected.name === part.name,
  );
  if (found) return [{ ...part, name: found.live.name }];
  const isAway = [...pairs.missing, ...pairs.different.map(({ expected }) => expected)].some(
    ({ name }) => name === part.name,
  );
  return isAway ? [] : [part];
}

function leadsSomewhere(
  { referencedTable, referencedColumns }: ForeignKey,
  without: Places,
): boolean {
  return (
    !without.has(referencedTable) &&
    !referencedColumns.some((column) => without.has(placeOf(referencedTable, column)))
  );
}

/** Which columns each constraint and index needs, those in its expressions among them. */
function partColumns(
  { expected, schema }: DriftState,
  name: string,
): ReadonlyMap<string, readonly string[]> {
  const table = expected.tables.find(
    (candidate) => candidate.schema === schema && candidate.name === name,
  );
  if (!table) return new Map();
  const keys = table.primaryKey ? [table.primaryKey] : [];
  return new Map(
    [...keys, ...table.uniques, ...table.checks, ...table.indexes, ...table.foreignKeys].map(
      (part) => [part.name, part.columns],
    ),
  );
}
