import type { FirestoreType } from "@ctb-data/registry";
import { isGeoPoint, isReference, isTimestamp, isVector, isPlain } from "./write-values.ts";

/** What a value is to Firestore. */
export type StoredKind = Exclude<FirestoreType, "any"> | "null" | "unknown";

/** The kind of a value that the SDK has read or is about to write. */
export function kindOfValue(value: unknown): StoredKind {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "bigint":
      return "integer";
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? "integer" : "double";
    case "object":
      return value === null ? "null" : kindOfObject(value);
    case "undefined":
    case "function":
    case "symbol":
    default:
      return "unknown";
  }
}

function kindOfObject(value: object): StoredKind {
  if (Array.isArray(value)) return "array";
  if (isPlain(value)) return "map";
  if (value instanceof Uint8Array) return "bytes";
  if (isTimestamp(value)) return "timestamp";
  if (isGeoPoint(value)) return "geopoint";
  if (isVector(value)) return "vector";
  return isReference(value) ? "reference" : "unknown";
}

/** Whether a field of a type can hold a kind of value. A double without a fraction is an integer to the SDK. */
export function holds(type: FirestoreType, kind: StoredKind): boolean {
  if (type === "any") return true;
  if (type === "double") return kind === "double" || kind === "integer";
  return type === kind;
}

const articles: Readonly<Record<StoredKind, string>> = {
  array: "an array",
  boolean: "a boolean",
  bytes: "bytes",
  double: "a double",
  geopoint: "a geopoint",
  integer: "an integer",
  map: "a map",
  null: "null",
  reference: "a reference",
  string: "a string",
  timestamp: "a timestamp",
  unknown: "no value of Firestore",
  vector: "a vector",
};

/** A kind in words. */
export function nameOfKind(kind: StoredKind | "any"): string {
  return kind === "any" ? "anything" : articles[kind];
}
