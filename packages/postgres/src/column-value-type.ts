import {
  decoderOf,
  encoderOf,
  modelOf,
  type Keyring,
  type Model,
  type ModelColumn,
} from "@ctb-data/models";
import type { ColumnType } from "@ctb-data/registry";
import { JsonType, Type } from "@mikro-orm/core";

// MikroORM copies property types without their constructors: their state is in functions, and no field is a true private one.

/** What a property of an entity holds, and how it is stored. */
export interface ColumnValue {
  readonly type: ColumnType;
  readonly columnType: string;
  /** Checks what an application gives, and makes a model's value of it. */
  readonly input: Model["shape"][string] | undefined;
}

/** Kinds whose values are texts themselves, so that there is nothing to read. Any other text is one of PostgreSQL's. */
const textKinds = new Set<ColumnType["kind"]>(["text", "uuid", "inet", "enum", "json"]);

/** A property with the value of a model: microseconds, `bigint`, exact numbers, infinity. */
export class ColumnValueType extends Type<unknown, unknown> {
  private readonly columnType: string;
  private readonly encode: (value: unknown) => string;
  private readonly decode: (value: unknown) => unknown;

  constructor(value: ColumnValue) {
    super();
    this.columnType = value.columnType;
    this.encode = inputEncoder(value);
    this.decode = valueDecoder(value.type);
  }

  override convertToDatabaseValue(value: unknown): unknown {
    return value === null || value === undefined ? value : this.encode(value);
  }

  override convertToJSValue(value: unknown): unknown {
    return this.decode(value);
  }

  override getColumnType(): string {
    return this.columnType;
  }
}

/** A JSON property: MikroORM asks for paths in it. */
export class JsonValueType extends JsonType {
  private readonly columnType: string;
  private readonly encode: (value: unknown) => string;

  constructor(value: ColumnValue) {
    super();
    this.columnType = value.columnType;
    this.encode = inputEncoder(value);
  }

  override convertToDatabaseValue(value: unknown): string | null {
    return value === null || value === undefined ? null : this.encode(value);
  }

  /** The driver has read it already, without loss. */
  override convertToJSValue(value: unknown): unknown {
    return value;
  }

  override getColumnType(): string {
    return this.columnType;
  }
}

/** A property whose column holds ciphertext. */
export class EncryptedType extends Type<unknown, string | null> {
  private readonly encrypt: (value: unknown) => string;
  private readonly decrypt: (ciphertext: string) => unknown;
  private readonly plaintext: (ciphertext: string) => string;

  constructor(model: Model, column: string) {
    super();
    this.encrypt = (value) =>
      String(Reflect.get(model.toRow(model.parse({ [column]: value })), column));
    this.decrypt = (ciphertext) => model.fromRow({ [column]: ciphertext })[column];
    this.plaintext = (ciphertext) =>
      JSON.stringify(model.toJson(model.fromRow({ [column]: ciphertext })));
  }

  override convertToDatabaseValue(value: unknown): string | null {
    return value === null || value === undefined ? null : this.encrypt(value);
  }

  override convertToJSValue(value: string | null): unknown {
    return value === null ? null : this.decrypt(value);
  }

  /** The same value has another ciphertext every time. */
  override compareValues(one: string | null, other: string | null): boolean {
    if (one === other) return true;
    return one !== null && other !== null && this.plaintext(one) === this.plaintext(other);
  }

  override ensureComparable(): boolean {
    return false;
  }

  override getColumnType(): string {
    return "text";
  }
}

/** The model of some columns of a table: for values one by one. */
export function columnModel(
  table: { readonly name: string; readonly renamedFrom?: string },
  columns: readonly ModelColumn[],
  keyring: Keyring | undefined,
): Model {
  return modelOf(
    {
      name: table.name,
      ...(table.renamedFrom !== undefined && { renamedFrom: table.renamedFrom }),
      columns: new Map(columns.map((column) => [column.name, column])),
    },
    keyring ? { keyring } : {},
  );
}

function valueDecoder(type: ColumnType): (value: unknown) => unknown {
  const decode = decoderOf(type);
  const isText = type.dimensions > 0 || !textKinds.has(type.kind);
  return (value) => {
    if (isText && typeof value === "string") return decode(value);
    return type.kind === "int64" && typeof value === "number" ? BigInt(value) : value;
  };
}

/** An application may give a `Date`, or a number for a bigint, as for models; MikroORM makes texts of keys. */
function inputEncoder({ type, input }: ColumnValue): (value: unknown) => string {
  const encode = encoderOf(type);
  const decode = valueDecoder(type);
  return (value) => {
    try {
      return encode(value);
    } catch (error) {
      const parsed = input?.safeParse(value);
      if (parsed?.success === true && parsed.data !== null) return encode(parsed.data);
      if (typeof value !== "string") throw error;
      return encode(decode(value));
    }
  };
}
