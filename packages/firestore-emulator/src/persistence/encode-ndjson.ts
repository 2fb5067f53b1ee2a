import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { timeText } from "./time-text.ts";

/**
 * A value as JSON that loses nothing. null, booleans, strings and arrays are themselves; all others are an object whose one
 * key says the type: `{"i":"1"}` int64, `{"d":1.5}` double (`"NaN"`, `"Infinity"`, `"-Infinity"`, `"-0"`), `{"t":"2026-…Z"}`
 * timestamp, `{"b":"base64"}` bytes, `{"r":"clients/1"}` reference, `{"g":[1.5,2]}` latitude and longitude, `{"v":[1,2]}`
 * vector, `{"m":{…}}` map.
 *
 * @param database references into it are written by their path, others by their full name.
 */
export function encodeNdjsonValue(value: Value, database: string): string {
  if (typeof value === "bigint") return `{"i":"${value}"}`;
  if (typeof value === "number") return `{"d":${encodeDouble(value)}}`;
  return typeof value === "object" && value !== null
    ? encodeObject(value, database)
    : JSON.stringify(value);
}

/** The fields of a document, or the entries of a map, as a JSON object. */
export function encodeNdjsonFields(fields: MapValue, database: string): string {
  const entries = [...fields].map(
    ([key, value]) => `${JSON.stringify(key)}:${encodeNdjsonValue(value, database)}`,
  );
  return `{${entries.join(",")}}`;
}

function encodeObject(
  value: Exclude<Value, null | boolean | bigint | number | string>,
  database: string,
): string {
  if (value instanceof Timestamp) return `{"t":"${timeText(value)}"}`;
  if (value instanceof Uint8Array) return `{"b":"${Buffer.from(value).toString("base64")}"}`;
  if (value instanceof Reference) {
    return `{"r":${JSON.stringify(relativeName(value.name, database))}}`;
  }
  if (value instanceof GeoPoint) {
    return `{"g":[${encodeDouble(value.latitude)},${encodeDouble(value.longitude)}]}`;
  }
  if (value instanceof Map) return encodeMap(value, database);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `instanceof Map` does not know readonly maps.
  const values = value as readonly Value[];
  return `[${values.map((element) => encodeNdjsonValue(element, database)).join(",")}]`;
}

function encodeMap(map: MapValue, database: string): string {
  const vector = plainVector(map);
  return vector
    ? `{"v":[${vector.map(encodeDouble).join(",")}]}`
    : `{"m":${encodeNdjsonFields(map, database)}}`;
}

/** The numbers of a vector that is nothing else: exactly the two keys, and doubles only. */
function plainVector(map: MapValue): readonly number[] | undefined {
  const numbers = map.get("value");
  if (map.size !== 2 || map.get("__type__") !== "__vector__" || !Array.isArray(numbers))
    return undefined;
  return numbers.every((each) => typeof each === "number") ? numbers : undefined;
}

function encodeDouble(value: number): string {
  if (Object.is(value, -0)) return '"-0"';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** A path that begins with `projects/` would look like a full name. */
function relativeName(name: string, database: string): string {
  const prefix = `${database}/documents/`;
  const path = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return path === "" || path.startsWith("projects/") ? name : path;
}
