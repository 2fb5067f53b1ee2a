import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";

/** The most that one document may take, name and fields together. https://firebase.google.com/docs/firestore/quotas */
export const maxDocumentBytes = 1_048_576;

/** What a document takes by Firestore's own rules: https://firebase.google.com/docs/firestore/storage-size */
export function documentSizeBytes(path: string, fields: MapValue): number {
  return nameSize(path) + mapSize(fields) + 32;
}

/** Each id as a string, and 16 bytes. */
function nameSize(path: string): number {
  return path.split("/").reduce((size, id) => size + stringSize(id), 16);
}

function stringSize(text: string): number {
  return Buffer.byteLength(text) + 1;
}

function mapSize(map: MapValue): number {
  let size = 0;
  for (const [key, value] of map) size += stringSize(key) + valueSizeBytes(value);
  return size;
}

/** What one value takes. */
export function valueSizeBytes(value: Value): number {
  if (value === null || typeof value === "boolean") return 1;
  if (typeof value === "bigint" || typeof value === "number") return 8;
  return typeof value === "string" ? stringSize(value) : objectSize(value);
}

function objectSize(value: Exclude<Value, null | boolean | bigint | number | string>): number {
  if (value instanceof Map) return mapSize(value);
  if (value instanceof Timestamp) return 8;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof GeoPoint) return 16;
  if (value instanceof Reference) {
    return nameSize(value.name.replace(/^projects\/[^/]+\/databases\/[^/]+\/documents\//u, ""));
  }
  if (Array.isArray(value)) {
    return value.reduce((size: number, element: Value) => size + valueSizeBytes(element), 0);
  }
  return 0;
}
