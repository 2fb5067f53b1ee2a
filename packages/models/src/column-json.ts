import { inputOf, type ReadInput } from "./column-input.ts";
import { dimensionsOf, kindOf, type TextType } from "./column-text.ts";
import {
  isJsonNull,
  isRawJson,
  jsonFromText,
  jsonNull,
  jsonToText,
  rawJson,
  setOwn,
  toJson,
  type Json,
} from "./json.ts";
import { refuse, ValueProblem } from "./value-problem.ts";

/** How a column's value (not null) stands in JSON. Both throw {@link ValueProblem}. */
export interface JsonCodec {
  readonly write: (value: unknown) => Json;
  readonly read: ReadInput;
}

/**
 * The codec of a column in JSON: a bigint is a text, bytes are base64, and so are the floats that JSON does not have
 * (`"NaN"`). Data of a json column stays as it is; the JSON value null is `{"$json": "null"}`, because null is SQL's.
 */
export function jsonCodecOf(type: TextType): JsonCodec {
  const plain = plainJsonCodecOf(type);
  const dimensions = dimensionsOf(type);
  if (dimensions === 0) return plain;
  const isArray = (value: unknown, depth: number): value is readonly unknown[] =>
    Array.isArray(value) && (kindOf(type) !== "json" || depth <= dimensions);
  const write = (items: readonly unknown[], depth: number): Json =>
    items.map((item) => {
      if (item === null) return null;
      return isArray(item, depth + 1) ? write(item, depth + 1) : plain.write(item);
    });
  const read = (items: readonly unknown[], depth: number): readonly unknown[] =>
    items.map((item) => {
      if (item === null) return null;
      return isArray(item, depth + 1) ? read(item, depth + 1) : plain.read(item);
    });
  const check = inputOf({ type });
  return {
    write: (value) => (Array.isArray(value) ? write(value, 1) : refuse("an array", value)),
    read: (value) => (Array.isArray(value) ? check(read(value, 1)) : refuse("an array", value)),
  };
}

function plainJsonCodecOf(type: TextType): JsonCodec {
  const kind = kindOf(type);
  const input = inputOf({
    type: typeof type === "string" ? type : { ...type, dimensions: 0 },
  });
  switch (kind) {
    case "int64":
      return {
        write: (value) => (typeof value === "bigint" ? String(value) : refuse("a bigint", value)),
        read: input,
      };
    case "float32":
    case "float64":
      return {
        write: writeFloat,
        read: (value) => input(typeof value === "string" ? floatOf(value) : value),
      };
    case "decimal":
      // A JSON number with more digits than a double has.
      return {
        write: writePlain,
        read: (value) => input(isRawJson(value) ? value.rawJSON : value),
      };
    case "bytes":
      return {
        write: (value) =>
          value instanceof Uint8Array
            ? Buffer.from(value).toString("base64")
            : refuse("a Uint8Array", value),
        read: readBytes,
      };
    case "json":
      return { write: writeJson, read: (value) => input(readJson(value)) };
    case "boolean":
    case "date":
    case "enum":
    case "inet":
    case "int16":
    case "int32":
    case "interval":
    case "text":
    case "time":
    case "timestamp":
    case "timestamptz":
    case "uuid":
    default:
      return { write: writePlain, read: input };
  }
}

function writePlain(value: unknown): Json {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return refuse("a text, a number or a boolean", value);
}

function writeFloat(value: unknown): Json {
  if (typeof value !== "number") return refuse("a number", value);
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
}

function floatOf(text: string): number {
  if (text === "NaN" || text === "-0" || text === "Infinity" || text === "-Infinity")
    return Number(text);
  throw new ValueProblem(
    "wrong_format",
    "must be a number, or one of the texts NaN, Infinity, -Infinity and -0",
  );
}

function readBytes(value: unknown): Uint8Array {
  if (typeof value !== "string") return refuse("a text in base64", value);
  const bytes = Buffer.from(value, "base64");
  if (bytes.toString("base64") !== value) throw new ValueProblem("wrong_format", "is not base64");
  return new Uint8Array(bytes);
}

const isWrapper = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).join() === "$json";

function writeJson(value: unknown): Json {
  if (isJsonNull(value) || isWrapper(value)) return { $json: jsonToText(value, "json") };
  return printable(toJson(value));
}

/** The same data with numbers that `JSON.stringify` prints: it refuses a bigint and prints -0 as 0. */
function printable(value: Json): Json {
  if (typeof value === "bigint") return rawJson(String(value));
  if (typeof value !== "object" || value === null || isRawJson(value)) {
    return Object.is(value, -0) ? rawJson("-0") : value;
  }
  if (Array.isArray(value)) return value.map(printable);
  const copy: Record<string, Json> = {};
  for (const [key, part] of Object.entries(value)) setOwn(copy, key, printable(part));
  return copy;
}

function readJson(value: unknown): unknown {
  if (!isWrapper(value)) return value;
  const [text]: readonly unknown[] =
    typeof value === "object" && value !== null ? Object.values(value) : [];
  if (typeof text !== "string")
    throw new ValueProblem("wrong_format", 'must hold the text of its JSON in "$json"');
  const data = jsonFromText(text);
  return data ?? jsonNull;
}
