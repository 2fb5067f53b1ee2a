import { draftColumn } from "./check-column.ts";
import {
  checkColumnNames,
  checkComparable,
  checksOf,
  columnConstraints,
  namesOf,
  referencesOf,
  uniquesOf,
} from "./check-constraints.ts";
import { blindIndexColumn } from "./check-encryption.ts";
import { blindIndexes, indexesOf } from "./check-indexes.ts";
import { checkName } from "./check-name.ts";
import { checkShape } from "./check-shape.ts";
import { quoted, suggestion } from "./problem.ts";
import type { ColumnDraft, KeyDraft, RegistryChecking, TableDraft } from "./registry-draft.ts";
import { tableHeadSchema } from "./registry-schema.ts";
import type { Column } from "./registry.ts";
import {
  childOf,
  isMapAt,
  itemsOf,
  keySpot,
  placeOf,
  textAt,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

/** PostgreSQL's own limit. */
const maxColumns = 1600;

/** Checks one table as far as that goes without the others. Undefined when it cannot be read. */
export function draftTable(
  name: string,
  at: Located,
  checking: RegistryChecking,
): TableDraft | undefined {
  const data = checkShape(tableHeadSchema, at, checking);
  if (data === undefined || !isMapAt(at)) return undefined;
  if (!checkName(name, at, checking.problems)) return undefined;
  const holders = [at, ...mixinsOf(at, checking)];
  const places = columnPlaces(holders, checking);
  const keyColumns = primaryKeyOf(at, places, checking);
  const read = readColumns(places, new Set(keyColumns?.columns), checking);
  const part = { name, columns: read.columns, incomplete: read.incomplete, checking };
  if (keyColumns !== undefined) {
    checkColumnNames(keyColumns.columns, keyColumns.spot, part);
    checkComparable(keyColumns, "a primary key", part);
  }
  const ofColumns = columnConstraints(part);
  const uniques = withoutRedundant(
    [...ofColumns.uniques, ...holders.flatMap((holder) => uniquesOf(holder, part))],
    keyColumns,
  );
  for (const unique of uniques) checkComparable(unique, "a unique constraint", part);
  return {
    name,
    at,
    data,
    columns: read.columns,
    incomplete: read.incomplete,
    ...(keyColumns === undefined ? {} : { primaryKey: keyColumns }),
    uniques,
    checks: [...ofColumns.checks, ...holders.flatMap((holder) => checksOf(holder, part))],
    indexes: [...blindIndexes(part), ...holders.flatMap((holder) => indexesOf(holder, part))],
    references: [
      ...ofColumns.references,
      ...holders.flatMap((holder) => referencesOf(holder, part)),
    ],
  };
}

function mixinsOf(at: LocatedMap, { mixins, problems }: RegistryChecking): readonly LocatedMap[] {
  const named = childOf(at, "mixins");
  if (named === undefined) return [];
  const used = new Set<string>();
  return itemsOf(named).flatMap((item) => {
    const name = textAt(item);
    if (name === undefined) return [];
    if (used.has(name))
      problems.error(item, "duplicate-name", `the mixin ${quoted(name)} is named twice`);
    used.add(name);
    if (!mixins.has(name)) {
      problems.error(
        item,
        "unknown-name",
        `there is no mixin ${quoted(name)}${suggestion(name, mixins.keys())}`,
      );
    }
    const mixin = mixins.get(name);
    return mixin === undefined ? [] : [mixin];
  });
}

/** The columns of a table and of its mixins, as they are written. */
function columnPlaces(
  holders: readonly LocatedMap[],
  { problems }: RegistryChecking,
): readonly Located[] {
  const places = holders.flatMap((holder) => {
    const columns = childOf(holder, "columns");
    if (columns === undefined) return [];
    if (columns.node.kind === "list") return itemsOf(columns);
    const hint =
      columns.node.kind === "map" ? 'write each as "- name: …" and its type below' : undefined;
    problems.error(columns, "wrong-value", "the columns must be a list", hint);
    return [];
  });
  const [table] = holders;
  if (table === undefined) return places;
  if (places.length === 0 && !holders.some((holder) => holder.node.entries.has("columns"))) {
    problems.error(table, "missing-key", 'the key "columns" is missing');
  } else if (places.length === 0 && childOf(table, "columns")?.node.kind !== "map") {
    problems.error(keySpot(table, "columns"), "wrong-value", "a table needs at least one column");
  }
  if (places.length > maxColumns) {
    problems.error(
      table,
      "too-large",
      `the table has ${places.length} columns, PostgreSQL allows ${maxColumns}`,
    );
  }
  return places;
}

/** The primary key: from the table (`primary_key`, `pk`) or from the columns that have the flag. */
function primaryKeyOf(
  at: LocatedMap,
  places: readonly Located[],
  checking: RegistryChecking,
): KeyDraft | undefined {
  const { problems } = checking;
  const ofTable = oneOfTwo(at, checking);
  const flagged = places.filter(
    (place): place is LocatedMap => isMapAt(place) && isFlagged(place, checking),
  );
  if (ofTable !== undefined) {
    const columns = namesOf(ofTable, checking);
    for (const place of flagged) {
      const name = textAt(childOf(place, "name"));
      if (name === undefined || columns.includes(name)) continue;
      problems.error(
        place,
        "conflict",
        `the column is marked as primary key, but the key of the table is ${columns.join(", ")}`,
      );
    }
    return { name: undefined, columns, spot: ofTable };
  }
  const [first] = flagged;
  if (first === undefined) return undefined;
  const columns = flagged.map((place) => textAt(childOf(place, "name")) ?? "");
  return { name: undefined, columns, spot: first };
}

function isFlagged(place: LocatedMap, checking: RegistryChecking): boolean {
  const flag = oneOfTwo(place, checking);
  return flag?.node.kind === "scalar" && flag.node.value === true;
}

/** `primary_key` or its short form; both at once is one too many. */
function oneOfTwo(at: LocatedMap, { problems }: RegistryChecking): Located | undefined {
  const long = childOf(at, "primary_key");
  const short = childOf(at, "pk");
  if (long !== undefined && short !== undefined) {
    problems.error(
      keySpot(at, "pk"),
      "conflict",
      '"pk" is short for "primary_key"',
      "leave one of them out",
    );
  }
  return long ?? short;
}

interface ReadColumns {
  readonly columns: ReadonlyMap<string, ColumnDraft>;
  readonly incomplete: boolean;
}

function readColumns(
  places: readonly Located[],
  keys: ReadonlySet<string>,
  checking: RegistryChecking,
): ReadColumns {
  const columns = new Map<string, ColumnDraft>();
  let incomplete = false;
  const ids = new Map<string, Located>();
  const add = (draft: ColumnDraft, column: Column) => {
    const before = columns.get(column.name);
    if (before === undefined) {
      columns.set(column.name, { ...draft, column });
      return;
    }
    checking.problems.error(
      childOf(draft.at, column.blindIndexOf === undefined ? "name" : "encrypted") ?? draft.at,
      "duplicate-name",
      `the table has two columns ${quoted(column.name)}, the first at ${placeOf(before.at)}`,
    );
  };
  for (const place of places) {
    const draft = draftColumn(place, keys, checking);
    if (draft === undefined) {
      incomplete = true;
      continue;
    }
    add(draft, draft.column);
    const blind = blindIndexColumn(draft);
    if (blind !== undefined) add(draft, blind);
    checkId(draft, ids, checking);
  }
  checkRenames(columns, checking);
  return { columns, incomplete };
}

function checkId(
  { at, column }: ColumnDraft,
  ids: Map<string, Located>,
  { problems }: RegistryChecking,
): void {
  const spot = childOf(at, "id");
  if (column.id === undefined || spot === undefined) return;
  const before = ids.get(column.id);
  if (before !== undefined) {
    problems.error(
      spot,
      "duplicate-name",
      `the id ${quoted(column.id)} is also that of the column at ${placeOf(before)}`,
    );
  }
  ids.set(column.id, spot);
}

function checkRenames(
  columns: ReadonlyMap<string, ColumnDraft>,
  { problems }: RegistryChecking,
): void {
  for (const { at, column } of columns.values()) {
    const spot = childOf(at, "renamed_from");
    if (spot === undefined || column.renamedFrom === undefined || !columns.has(column.renamedFrom))
      continue;
    if (column.blindIndexOf !== undefined) continue;
    problems.error(
      spot,
      "conflict",
      `the table still has a column ${quoted(column.renamedFrom)}`,
      "leave renamed_from out",
    );
  }
}

/** PostgreSQL makes one constraint of two over the same columns, and none beside the primary key. */
function withoutRedundant(
  uniques: readonly KeyDraft[],
  key: KeyDraft | undefined,
): readonly KeyDraft[] {
  const kept = new Map<string, KeyDraft>();
  const keyColumns = JSON.stringify(key?.columns);
  for (const unique of uniques) {
    const columns = JSON.stringify(unique.columns);
    const before = kept.get(columns);
    if (columns === keyColumns && unique.name === undefined) continue;
    if (before === undefined) kept.set(columns, unique);
    else if (before.name === undefined) kept.set(columns, { ...before, name: unique.name });
  }
  return [...kept.values()];
}
