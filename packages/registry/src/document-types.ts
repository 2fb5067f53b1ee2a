import type { FirestoreType, ValueKind } from "./column-types.ts";
import type { ColumnType } from "./registry.ts";

/** All types of document fields. */
export const firestoreTypes = [
  "any",
  "array",
  "boolean",
  "bytes",
  "double",
  "geopoint",
  "integer",
  "map",
  "reference",
  "string",
  "timestamp",
  "vector",
] as const satisfies readonly FirestoreType[];

/**
 * Which document field types hold every value of a kind, the usual one first. A pair that is not here would lose
 * something: a double has no digits for each bigint, an integer none for a fraction.
 */
const lossless = {
  int16: ["integer", "double", "string"],
  int32: ["integer", "double", "string"],
  int64: ["integer", "string"],
  decimal: ["string"],
  float32: ["double"],
  float64: ["double"],
  boolean: ["boolean"],
  text: ["string"],
  uuid: ["string"],
  date: ["string"],
  time: ["string"],
  timestamp: ["timestamp", "string"],
  timestamptz: ["timestamp", "string"],
  interval: ["string"],
  json: ["any", "map", "array", "string"],
  bytes: ["bytes"],
  inet: ["string"],
  enum: ["string"],
} as const satisfies Readonly<Record<ValueKind, readonly FirestoreType[]>>;

/**
 * The types of document fields that a column can be mapped to without loss, the usual one first; none for a type that
 * documents cannot hold at all, such as an array of arrays.
 */
export function documentTypesOf(type: ColumnType): readonly FirestoreType[] {
  if (type.dimensions === 0) return lossless[type.kind];
  if (type.dimensions > 1) return [];
  const isFloat = type.kind === "float32" || type.kind === "float64";
  return isFloat ? ["array", "vector"] : ["array"];
}
