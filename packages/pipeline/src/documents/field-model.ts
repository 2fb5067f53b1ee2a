import { modelOf, type Keyring, type Model, type ModelColumn } from "@ctb-data/models";
import { documentTypesOf, type Column, type Table } from "@ctb-data/registry";

/** The column that stands for the id of a document, which says nothing of a row. No column of PostgreSQL can have this name. */
export const noId = "\0";

/** The model of one column alone, whose documents have it in a field of its own name and of its usual type. */
export function modelOfColumn(table: Table, column: Column, keyring: Keyring | undefined): Model {
  const { name, encryption } = column;
  const id: ModelColumn = {
    name: noId,
    type: { name: "text", kind: "text", dimensions: 0 },
    nullable: true,
  };
  const type = encryption === undefined ? documentTypesOf(column.type)[0] : "string";
  const shown = {
    name: table.name,
    ...(table.renamedFrom !== undefined && { renamedFrom: table.renamedFrom }),
    columns: new Map<string, ModelColumn>([
      [noId, id],
      [name, column],
    ]),
    firestore: {
      collection: table.name,
      idColumn: noId,
      fields: new Map([[name, { name, column: name, type: type ?? "string" }]]),
    },
  };
  return modelOf(shown, keyring && { keyring });
}
