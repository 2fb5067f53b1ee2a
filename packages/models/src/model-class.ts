import type { JsonObject } from "./json.ts";
import { modelOf } from "./model-of.ts";
import { modelTable, type ModelTable, type ModelTableLiteral } from "./model-table.ts";
import type {
  AnyValue,
  DocumentWithId,
  FromDocumentOptions,
  Model,
  ModelOptions,
} from "./model.ts";

/** The types of one table, as generated code spells them out. */
export interface ModelTypes {
  readonly value: object;
  readonly input: object;
  readonly row: object;
  readonly document: object;
}

/** What an instance can do. A column with the name of a method hides it; the static method of that name is there always. */
export interface ModelMethods<Types extends ModelTypes> {
  /** The row for PostgreSQL. @throws {ModelError} INVALID_VALUE, NO_KEYRING */
  readonly toRow: () => Types["row"];
  /** The document for Firestore; `ownFields` are those that no column has. @throws {ModelError} INVALID_VALUE, NO_DOCUMENTS */
  readonly toDocument: (ownFields?: object) => DocumentWithId<Types["document"]>;
  /** What `JSON.stringify` prints without loss, and `fromJson` reads. */
  readonly toJson: () => JsonObject;
  /** The same, under the name that `JSON.stringify` looks for. */
  readonly toJSON: () => JsonObject;
}

/** An instance: the value's properties, and methods. */
export type ModelInstance<Types extends ModelTypes> = Types["value"] &
  Omit<ModelMethods<Types>, keyof Types["value"]>;

/** A class that makes instances of `Self` from values of a table. */
type Maker<Types extends ModelTypes, Self> = new (value: Types["value"]) => Self;

/** The zod schemas of a table: of input, of a row, of a document with its id, and of each column's input. */
export type ModelSchemas<Types extends ModelTypes> = Pick<
  Model<Types["value"], Types["input"], Types["row"], Types["document"]>,
  "input" | "row" | "document" | "shape"
>;

/** The static side of a generated class. */
export interface ModelClass<Types extends ModelTypes> {
  /** Trusts the value; {@link ModelClass.parse} checks it. */
  new (value: Types["value"]): ModelInstance<Types>;
  /** The zod schemas and codecs of plain values. */
  readonly model: Model<Types["value"], Types["input"], Types["row"], Types["document"]>;
  /** The same class with a keyring for its encrypted columns, or with the values of a Firestore SDK. */
  readonly with: <Class extends ModelClass<Types>>(this: Class, options: ModelOptions) => Class;
  /** @throws {ModelError} INVALID_INPUT with all issues */
  readonly parse: <Self>(this: Maker<Types, Self>, input: unknown) => Self;
  /** A row with every column makes an instance with every property. @throws {ModelError} INVALID_ROW */
  readonly fromRow: {
    <Self>(
      this: Maker<Types, Self>,
      row: Required<Types["row"]>,
    ): Self & Readonly<Required<Types["value"]>>;
    <Self>(this: Maker<Types, Self>, row: object): Self;
  };
  /** `id` is undefined for a document whose id says nothing about the row. @throws {ModelError} INVALID_DOCUMENT, NO_DOCUMENTS */
  readonly fromDocument: <Self>(
    this: Maker<Types, Self>,
    id: string | undefined,
    data: object,
    options?: FromDocumentOptions,
  ) => Self;
  /** Reads the text or the data of `toJson`. @throws {ModelError} INVALID_JSON */
  readonly fromJson: <Self>(this: Maker<Types, Self>, json: unknown) => Self;
  readonly toRow: (value: Types["value"]) => Types["row"];
  readonly toDocument: (
    value: Types["value"],
    ownFields?: object,
  ) => DocumentWithId<Types["document"]>;
  readonly toJson: (value: Types["value"]) => JsonObject;
}

/**
 * The base class of a generated model: `class Client extends ClientModel {}`. Generated code calls it with its table;
 * everything that it does comes from {@link modelOf}.
 */
export function modelClass<Types extends ModelTypes>(
  literal: ModelTableLiteral,
): ModelClass<Types> {
  const made: unknown = classOf(modelTable(literal), {});
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the generated types are derived from this table
  return made as ModelClass<Types>;
}

function classOf(table: ModelTable, options: ModelOptions) {
  let built: Model | undefined;
  // Not before it is used: a program imports all models, and uses few.
  const model = (): Model => (built ??= modelOf(table, options));
  return class TableModel {
    // Not found through `this.constructor`, which may be a column.
    readonly #model: Model;

    constructor(value: AnyValue) {
      this.#model = new.target.model;
      // Once per row that is read: twenty times as fast as property by property.
      if (Object.hasOwn(value, "__proto__")) setEach(this, value);
      else Object.assign(this, value);
    }

    static get model(): Model {
      return model();
    }

    static with(more: ModelOptions): unknown {
      let other: Model | undefined;
      return class extends this {
        static override get model(): Model {
          return (other ??= modelOf(table, { ...options, ...more }));
        }
      };
    }

    static parse(input: unknown): TableModel {
      return new this(this.model.parse(input));
    }

    static fromRow(row: object): TableModel {
      return new this(this.model.fromRow(row));
    }

    static fromDocument(
      id: string | undefined,
      data: object,
      more?: FromDocumentOptions,
    ): TableModel {
      return new this(this.model.fromDocument(id, data, more));
    }

    static fromJson(json: unknown): TableModel {
      return new this(this.model.fromJson(json));
    }

    static toRow(value: AnyValue): object {
      return this.model.toRow(value);
    }

    static toDocument(value: AnyValue, ownFields?: object): DocumentWithId {
      return this.model.toDocument(value, ownFields);
    }

    static toJson(value: AnyValue): JsonObject {
      return this.model.toJson(value);
    }

    toRow(): object {
      return this.#model.toRow(ownProperties(this));
    }

    toDocument(ownFields?: object): DocumentWithId {
      return this.#model.toDocument(ownProperties(this), ownFields);
    }

    toJson(): JsonObject {
      return this.#model.toJson(ownProperties(this));
    }

    toJSON(): JsonObject {
      return this.#model.toJson(ownProperties(this));
    }
  };
}

/** `Object.assign` for a value with a column that is called like the prototype. */
function setEach(target: object, value: AnyValue): void {
  for (const [name, part] of Object.entries(value)) {
    if (name !== "__proto__") Reflect.set(target, name, part);
    else Object.defineProperty(target, name, { value: part, enumerable: true, writable: true });
  }
}

/** The columns of an instance, without its methods. */
function ownProperties(instance: object): AnyValue {
  return { ...instance };
}
