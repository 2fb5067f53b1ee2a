import { FirestoreError, type Firestore } from "@ctb-data/firestore";
import {
  modelOf,
  ModelError,
  type Model,
  type ModelColumn,
  type ModelTable,
} from "@ctb-data/models";
import type { DocumentMapping, Table } from "@ctb-data/registry";
import { fieldOfLine } from "./document-line.ts";
import type { ScannedRow } from "./row-source.ts";

/** Makes documents of rows. Encrypted columns stay as they are: a ciphertext belongs to its column, in both stores. */
export class RowDocuments {
  readonly #model: Model;
  /** In it anything may be missing. */
  readonly #loose: Model;
  readonly #firestore: Firestore;
  readonly #mapping: DocumentMapping;

  constructor(table: Table, mapping: DocumentMapping, firestore: Firestore) {
    const shown = withCiphertexts(table, mapping);
    this.#model = modelOf(shown, { documentTypes: firestore.types });
    this.#firestore = firestore;
    this.#mapping = mapping;
    this.#loose = this.#looseModel();
  }

  /** The raw line of a row's document, or why there can be none: a sentence without any value. */
  lineOf(row: ScannedRow): { readonly line: string } | { readonly fault: string } {
    try {
      const { id, data } = this.#model.toDocument(this.#model.fromRow(row.columns));
      return { line: this.#firestore.raw.lineOf(`${this.#mapping.collection}/${id}`, data) };
    } catch (error) {
      return { fault: faultOf(error) };
    }
  }

  /** The value of one field of a row's document, as Firestore's REST has it. */
  fieldOf(
    row: ScannedRow,
    field: string,
  ): { readonly value: unknown } | { readonly fault: string } {
    const { idColumn, collection, fields } = this.#mapping;
    const column = fields.get(field)?.column ?? field;
    const some = { [idColumn]: row.columns[idColumn], [column]: row.columns[column] };
    try {
      const { id, data } = this.#loose.toDocument(this.#loose.fromRow(some));
      const line = this.#firestore.raw.lineOf(`${collection}/${id}`, data);
      return { value: fieldOfLine(line, field) };
    } catch (error) {
      return { fault: faultOf(error) };
    }
  }

  #looseModel(): Model {
    const { table } = this.#model;
    const columns = [...table.columns].map(
      ([name, column]) => [name, { ...column, nullable: true }] as const,
    );
    const own = [...(table.firestore?.fields ?? [])].filter(
      ([, { column }]) => column !== undefined,
    );
    const loose: ModelTable = {
      ...table,
      columns: new Map<string, ModelColumn>(columns),
      ...(table.firestore && { firestore: { ...table.firestore, fields: new Map(own) } }),
    };
    return modelOf(loose, { documentTypes: this.#firestore.types });
  }
}

function withCiphertexts(table: Table, mapping: DocumentMapping): ModelTable {
  const text = { name: "text", kind: "text", dimensions: 0 } as const;
  const mapped = new Set([...mapping.fields.values()].map(({ column }) => column));
  const columns = [...table.columns.values()]
    .filter(({ name }) => name === mapping.idColumn || mapped.has(name))
    .map((column): readonly [string, ModelColumn] => {
      const { name, nullable, encryption } = column;
      return [name, encryption === undefined ? column : { name, type: text, nullable }];
    });
  return { name: table.name, columns: new Map(columns), firestore: mapping };
}

function faultOf(error: unknown): string {
  if (error instanceof ModelError) return error.message;
  if (error instanceof FirestoreError && error.code === "INVALID_VALUE") return error.message;
  throw error;
}
