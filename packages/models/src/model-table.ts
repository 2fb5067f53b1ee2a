import type { Column, DocumentField, DocumentMapping, Table } from "@ctb-data/registry";

/** What a model needs to know of a column. A registry's `Column` is one. */
export type ModelColumn = Pick<
  Column,
  | "name"
  | "renamedFrom"
  | "type"
  | "nullable"
  | "default"
  | "format"
  | "min"
  | "max"
  | "pattern"
  | "oneOf"
  | "encryption"
  | "blindIndexOf"
>;

/** What a model needs to know of a document field: a registry's `DocumentField` without its place in the file. */
export type ModelField =
  | Pick<Extract<DocumentField, { readonly column: string }>, "name" | "column" | "type">
  | Pick<
      Extract<DocumentField, { readonly column?: undefined }>,
      "name" | "column" | "type" | "required"
    >;

/** What a model needs to know of a table. A registry's `Table` is one. */
export interface ModelTable extends Pick<Table, "name" | "renamedFrom"> {
  readonly columns: ReadonlyMap<string, ModelColumn>;
  readonly primaryKey?: { readonly columns: readonly string[] };
  readonly firestore?: Pick<DocumentMapping, "collection" | "idColumn"> & {
    readonly fields: ReadonlyMap<string, ModelField>;
  };
}

/** A {@link ModelTable} as generated code spells it: lists instead of maps, so that no name of a column is a key. */
export interface ModelTableLiteral {
  readonly name: string;
  readonly renamedFrom?: string;
  readonly primaryKey?: readonly string[];
  readonly columns: readonly ModelColumn[];
  readonly firestore?: {
    readonly collection: string;
    readonly idColumn: string;
    readonly fields: readonly ModelField[];
  };
}

/** The table that generated code describes. */
export function modelTable(literal: ModelTableLiteral): ModelTable {
  return {
    name: literal.name,
    columns: new Map(literal.columns.map((column) => [column.name, column])),
    ...(literal.renamedFrom === undefined ? {} : { renamedFrom: literal.renamedFrom }),
    ...(literal.primaryKey === undefined ? {} : { primaryKey: { columns: literal.primaryKey } }),
    ...(literal.firestore === undefined
      ? {}
      : {
          firestore: {
            collection: literal.firestore.collection,
            idColumn: literal.firestore.idColumn,
            fields: new Map(literal.firestore.fields.map((field) => [field.name, field])),
          },
        }),
  };
}
