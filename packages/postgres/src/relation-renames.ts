import type { Column, Registry, RegistryChange, Table } from "@ctb-data/registry";
import type { ChangeNames } from "./change-names.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { renameSteps, type Rename } from "./rename-steps.ts";
import { sequenceName } from "./sequence-name.ts";
import { isSerial, objectName } from "./sql-type.ts";

/** Where the changes lead from and to. */
export interface ChangeContext {
  readonly before: Registry;
  readonly after: Registry;
  readonly names: ChangeNames;
}

type RelationKind = "TABLE" | "INDEX" | "SEQUENCE";

/**
 * Tables, indexes (also those of keys) and sequences get their new names. They share one namespace, so that one may wait for the
 * name of another. `dropped` are those that are gone by now.
 */
export function relationRenames(
  changes: readonly RegistryChange[],
  context: ChangeContext,
  dropped: ReadonlySet<string>,
): readonly string[] {
  const kinds = new Map<string, RelationKind>();
  const renames: Rename[] = [];
  const add = (kind: RelationKind, rename: Rename): void => {
    if (rename.from === rename.to || dropped.has(rename.from)) return;
    kinds.set(rename.from, kind);
    renames.push(rename);
  };
  for (const change of changes) {
    if (change.kind === "table-renamed") add("TABLE", change);
    if (change.kind === "index-renamed") add("INDEX", change);
    if (change.kind === "constraint-renamed" && isKeyName(change, context)) add("INDEX", change);
  }
  for (const rename of sequenceRenames(context)) add("SEQUENCE", rename);
  return renameSteps(renames).map(({ from, to }) => {
    const kind = kinds.get(from) ?? "TABLE";
    kinds.set(to, kind);
    const ifExists = kind === "SEQUENCE" ? "IF EXISTS " : "";
    return `ALTER ${kind} ${ifExists}${objectName(context.after.schema, from)} RENAME TO ${quoteIdentifier(to)}`;
  });
}

function isKeyName(
  change: { readonly table: string; readonly from: string },
  { before, names }: ChangeContext,
): boolean {
  const table = before.tables.get(names.tableBefore(change.table));
  return [table?.primaryKey, ...(table?.uniques ?? [])].some((key) => key?.name === change.from);
}

/** The sequence of a serial column is called like its table and column, and is not renamed with them. */
function sequenceRenames({ before, after, names }: ChangeContext): readonly Rename[] {
  return [...before.tables.values()].flatMap((table) => {
    const tableAfter = after.tables.get(names.tableAfter(table.name));
    return tableAfter
      ? serialColumns(table).flatMap((column) =>
          sequenceRename({ table, column, tableAfter, names }),
        )
      : [];
  });
}

function sequenceRename(place: {
  readonly table: Table;
  readonly column: Column;
  readonly tableAfter: Table;
  readonly names: ChangeNames;
}): readonly Rename[] {
  const { table, column, tableAfter, names } = place;
  const columnAfter = tableAfter.columns.get(names.columnAfter(tableAfter.name, column.name));
  // One that is serial no more drops it later, under its new name.
  if (!columnAfter) return [];
  const from = sequenceName(table.name, column.name);
  const to = sequenceName(tableAfter.name, columnAfter.name);
  return from === to ? [] : [{ from, to }];
}

function serialColumns(table: Table): readonly Column[] {
  return [...table.columns.values()].filter(isSerial);
}
