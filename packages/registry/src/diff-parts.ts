import { isDeepStrictEqual } from "node:util";
import type { MatchedNames } from "./match-renames.ts";
import type { RegistryChange } from "./registry-change.ts";
import type { ForeignKey, Index, KeyConstraint, Table } from "./registry.ts";
import { mayBeColumn, readSql } from "./sql-expression.ts";
import { withoutSources } from "./without-sources.ts";

/** What is called otherwise on the new side. */
export interface Renames {
  /** Old name → new name, of the tables that stay. */
  readonly tables: ReadonlyMap<string, string>;
  /** The columns that stay, by the old name of their table. */
  readonly columns: ReadonlyMap<string, MatchedNames>;
}

/** The changes of a table's constraints and indexes. What renames of columns and tables do to them is no change. */
export function diffParts(
  before: Table,
  after: Table,
  renames: Renames,
): readonly RegistryChange[] {
  const table = after.name;
  const columnNames = renames.columns.get(before.name)?.newNames ?? new Map<string, string>();
  const rename = (column: string) => columnNames.get(column) ?? column;
  const sql = (expression: string) => renameInSql(expression, columnNames);
  const old = {
    uniques: before.uniques.map((key) => ({ ...key, columns: key.columns.map(rename) })),
    checks: before.checks.map((check) => ({ ...check, expression: sql(check.expression) })),
    foreignKeys: before.foreignKeys.map((key) => renameInForeignKey(key, rename, renames)),
    indexes: before.indexes.map((index) => renameInIndex(index, rename, sql)),
  };
  const uniques = match(old.uniques, after.uniques);
  const checks = match(old.checks, after.checks);
  const keys = match(old.foreignKeys, after.foreignKeys);
  const indexes = match(old.indexes, after.indexes);
  return [
    ...keys.removed.map(removedForeignKey(table, before.foreignKeys)),
    ...diffPrimaryKey(before, after, rename),
    ...uniques.removed.map(
      (constraint) => ({ kind: "unique-removed", destructive: false, table, constraint }) as const,
    ),
    ...checks.removed.map(
      (constraint) => ({ kind: "check-removed", destructive: false, table, constraint }) as const,
    ),
    ...indexes.removed.map(
      (index) => ({ kind: "index-removed", destructive: false, table, index }) as const,
    ),
    ...[...uniques.renamed, ...checks.renamed, ...keys.renamed].map(
      (names) => ({ kind: "constraint-renamed", destructive: false, table, ...names }) as const,
    ),
    ...indexes.renamed.map(
      (names) => ({ kind: "index-renamed", destructive: false, table, ...names }) as const,
    ),
    // Rows that are there may not meet a new constraint.
    ...uniques.added.map(
      (constraint) => ({ kind: "unique-added", destructive: true, table, constraint }) as const,
    ),
    ...checks.added.map(
      (constraint) => ({ kind: "check-added", destructive: true, table, constraint }) as const,
    ),
    ...indexes.added.map(
      (index) => ({ kind: "index-added", destructive: index.unique, table, index }) as const,
    ),
    ...keys.added.map(
      (constraint) =>
        ({ kind: "foreign-key-added", destructive: true, table, constraint }) as const,
    ),
  ];
}

function removedForeignKey(table: string, before: readonly ForeignKey[]) {
  return (renamed: ForeignKey): RegistryChange => {
    const constraint = before.find(({ name }) => name === renamed.name) ?? renamed;
    return { kind: "foreign-key-removed", destructive: false, table, constraint };
  };
}

function diffPrimaryKey(
  before: Table,
  after: Table,
  rename: (column: string) => string,
): readonly RegistryChange[] {
  const [old, current] = [before.primaryKey, after.primaryKey];
  const table = after.name;
  if (isDeepStrictEqual(old?.columns.map(rename), current?.columns)) {
    if (old === undefined || current === undefined || old.name === current.name) return [];
    return [
      { kind: "constraint-renamed", destructive: false, table, from: old.name, to: current.name },
    ];
  }
  const sides: { readonly before?: KeyConstraint; readonly after?: KeyConstraint } = {
    ...(old === undefined ? {} : { before: old }),
    ...(current === undefined ? {} : { after: current }),
  };
  return [{ kind: "primary-key-changed", destructive: true, table, ...sides }];
}

interface Matched<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

/** Pairs parts that do the same, those of the same name first. */
function match<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): Matched<T> {
  const left = new Map<string, T[]>();
  for (const part of before) {
    const key = whatItDoes(part);
    left.set(key, [...(left.get(key) ?? []), part]);
  }
  const added: T[] = [];
  const renamed: { from: string; to: string }[] = [];
  for (const part of after) {
    const same = left.get(whatItDoes(part)) ?? [];
    const index = Math.max(
      0,
      same.findIndex(({ name }) => name === part.name),
    );
    const [old] = same.splice(index, 1);
    if (old === undefined) added.push(part);
    else if (old.name !== part.name) renamed.push({ from: old.name, to: part.name });
  }
  return { added, removed: [...left.values()].flat(), renamed };
}

function whatItDoes(part: { readonly name: string }): string {
  return JSON.stringify(withoutSources({ ...part, name: "" }));
}

function renameInForeignKey(
  key: ForeignKey,
  rename: (column: string) => string,
  { tables, columns }: Renames,
): ForeignKey {
  const there = columns.get(key.referencedTable)?.newNames;
  return {
    ...key,
    columns: key.columns.map(rename),
    referencedTable: tables.get(key.referencedTable) ?? key.referencedTable,
    referencedColumns: key.referencedColumns.map((column) => there?.get(column) ?? column),
  };
}

function renameInIndex(
  index: Index,
  rename: (column: string) => string,
  sql: (expression: string) => string,
): Index {
  return {
    ...index,
    parts: index.parts.map((part) =>
      "column" in part
        ? { ...part, column: rename(part.column) }
        : { ...part, expression: sql(part.expression) },
    ),
    include: index.include.map(rename),
    ...(index.where === undefined ? {} : { where: sql(index.where) }),
  };
}

/** The expression with columns renamed; a name that is not plain is quoted. */
export function renameInSql(expression: string, names: ReadonlyMap<string, string>): string {
  const read = readSql(expression);
  if ("fault" in read) return expression;
  let result = "";
  let end = 0;
  for (const [index, token] of read.tokens.entries()) {
    const to = mayBeColumn(read.tokens, index) ? names.get(token.name) : undefined;
    if (to === undefined || to === token.name) continue;
    const written = /^[a-z_][a-z0-9_]*$/.test(to) ? to : `"${to.replaceAll('"', '""')}"`;
    result += expression.slice(end, token.start) + written;
    end = token.start + token.text.length;
  }
  return result + expression.slice(end);
}
