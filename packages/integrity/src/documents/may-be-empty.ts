import type { DocumentField, Registry, Table } from "@ctb-data/registry";

/** The table that a collection's documents are rows of. */
export function tableOf(registry: Registry, collection: string): Table | undefined {
  return [...registry.tables.values()].find(
    ({ firestore }) => firestore?.collection === collection,
  );
}

function fieldOf(registry: Registry, collection: string, name: string): DocumentField | undefined {
  const fields =
    tableOf(registry, collection)?.firestore?.fields ??
    registry.collections.get(collection)?.fields;
  return fields?.get(name);
}

/** How a field is emptied: it becomes null, it goes, or (undefined) it may be neither null nor missing. */
export function emptiesTo(
  registry: Registry,
  collection: string,
  name: string,
): "null" | "missing" | undefined {
  const field = fieldOf(registry, collection, name);
  if (field === undefined) return "null";
  if (field.column === undefined) return field.required ? undefined : "null";
  const column = tableOf(registry, collection)?.columns.get(field.column);
  if (column === undefined || column.nullable) return "null";
  return column.default === undefined ? undefined : "missing";
}
