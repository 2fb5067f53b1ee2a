import {
  inputReaderOf,
  ModelError,
  valueFromText,
  valueToText,
  type Json,
  type Keyring,
  type Model,
  type ModelValue,
} from "@ctb-data/models";
import { documentTypesOf, formatColumnType, type Column, type Table } from "@ctb-data/registry";
import type { FieldFailure } from "../failure.ts";
import { failuresOf } from "./field-failures.ts";
import { modelOfColumn, noId } from "./field-model.ts";
import { quickValueOf, type QuickValue } from "./quick-value.ts";
import { isObject, memberOf, textIn } from "./raw-fields.ts";
import { RawValueError, valueOfRaw, type RawValueOptions } from "./raw-value.ts";

export interface FieldReaderOptions {
  /** `projects/p/databases/d` */
  readonly database: string;
  readonly keyring?: Keyring | undefined;
}

/** What a field turned out to be. */
export type ReadField =
  | { readonly value: ModelValue; readonly failures?: undefined }
  | { readonly failures: readonly FieldFailure[] };

/** Reads and writes the field that holds a column, in the registry's usual type of it. */
export class FieldReader {
  readonly column: Column;
  /** Whether every document must have it. */
  readonly isRequired: boolean;
  readonly #model: Model;
  readonly #raw: RawValueOptions;
  readonly #check: (value: unknown) => ModelValue;
  readonly #quick: QuickValue;
  readonly #isText: boolean;

  /** @throws {ModelError} NO_KEYRING for an encrypted column */
  constructor(table: Table, column: Column, { database, keyring }: FieldReaderOptions) {
    this.column = column;
    const isPlain = column.encryption === undefined;
    this.#isText = isPlain && documentTypesOf(column.type).length === 0;
    this.#model = modelOfColumn(table, column, keyring);
    this.#raw = { database, isJson: isPlain && column.type.kind === "json" };
    this.#check = inputReaderOf(column);
    this.#quick = isPlain && !this.#isText ? quickValueOf(column.type) : (): undefined => undefined;
    this.isRequired = this.#refuses({});
    if (!isPlain) this.#askForKeys();
  }

  /** Judges the field as it is in a raw line. */
  read(raw: unknown): ReadField {
    if (isObject(raw) && raw["nullValue"] === null && this.column.nullable) return nothing;
    const quick = this.#quick(raw);
    if (quick !== undefined) {
      try {
        return { value: this.#check(quick) };
      } catch {
        // Said exactly below.
      }
    }
    return this.readLong(raw);
  }

  /** The same by the model of documents alone: what the short way must agree with. */
  readLong(raw: unknown): ReadField {
    try {
      const value = this.#valueOf(raw);
      return { value: value === null ? null : this.#check(value) };
    } catch (error) {
      return { failures: failuresOf(this.column.name, error) };
    }
  }

  #valueOf(raw: unknown): ModelValue {
    const { name, type } = this.column;
    if (this.#isText) return this.#valueOfText(raw);
    const value = valueOfRaw(raw, this.#raw);
    if (!this.#raw.isJson && isMap(raw))
      throw new RawValueError("wrong_type", `must be ${formatColumnType(type)}, not a map`);
    const read = this.#model.fromDocument(undefined, { [name]: value })[name];
    return read ?? null;
  }

  /** Documents have no arrays of arrays: they hold PostgreSQL's text of them. */
  #valueOfText(raw: unknown): ModelValue {
    const { name, type } = this.column;
    const text = textIn(raw);
    if (text !== undefined) return valueFromText(type, text);
    if (memberOf(raw, "nullValue") === null)
      return this.#model.parse({ [name]: null })[name] ?? null;
    throw new RawValueError(
      "wrong_type",
      `must be PostgreSQL's text of an array, such as {{1,2},{3,4}}`,
    );
  }

  /**
   * The value of the field, for `raw.lineOf`.
   *
   * @throws {ModelError} INVALID_VALUE
   */
  write(value: ModelValue): unknown {
    const { name, type } = this.column;
    if (value === null) return null;
    if (this.#isText) return valueToText(type, value);
    return this.#model.toDocument({ [name]: value, [noId]: "-" }).data[name];
  }

  /** The value as JSON without loss. @throws {ModelError} INVALID_VALUE */
  jsonOf(value: ModelValue): Json {
    return this.#model.toJson({ [this.column.name]: value })[this.column.name] ?? null;
  }

  #refuses(input: object): boolean {
    try {
      this.#model.parse(input);
      return false;
    } catch (error) {
      if (error instanceof ModelError && error.code === "INVALID_INPUT") return true;
      throw error;
    }
  }

  /** @throws {ModelError} NO_KEYRING */
  #askForKeys(): void {
    try {
      this.#model.fromDocument(undefined, { [this.column.name]: "" });
    } catch (error) {
      if (error instanceof ModelError && error.code === "NO_KEYRING") throw error;
    }
  }
}

const nothing: ReadField = { value: null };

function isMap(raw: unknown): boolean {
  const fields = memberOf(raw, "mapValue", "fields");
  return (
    memberOf(raw, "mapValue") !== undefined &&
    memberOf(fields, "__type__", "stringValue") !== "__vector__"
  );
}
