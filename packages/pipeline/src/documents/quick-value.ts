import type { Json } from "@ctb-data/models";
import type { ColumnType } from "@ctb-data/registry";
import { isObject, memberOf } from "./raw-fields.ts";

/** What may be given to the column's reader of input; undefined for all that is not as usual. */
export type QuickValue = (raw: unknown) => unknown;

/**
 * Compiles the short way from a field of the usual type to what a column's reader of input takes. It makes no objects of an SDK, and
 * it never decides that something is wrong: what it gives nothing for is read the long way.
 */
export function quickValueOf(type: ColumnType): QuickValue {
  const item = itemOf(type);
  if (type.dimensions === 0) return item;
  return (raw) => {
    const values = memberOf(raw, "arrayValue", "values");
    if (!Array.isArray(values)) return undefined;
    const items: unknown[] = [];
    for (const value of values) {
      const read = memberOf(value, "nullValue") === null ? null : item(value);
      if (read === undefined) return undefined;
      items.push(read);
    }
    return items;
  };
}

function itemOf(type: ColumnType): QuickValue {
  switch (type.kind) {
    case "int16":
    case "int32":
      return quickInteger;
    case "int64":
      return (raw) => partOf(raw, "integerValue");
    case "float32":
    case "float64":
      return quickDouble;
    case "boolean":
      return (raw) => partOf(raw, "booleanValue");
    case "timestamp":
    case "timestamptz":
      return (raw) => partOf(raw, "timestampValue");
    case "bytes":
      return quickBytes;
    case "json":
      return type.dimensions === 0 ? quickJson : (): undefined => undefined;
    case "date":
    case "decimal":
    case "enum":
    case "inet":
    case "interval":
    case "text":
    case "time":
    case "uuid":
      return (raw) => partOf(raw, "stringValue");
    default:
      return type satisfies never;
  }
}

/** A value is an object of one member, whose name is its type. */
function partOf(raw: unknown, type: string): unknown {
  return isObject(raw) ? raw[type] : undefined;
}

function quickInteger(raw: unknown): number | undefined {
  const digits = partOf(raw, "integerValue");
  return typeof digits === "string" ? Number(digits) : undefined;
}

function quickDouble(raw: unknown): number | undefined {
  const number = partOf(raw, "doubleValue");
  return typeof number === "number" ? number : undefined;
}

function quickBytes(raw: unknown): Uint8Array | undefined {
  const text = partOf(raw, "bytesValue");
  return typeof text === "string" ? Buffer.from(text, "base64") : undefined;
}

/** Only what is the same in documents and in JSON: see json-document.ts of models for all the rest. */
function quickJson(raw: unknown): Json | undefined {
  return jsonOf(raw);
}

function jsonOf(raw: unknown): Json | undefined {
  if (!isObject(raw)) return undefined;
  const { stringValue, booleanValue, integerValue, doubleValue } = raw;
  if (typeof stringValue === "string") return stringValue;
  if (typeof booleanValue === "boolean") return booleanValue;
  if (typeof integerValue === "string") return safeInteger(Number(integerValue));
  if (typeof doubleValue === "number") return plainDouble(doubleValue);
  if (raw["mapValue"] !== undefined) return objectOf(raw["mapValue"]);
  if (raw["arrayValue"] !== undefined) return arrayOf(raw["arrayValue"]);
  return undefined;
}

const safeInteger = (value: number): number | undefined =>
  Number.isSafeInteger(value) ? value : undefined;

/** A double that JSON would keep as it is. */
const plainDouble = (value: number): number | undefined =>
  Number.isInteger(value) && (!Number.isSafeInteger(value) || Object.is(value, -0))
    ? undefined
    : value;

function objectOf(content: unknown): Json | undefined {
  const fields = memberOf(content, "fields");
  if (!isObject(fields)) return {};
  const names = Object.keys(fields);
  const data: Record<string, Json> = {};
  for (const name of names) {
    // Names that mean something: `{"$json": …}`, vectors, and what JavaScript takes for something else.
    if (name.startsWith("$") || name.startsWith("__")) return undefined;
    const value = fields[name];
    const part = memberOf(value, "nullValue") === null ? null : jsonOf(value);
    if (part === undefined) return undefined;
    data[name] = part;
  }
  return data;
}

function arrayOf(content: unknown): Json | undefined {
  const values = memberOf(content, "values");
  if (!Array.isArray(values)) return [];
  const items: Json[] = [];
  for (const value of values) {
    const part = memberOf(value, "nullValue") === null ? null : jsonOf(value);
    if (part === undefined) return undefined;
    items.push(part);
  }
  return items;
}
