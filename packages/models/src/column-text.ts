import type { ColumnType, ValueKind } from "@ctb-data/registry";
import { formatArray, parseArray } from "./array-text.ts";
import { calendarTime, formatCalendarTime, parseTimestamp } from "./calendar.ts";
import { formatFloat32, formatFloat64 } from "./float-text.ts";
import { jsonFromText, jsonToText } from "./json.ts";
import { ModelError, type ModelErrorCode } from "./model-error.ts";
import type { ModelValue } from "./model-value.ts";
import { refuse, ValueProblem } from "./value-problem.ts";

/** A registry's type, or a kind for a plain value of it (`json` for `jsonb`). */
export type TextType = ColumnType | ValueKind;

/** Reads a text of PostgreSQL. */
export type Decode = (text: string) => ModelValue;
/** Prints a text for PostgreSQL. */
export type Encode = (value: unknown) => string;

/**
 * Compiles the reader of PostgreSQL's text of a type: make it once per column, it is what runs per value. It trusts
 * that the text is PostgreSQL's, printed with DateStyle ISO, IntervalStyle postgres and bytea_output hex.
 *
 * @throws {ModelError} INVALID_TEXT, from the reader, for a text that cannot be read
 */
export function decoderOf(type: TextType): Decode {
  const decode = decodeOf(type);
  return (text) => {
    try {
      return decode(text);
    } catch (error) {
      throw textError("INVALID_TEXT", type, error);
    }
  };
}

/**
 * Compiles the printer of PostgreSQL's text of a type: of a model's value (not null) exactly what PostgreSQL itself
 * prints. What a number or a text may be in the column, PostgreSQL checks.
 *
 * @throws {ModelError} INVALID_VALUE, from the printer, for a value that is not a model's of the type
 */
export function encoderOf(type: TextType): Encode {
  const encode = encodeOf(type);
  return (value) => {
    try {
      return encode(value);
    } catch (error) {
      throw textError("INVALID_VALUE", type, error);
    }
  };
}

/** What a {@link ValueProblem} of a text or value becomes when nothing more is known about it. */
export function textError(code: ModelErrorCode, type: TextType, error: unknown): unknown {
  if (!(error instanceof ValueProblem)) return error;
  const name = typeof type === "string" ? type : type.name;
  return new ModelError({
    code,
    message: `A ${code === "INVALID_TEXT" ? "text" : "value"} of type ${name} ${error.message}.`,
    issues: [{ path: error.path, code: error.code, message: error.message }],
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** The kind of a type. */
export const kindOf = (type: TextType): ValueKind => (typeof type === "string" ? type : type.kind);
/** How deep the arrays of a type are: 0 for plain values. */
export const dimensionsOf = (type: TextType): number =>
  typeof type === "string" ? 0 : type.dimensions;

/** Like {@link decoderOf}, and throws a {@link ValueProblem}. */
export function decodeOf(type: TextType): Decode {
  const decode = decoders[kindOf(type)];
  const dimensions = dimensionsOf(type);
  if (dimensions === 0) return decode;
  if (kindOf(type) !== "json") return (text) => parseArray(text, decode);
  return (text) => {
    const array = parseArray(text, decode);
    // An element of jsonb[] may be a JavaScript array itself: only the declared dimensions tell them apart.
    if (array.length > 0 && depthOfText(text) !== dimensions) {
      throw new ValueProblem(
        "wrong_format",
        `has another number of dimensions than the ${dimensions} of its type`,
      );
    }
    return array;
  };
}

const depthOfText = (text: string): number =>
  /^[\s{]*/.exec(text)?.[0].replaceAll(/\s/g, "").length ?? 0;

/** Like {@link encoderOf}, and throws a {@link ValueProblem}. */
export function encodeOf(type: TextType): Encode {
  const kind = kindOf(type);
  const isJsonText = typeof type !== "string" && type.name === "json";
  const encode = isJsonText ? (value: unknown) => jsonToText(value, "json") : encoders[kind];
  if (dimensionsOf(type) === 0) return encode;
  const isArray = arrayTest(type);
  return (value) =>
    Array.isArray(value) ? formatArray(value, encode, isArray) : refuse("an array", value);
}

/** Tells an element that is an array of the array from one that is a value of it. */
export function arrayTest(
  type: TextType,
): (value: unknown, depth: number) => value is readonly unknown[] {
  const dimensions = dimensionsOf(type);
  return kindOf(type) === "json"
    ? (value, depth): value is readonly unknown[] => depth < dimensions && Array.isArray(value)
    : (value, _depth): value is readonly unknown[] => Array.isArray(value);
}

const same: Decode = (text) => text;

const decoders: Readonly<Record<ValueKind, Decode>> = {
  int16: decodeInteger,
  int32: decodeInteger,
  int64: (text) => (integer.test(text) ? BigInt(text) : notRead("an integer")),
  decimal: same,
  float32: decodeFloat,
  float64: decodeFloat,
  boolean: (text) => (text === "t" ? true : text === "f" ? false : notRead("t or f")),
  text: same,
  uuid: same,
  date: same,
  time: same,
  timestamp: decodeTimestamp,
  timestamptz: decodeTimestamptz,
  interval: same,
  json: jsonFromText,
  bytes: decodeBytes,
  inet: same,
  enum: same,
};

function notRead(expected: string): never {
  throw new ValueProblem("wrong_format", `is not ${expected}`);
}

const integer = /^-?\d+$/;

function decodeInteger(text: string): number {
  return integer.test(text) ? Number(text) : notRead("an integer");
}

function decodeFloat(text: string): number {
  const value = Number(text);
  if (Number.isNaN(value) ? text !== "NaN" : text === "") notRead("a number");
  return value;
}

function decodeTimestamp(text: string): string {
  const space = text.indexOf(" ");
  return space === -1 ? text : `${text.slice(0, space)}T${text.slice(space + 1)}`;
}

function decodeTimestamptz(text: string): string {
  const space = text.indexOf(" ");
  if (space === -1) return text;
  if (text.endsWith("+00")) return `${text.slice(0, space)}T${text.slice(space + 1, -3)}Z`;
  // The session's time zone is another one.
  const { time, offsetSeconds } = parseTimestamp(text);
  const micros = time.micros - (offsetSeconds ?? notRead("a point in time with its offset")) * 1e6;
  return formatCalendarTime(calendarTime(time.days, micros), "Z");
}

function decodeBytes(text: string): Uint8Array {
  if (!text.startsWith(String.raw`\x`)) return decodeEscapedBytes(text);
  const bytes = new Uint8Array(Buffer.from(text.slice(2), "hex"));
  return bytes.length * 2 + 2 === text.length ? bytes : notRead("hexadecimal bytes");
}

/** What a session with `bytea_output = 'escape'` prints: `\000`, `\\`, and ASCII as it is. */
function decodeEscapedBytes(text: string): Uint8Array {
  const bytes: number[] = [];
  const part = /\\(?<octal>[0-3][0-7]{2})|(?<backslash>\\\\)|[^\\\u{80}-\u{10ffff}]/uy;
  while (part.lastIndex < text.length) {
    const found = part.exec(text) ?? notRead("bytes");
    const octal = found.groups?.["octal"];
    bytes.push(octal === undefined ? found[0].charCodeAt(0) : Number.parseInt(octal, 8));
  }
  return Uint8Array.from(bytes);
}

const encodeString: Encode = (value) =>
  typeof value === "string" ? value : refuse("a text", value);

const encoders: Readonly<Record<ValueKind, Encode>> = {
  int16: encodeInteger,
  int32: encodeInteger,
  int64: (value) => (typeof value === "bigint" ? String(value) : refuse("a bigint", value)),
  decimal: encodeString,
  float32: (value) =>
    typeof value === "number" ? formatFloat32(value) : refuse("a number", value),
  float64: (value) =>
    typeof value === "number" ? formatFloat64(value) : refuse("a number", value),
  boolean: (value) => (value === true ? "t" : value === false ? "f" : refuse("a boolean", value)),
  text: encodeString,
  uuid: encodeString,
  date: encodeString,
  time: encodeString,
  timestamp: (value) => encodeTimestamp(value, ""),
  timestamptz: (value) => encodeTimestamp(value, "+00"),
  interval: encodeString,
  json: (value) => jsonToText(value, "jsonb"),
  bytes: encodeBytes,
  inet: encodeString,
  enum: encodeString,
};

function encodeInteger(value: unknown): string {
  if (typeof value !== "number") return refuse("a number", value);
  return Number.isSafeInteger(value) ? String(value + 0) : notRead("an integer");
}

function encodeTimestamp(value: unknown, offset: "" | "+00"): string {
  if (typeof value !== "string") return refuse("a text such as 2026-01-31T04:05:06", value);
  const letter = value.indexOf("T");
  if (letter === -1) return value;
  const clock = value.slice(letter + 1);
  return `${value.slice(0, letter)} ${offset === "" ? clock : clock.replace("Z", offset)}`;
}

function encodeBytes(value: unknown): string {
  if (!(value instanceof Uint8Array)) return refuse("a Uint8Array", value);
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return String.raw`\x` + buffer.toString("hex");
}
