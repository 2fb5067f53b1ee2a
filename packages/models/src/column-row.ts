import { inputOf, type ReadInput } from "./column-input.ts";
import { dimensionsOf, decodeOf, kindOf, type TextType } from "./column-text.ts";
import { intervalOfParts } from "./interval.ts";
import type { Json } from "./json.ts";
import type { ModelValue } from "./model-value.ts";
import { localDateText } from "./time-input.ts";
import { refuse, unreachable } from "./value-problem.ts";

/** Reads what a database driver gives for a column. @throws {ValueProblem} */
export type ReadRow = (value: unknown) => ModelValue;

/**
 * Compiles the reader of a column's value in a row (not null). What is a model's value already, as our own driver
 * hands out, passes after a look at its type; what other drivers make of it (a `Date`, a bigint in a text, an
 * interval in parts, PostgreSQL's text) is read with care.
 */
export function rowReaderOf(type: TextType): ReadRow {
  const kind = kindOf(type);
  const decode = decodeOf(type);
  const lenient = lenientReader(type, decode);
  if (dimensionsOf(type) > 0) return arrayReader(type, decode);
  switch (kind) {
    case "int16":
    case "int32":
    case "float32":
    case "float64":
      return (value) => (typeof value === "number" ? value : lenient(value));
    case "int64":
      return (value) => (typeof value === "bigint" ? value : lenient(value));
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : lenient(value));
    case "decimal":
    case "text":
    case "uuid":
    case "inet":
    case "enum":
    case "time":
    case "interval":
    case "date":
      return (value) => (typeof value === "string" ? value : lenient(value));
    case "timestamp":
      return (value) => (isCanonicalTime(value, "") ? value : lenient(value));
    case "timestamptz":
      return (value) => (isCanonicalTime(value, "Z") ? value : lenient(value));
    case "json":
      return jsonOfDriver;
    case "bytes":
      return (value) => (value instanceof Uint8Array ? plainBytes(value) : lenient(value));
    default:
      return unreachable(kind);
  }
}

/** Whether a value is a model's timestamp, as far as a glance tells: `…T04:05:06.500Z` of `toISOString` is not. */
function isCanonicalTime(value: unknown, zone: "" | "Z"): value is string {
  if (typeof value !== "string" || value[10] !== "T" || value.endsWith("Z") !== (zone === "Z")) {
    return false;
  }
  const clockEnd = value.length - zone.length;
  return clockEnd === 19 || (clockEnd > 20 && value[clockEnd - 1] !== "0");
}

/** Drivers parse JSON themselves; what they made of it is a value, a text too. */
function jsonOfDriver(value: unknown): ModelValue {
  return isJson(value) ? value : refuse("JSON", value);
}

// Deeper down it is what a JSON parser made.
function isJson(value: unknown): value is Json {
  return typeof value !== "function" && typeof value !== "symbol" && !(value instanceof Date);
}

/** node-postgres hands out a `Buffer`, which compares, prints and slices differently. */
function plainBytes(value: Uint8Array): Uint8Array {
  return Buffer.isBuffer(value) ? new Uint8Array(value) : value;
}

function arrayReader(type: TextType, decode: (text: string) => ModelValue): ReadRow {
  const plain: TextType = typeof type === "string" ? type : { ...type, dimensions: 0 };
  const readItem = rowReaderOf(plain);
  const dimensions = kindOf(type) === "json" ? dimensionsOf(type) : Infinity;
  const read = (items: readonly unknown[], depth: number): readonly ModelValue[] =>
    items.map((item) => {
      if (item === null) return null;
      return Array.isArray(item) && depth < dimensions ? read(item, depth + 1) : readItem(item);
    });
  return (value) => {
    if (Array.isArray(value)) return read(value, 1);
    return typeof value === "string" ? decode(value) : refuse("an array", value);
  };
}

function lenientReader(type: TextType, decode: (text: string) => ModelValue): ReadRow {
  const kind = kindOf(type);
  // The registry's rules are for input: what the database holds is read as it is.
  const input: ReadInput = inputOf({ type: kind });
  return (value) => {
    if (value instanceof Date && (kind === "date" || kind === "timestamp")) {
      return localDateText(value, kind);
    }
    if (typeof value === "string") {
      return kind === "timestamp" || kind === "timestamptz" ? input(value) : decode(value);
    }
    if (kind === "interval" && typeof value === "object" && value !== null) {
      return intervalOfParts(value);
    }
    return input(value);
  };
}
