import type { ColumnCipher } from "./column-cipher.ts";
import { inputOf, type ReadInput } from "./column-input.ts";
import { jsonCodecOf, type JsonCodec } from "./column-json.ts";
import { rowReaderOf, type ReadRow } from "./column-row.ts";
import { decodeOf, encodeOf, type Decode, type Encode } from "./column-text.ts";
import type { ColumnPlace, Keyring } from "./keyring.ts";
import { ModelError } from "./model-error.ts";
import type { ModelColumn, ModelTable } from "./model-table.ts";
import { refuse } from "./value-problem.ts";

/** All that is worked out about a column once, so that nothing is per value. */
export interface ColumnPlan {
  readonly name: string;
  readonly column: ModelColumn;
  /** Input and documents must have it: not null, and PostgreSQL does not fill it in. */
  readonly required: boolean;
  readonly readInput: ReadInput;
  readonly readRow: ReadRow;
  /** Undefined when a row holds the value as it is. */
  readonly writeRow: ((value: unknown) => unknown) | undefined;
  readonly json: JsonCodec;
  readonly decode: Decode;
  readonly encode: Encode;
  /** Of an encrypted column. @throws {ModelError} NO_KEYRING */
  readonly cipher: (() => ColumnCipher) | undefined;
}

/** Whether PostgreSQL fills a column in that an insert leaves out. */
export function hasDefault(column: ModelColumn): boolean {
  return (
    column.default !== undefined ||
    column.type.name === "serial" ||
    column.type.name === "bigserial"
  );
}

/** The plans of a table's columns: all but those of blind indexes, which a model does not show. */
export function columnPlansOf(
  table: ModelTable,
  keyring: Keyring | undefined,
): readonly ColumnPlan[] {
  return [...table.columns.values()]
    .filter((column) => column.blindIndexOf === undefined)
    .map((column) => columnPlanOf(table, column, keyring));
}

function columnPlanOf(
  table: ModelTable,
  column: ModelColumn,
  keyring: Keyring | undefined,
): ColumnPlan {
  const { name, type } = column;
  const decode = decodeOf(type);
  const encode = encodeOf(type);
  const cipher = column.encryption === undefined ? undefined : cipherOf(table, column, keyring);
  return {
    name,
    column,
    required: !column.nullable && !hasDefault(column),
    readInput: inputOf(column),
    readRow:
      cipher === undefined ? rowReaderOf(type) : (value) => decode(cipher().decrypt(textOf(value))),
    writeRow: cipher === undefined ? undefined : (value) => cipher().encrypt(encode(value)),
    json: jsonCodecOf(type),
    decode,
    encode,
    cipher,
  };
}

/** A ciphertext. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : refuse("an encrypted text", value);
}

function cipherOf(
  table: ModelTable,
  column: ModelColumn,
  keyring: Keyring | undefined,
): () => ColumnCipher {
  const [place, ...formerly] = placesOf(table, column);
  const cipher = keyring?.cipherOf(place, formerly);
  return () => {
    if (cipher !== undefined) return cipher;
    throw new ModelError({
      code: "NO_KEYRING",
      message: `The column ${table.name}.${column.name} is encrypted, and no keyring was given.`,
      hint: "Give the keyring of DATA_ENCRYPTION_KEY: modelOf(table, { keyring: parseKeyring(text) }).",
      table: table.name,
      column: column.name,
    });
  };
}

/** Where the values of a column may have been encrypted: here, and under the names that it and its table had before. */
function placesOf(
  table: ModelTable,
  column: ModelColumn,
): readonly [ColumnPlace, ...ColumnPlace[]] {
  const formerly: ColumnPlace[] = [];
  if (column.renamedFrom !== undefined)
    formerly.push({ table: table.name, column: column.renamedFrom });
  if (table.renamedFrom !== undefined) {
    formerly.push({ table: table.renamedFrom, column: column.name });
    if (column.renamedFrom !== undefined)
      formerly.push({ table: table.renamedFrom, column: column.renamedFrom });
  }
  return [{ table: table.name, column: column.name }, ...formerly];
}

/** An object of which nothing is known but that it is one. */
export type Source = Readonly<Record<string, unknown>>;

/** Whether a value is an object with properties, and no array. */
export function isSource(value: unknown): value is Source {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A property, which may be inherited if it is no method: a row may be of a class, and every object has a `constructor`. */
export function readProperty(source: Source, name: string): unknown {
  const part = source[name];
  const isInherited =
    (typeof part === "function" || name === "__proto__") && !Object.hasOwn(source, name);
  return isInherited ? undefined : part;
}
