import type { z } from "zod";
import type { DocumentTypes } from "./document-types.ts";
import type { JsonObject } from "./json.ts";
import type { Keyring } from "./keyring.ts";
import type { ModelTable } from "./model-table.ts";
import type { ModelValue } from "./model-value.ts";

/** The values of a table of which nothing is known at compile time. */
export type AnyValue = Readonly<Record<string, ModelValue>>;

/** A document as Firestore has it. */
export interface DocumentWithId<Data extends object = object> {
  readonly id: string;
  readonly data: Data;
}

/** The zod schema of each column's input, for schemas of one's own: `z.object({ email: Client.model.shape.email })`. */
export type ModelShape<Value, Input> = {
  readonly [Name in keyof Value & keyof Input]-?: z.ZodType<
    {} extends Pick<Value, Name> ? Value[Name] | undefined : Value[Name],
    {} extends Pick<Input, Name> ? Input[Name] | undefined : Input[Name]
  >;
};

/**
 * What is derived from one table: its zod schemas, and codecs between the model's value, a PostgreSQL row, a Firestore
 * document and JSON. A property that is missing stays missing in all of them; it is not null.
 */
export interface Model<
  Value extends object = AnyValue,
  Input extends object = Readonly<Record<string, unknown>>,
  Row extends object = Readonly<Record<string, unknown>>,
  Data extends object = Readonly<Record<string, unknown>>,
> {
  readonly table: ModelTable;
  /** What an application may give, and the value that it becomes. Unknown properties are refused. */
  readonly input: z.ZodType<Value, Input>;
  /** `z.decode` reads a row, `z.encode` makes one. */
  readonly row: z.ZodType<Value, Row>;
  /** `z.decode` reads a document, `z.encode` makes one. */
  readonly document: z.ZodType<Value, DocumentWithId<Data>>;
  /** The zod schema of each column's input. */
  readonly shape: ModelShape<Value, Input>;
  /** @throws {ModelError} INVALID_INPUT with all issues. */
  readonly parse: (input: unknown) => Value;
  /** Reads a row of any driver; columns that the table does not have are left out. @throws {ModelError} INVALID_ROW */
  readonly fromRow: (row: object) => Value;
  /** Encrypts, and adds blind indexes. @throws {ModelError} INVALID_VALUE */
  readonly toRow: (value: Value) => Row;
  /** Reads a document; `id` undefined for one whose id says nothing about the row. @throws {ModelError} INVALID_DOCUMENT */
  readonly fromDocument: (
    id: string | undefined,
    data: object,
    options?: FromDocumentOptions,
  ) => Value;
  /** `ownFields` are those that no column has. @throws {ModelError} INVALID_VALUE, NO_DOCUMENTS */
  readonly toDocument: (value: Value, ownFields?: object) => DocumentWithId<Data>;
  /** The fields of a document that no column has. @throws {ModelError} INVALID_DOCUMENT */
  readonly ownFields: (data: object) => Readonly<Record<string, unknown>>;
  /** What `JSON.stringify` prints without loss. @throws {ModelError} INVALID_VALUE */
  readonly toJson: (value: Value) => JsonObject;
  /** Reads the text or the data of `toJson`. @throws {ModelError} INVALID_JSON */
  readonly fromJson: (json: unknown) => Value;
  /** Where to look for a value of an encrypted column: `where column in (values)`. @throws {ModelError} NO_BLIND_INDEX */
  readonly lookup: (
    column: string,
    value: unknown,
  ) => { readonly column: string; readonly values: readonly string[] };
}

export interface FromDocumentOptions {
  /** Fields that the registry does not know: left out unless it says `refuse`. */
  readonly unknownFields?: "ignore" | "refuse";
}

export interface ModelOptions {
  /** Needed to read or write the encrypted columns of a table. */
  readonly keyring?: Keyring;
  /** How document values are made: {@link neutralDocumentTypes} unless told otherwise. */
  readonly documentTypes?: DocumentTypes;
}
