import type { Column, RegistryChange, Table } from "@ctb-data/registry";
import type { ChangeContext } from "./relation-renames.ts";
import { commentOnColumn, commentOnEnum, commentOnTable, tableComments } from "./statements.ts";

/** Comments that are new, other, or gone. Those of objects that are gone went with them. */
export function changedComments(
  changes: readonly RegistryChange[],
  context: ChangeContext,
  rebuiltEnums: ReadonlySet<string>,
): readonly string[] {
  const { before, after } = context;
  const added = new Set(
    changes.flatMap((change) => (change.kind === "table-added" ? [change.table.name] : [])),
  );
  return [
    ...[...after.enums.values()]
      .filter(
        (type) =>
          text(type) !== (rebuiltEnums.has(type.name) ? "" : text(before.enums.get(type.name))),
      )
      .map((type) => commentOnEnum(type, after.schema)),
    ...[...after.tables.values()].flatMap((table) =>
      added.has(table.name) ? tableComments(table, after.schema) : tableDifferences(table, context),
    ),
  ];
}

function tableDifferences(
  table: Table,
  { before, after, names }: ChangeContext,
): readonly string[] {
  const old = before.tables.get(names.tableBefore(table.name));
  const oldColumn = (name: string): Column | undefined =>
    old?.columns.get(names.columnBefore(table.name, name) ?? "");
  return [
    ...(text(table) === text(old) ? [] : [commentOnTable(table, after.schema)]),
    ...[...table.columns.values()]
      .filter((column) => text(column) !== text(oldColumn(column.name)))
      .map((column) => commentOnColumn(table.name, column, after.schema)),
  ];
}

/** An empty description is none. */
const text = (described: { readonly description?: string } | undefined): string =>
  described?.description ?? "";
