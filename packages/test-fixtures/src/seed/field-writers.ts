import { encoderOf } from "@ctb-data/models";
import { copyEncoderOf } from "@ctb-data/postgres";
import type { ColumnType } from "@ctb-data/registry";
import { unitIndex } from "../factories/key-units.ts";
import { mix } from "../factories/random.ts";
import type { MadeColumn, TableMaker } from "../factories/table-maker.ts";
import type { Workshop } from "../factories/workshop.ts";
import { FixtureError } from "../fixture-error.ts";

/** The field of a row, as COPY's text format has it: of the number of the row among those that are written, from 0. */
export type WriteField = (number: number) => string;

const textType: ColumnType = { name: "text", kind: "text", dimensions: 0 };

/** A text of PostgreSQL as a field. */
export const fieldOfText: (text: unknown) => string = copyEncoderOf(textType);

/** One of a list of fields, by chance and always the same one. */
export function pooledField(pool: readonly string[], stream: number): WriteField {
  const { length } = pool;
  return (number) => pool[mix(number ^ stream) % length] ?? "\\N";
}

/** Where the values of a key's column begin, and which are not to be used. */
export interface KeyStart {
  /** Is added to the number of the value. */
  readonly from: number;
  /** The only values that are left, as PostgreSQL's texts. */
  readonly free?: readonly string[];
}

interface KeyFieldParts {
  readonly workshop: Workshop;
  readonly maker: TableMaker;
  readonly column: MadeColumn;
  readonly start: KeyStart;
  /** How many rows are written. */
  readonly rows: number;
}

/** A column of a key: each row has its own value, as far as the key needs it. */
export function keyField(parts: KeyFieldParts): WriteField {
  const { column, start } = parts;
  const { unit = { divisor: 1, modulus: Number.MAX_SAFE_INTEGER } } = column;
  const { free } = start;
  if (free !== undefined) {
    const fields = free.map(fieldOfText);
    return (number) => fields[unitIndex(unit, number)] ?? exhausted(parts);
  }
  const write = numberedField(parts) ?? textField(parts) ?? anyField(parts);
  return unit.divisor === 1
    ? (number) => write(start.from + (number % unit.modulus))
    : (number) => write(start.from + unitIndex(unit, number));
}

function exhausted({ maker, column }: KeyFieldParts): never {
  throw new FixtureError(
    "CANNOT_MAKE",
    `The column ${maker.table.name}.${column.name} has no more values that are not there yet.`,
    { table: maker.table.name, column: column.name, hint: "Write fewer rows, or empty the table first." },
  );
} // prettier-ignore

/** Integers that count up need nothing but their number. */
function numberedField({ workshop, column, start, rows }: KeyFieldParts): WriteField | undefined {
  const { kind, dimensions } = column.column.type;
  const { ascending } = column.maker;
  const isInteger = (kind === "int16" || kind === "int32" || kind === "int64") && dimensions === 0;
  if (!isInteger || column.column.encryption || (ascending?.length ?? 0) < start.from + rows) return undefined; // prettier-ignore
  const first = Number(column.maker.nth(0, workshop.contextOf(column.stream, 0)));
  if (!Number.isSafeInteger(first + start.from + rows)) return undefined;
  return (index) => String(first + index);
}

/** How many beginnings and ends of texts there are. */
const poolSize = 2048;

/** Texts of words and a number: the words are of a pool, the number is put between them. */
function textField(parts: KeyFieldParts): WriteField | undefined {
  const { workshop, maker, column, start, rows } = parts;
  const { type, encryption } = column.column;
  const { numberIn } = column.maker;
  if (numberIn === undefined || encryption || type.dimensions > 0 || type.name === "char") return undefined; // prettier-ignore
  const last = start.from + rows;
  const pattern = new RegExp(numberIn, "du");
  const encode = storedEncoder(maker, column);
  const pairs = Array.from({ length: Math.min(poolSize, rows) }, (_, index) => {
    const context = workshop.contextOf(column.stream, index);
    const text = encode(column.maker.nth(last - 1, context));
    const [from = 0, to = 0] = pattern.exec(text ?? "")?.indices?.[1] ?? [];
    if (text === undefined || to === from || text.slice(from, to) !== String(last)) return undefined;
    return [text.slice(0, from), text.slice(to)] as const;
  }); // prettier-ignore
  const fits = (pair: (typeof pairs)[number]): pair is readonly [string, string] => {
    if (pair === undefined) return false;
    // The shortest number must leave a text that is long enough, too.
    return maker.model.shape[column.name]?.safeParse(unescaped(`${pair[0]}1${pair[1]}`)).success === true; // prettier-ignore
  };
  const good = pairs.filter(fits);
  if (good.length === 0) return undefined;
  const { stream } = column;
  return (index) => {
    const [before, behind] = good[mix(index ^ stream) % good.length] ?? ["", ""];
    return `${before}${index + 1}${behind}`;
  };
}

const unescaped = (field: string): string =>
  field.replaceAll(/\\(.)/g, (_, character: string) => ({ n: "\n", r: "\r", t: "\t" })[character] ?? character); // prettier-ignore

/** Any other value, made one by one. */
function anyField(parts: KeyFieldParts): WriteField {
  const { workshop, maker, column } = parts;
  const encode = storedEncoder(maker, column);
  return (index) => {
    const context = workshop.contextOf(column.stream, index);
    return encode(column.maker.nth(index, context)) ?? exhausted(parts);
  };
}

/** What an encrypted column stores, and the column of its blind index: both are asked for a row after the other. */
export function encryptedFields(
  parts: KeyFieldParts,
): (number: number, column: string) => string {
  const { workshop, maker, column, start } = parts;
  const { unit = { divisor: 1, modulus: Number.MAX_SAFE_INTEGER } } = column;
  const schema = maker.model.shape[column.name];
  let last = -1;
  let stored: object = {};
  return (number, name) => {
    if (number !== last) {
      const index = start.from + unitIndex(unit, number);
      const read = schema?.safeParse(column.maker.nth(index, workshop.contextOf(column.stream, index)));
      if (read?.success !== true || read.data === undefined) return exhausted(parts);
      stored = maker.model.toRow({ [column.name]: read.data });
      last = number;
    }
    return fieldOfText(Reflect.get(stored, name));
  };
} // prettier-ignore

/** What a column stores for an input, as a field; undefined when the model does not take it. */
function storedEncoder(
  { model }: TableMaker,
  { name, column }: MadeColumn,
): (value: unknown) => string | undefined {
  const encode = copyEncoderOf(column.type);
  const schema = model.shape[name];
  return (input) => {
    const read = input === undefined ? undefined : schema?.safeParse(input);
    if (read?.success !== true || read.data === undefined || read.data === null) return undefined;
    return encode(read.data);
  };
}

/** What PostgreSQL prints for an input of a column, to compare it with what is there. */
export function textOf({ model }: TableMaker, { name, column }: MadeColumn): (input: unknown) => string | undefined {
  const encode = encoderOf(column.type);
  return (input) => {
    const read = input === undefined ? undefined : model.shape[name]?.safeParse(input);
    return read?.success === true && read.data !== undefined && read.data !== null ? encode(read.data) : undefined;
  };
} // prettier-ignore
