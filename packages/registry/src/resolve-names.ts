import { isSerial } from "./column-type.ts";
import { indexColumnNames, joinColumnNames, ObjectNames } from "./object-names.ts";
import { quoted } from "./problem.ts";
import type {
  CheckDraft,
  ForeignKeyDraft,
  IndexDraft,
  KeyDraft,
  TableDraft,
} from "./registry-draft.ts";
import type { CheckConstraint, EnumType, ForeignKey, Index, KeyConstraint } from "./registry.ts";
import { sourceOf, type Problems, type Spot } from "./yaml-node.ts";

/** The constraints and indexes of a table with their names. */
export interface NamedParts {
  readonly primaryKey?: KeyConstraint;
  readonly uniques: readonly KeyConstraint[];
  readonly checks: readonly CheckConstraint[];
  readonly indexes: readonly Index[];
  readonly foreignKeys: readonly ForeignKey[];
}

export interface ResolvedTable extends TableDraft {
  readonly foreignKeys: readonly ForeignKeyDraft[];
}

/**
 * Names every constraint and index: as the file says, or as PostgreSQL would. Names from the file are taken first,
 * then each table is named in the order in which `CREATE TABLE` does it, then foreign keys, then indexes.
 */
export function resolveNames(
  tables: readonly ResolvedTable[],
  enums: Iterable<EnumType>,
  problems: Problems,
): ReadonlyMap<string, NamedParts> {
  const names = new ObjectNames();
  for (const table of tables) names.takeRelation(table.name);
  checkEnumNames(tables, enums, problems);
  for (const table of tables) takeOwnNames(table, names, problems);
  const inTable = tables.map((table) => [table, nameTableParts(table, names)] as const);
  const withKeys = inTable.map(
    ([table, parts]) =>
      [
        table,
        {
          ...parts,
          foreignKeys: table.foreignKeys.map((key) => nameForeignKey(table, key, names)),
        },
      ] as const,
  );
  return new Map(
    withKeys.map(([table, parts]) => [
      table.name,
      { ...parts, indexes: table.indexes.map((index) => nameIndex(table, index, names)) },
    ]),
  );
}

/** A table is a type too, so that an enum cannot have its name. */
function checkEnumNames(
  tables: readonly ResolvedTable[],
  enums: Iterable<EnumType>,
  problems: Problems,
): void {
  const declared = new Map([...enums].map((type) => [type.name, type]));
  for (const table of tables) {
    const type = declared.get(table.name);
    if (type === undefined) continue;
    const { file, line } = type.source;
    problems.error(
      table.at,
      "duplicate-name",
      `the enum at ${file}:${line} has the name ${quoted(table.name)} too, and PostgreSQL makes a type of each table`,
    );
  }
}

function takeOwnNames(table: ResolvedTable, names: ObjectNames, problems: Problems): void {
  const taken = new Set<string>();
  const take = (
    { name, spot }: { readonly name: string | undefined; readonly spot: Spot },
    isRelation: boolean,
  ) => {
    if (name === undefined) return;
    const isFree = isRelation ? names.takeRelation(name) : !taken.has(name);
    if (!isFree) {
      problems.error(
        spot,
        "duplicate-name",
        `the name ${quoted(name)} is taken already`,
        isRelation ? "tables and indexes share their names" : undefined,
      );
    }
    taken.add(name);
  };
  const constraint = (
    part: { readonly name: string | undefined; readonly spot: Spot },
    isRelation: boolean,
  ) => {
    take(part, isRelation);
    if (part.name !== undefined) names.takeConstraint(part.name);
  };
  for (const unique of table.uniques) constraint(unique, true);
  for (const check of table.checks) constraint(check, false);
  for (const key of table.foreignKeys) constraint(key, false);
  for (const index of table.indexes) take(index, true);
}

function nameTableParts(
  table: ResolvedTable,
  names: ObjectNames,
): Omit<NamedParts, "foreignKeys" | "indexes"> {
  for (const { column } of table.columns.values()) {
    if (isSerial(column.type)) names.choose(["relation"], table.name, [column.name, "seq"]);
  }
  const checks = table.checks.map((check) => nameCheck(table, check, names));
  const { primaryKey } = table;
  // PostgreSQL builds the primary key first, wherever it is declared.
  const key =
    primaryKey &&
    nameKey({
      ...primaryKey,
      name: names.choose(["relation", "constraint"], table.name, [undefined, "pkey"]),
    });
  const uniques = table.uniques.map((unique) =>
    nameKey({
      ...unique,
      name:
        unique.name ??
        names.choose(["relation", "constraint"], table.name, [
          joinColumnNames(unique.columns),
          "key",
        ]),
    }),
  );
  return { ...(key === undefined ? {} : { primaryKey: key }), uniques, checks };
}

function nameKey({ name, columns, spot }: KeyDraft & { readonly name: string }): KeyConstraint {
  return { name, columns, source: sourceOf(spot) };
}

function nameCheck(table: ResolvedTable, check: CheckDraft, names: ObjectNames): CheckConstraint {
  // PostgreSQL puts the column into the name when the expression mentions exactly one.
  const column = check.columns.length === 1 ? check.columns[0] : undefined;
  const name = check.name ?? names.choose(["constraint"], table.name, [column, "check"]);
  return { name, expression: check.expression, source: sourceOf(check.spot) };
}

function nameForeignKey(
  table: ResolvedTable,
  key: ForeignKeyDraft,
  names: ObjectNames,
): ForeignKey {
  const { columns, referencedTable, referencedColumns, onDelete, onUpdate, spot } = key;
  const name =
    key.name ?? names.choose(["constraint"], table.name, [joinColumnNames(columns), "fkey"]);
  return {
    name,
    columns,
    referencedTable,
    referencedColumns,
    onDelete,
    onUpdate,
    source: sourceOf(spot),
  };
}

function nameIndex(table: ResolvedTable, index: IndexDraft, names: ObjectNames): Index {
  const { parts, partNames, unique, method, where, include, spot } = index;
  const name =
    index.name ??
    names.choose(["relation"], table.name, [joinColumnNames(indexColumnNames(partNames)), "idx"]);
  return {
    name,
    parts,
    unique,
    method,
    ...(where === undefined ? {} : { where }),
    include,
    source: sourceOf(spot),
  };
}
