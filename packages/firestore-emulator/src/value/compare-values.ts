import { comparePaths } from "../name/compare-paths.ts";
import { compareUtf8 } from "./compare-utf8.ts";
import { GeoPoint } from "./geo-point.ts";
import { Reference } from "./reference.ts";
import { Timestamp } from "./timestamp.ts";
import { isVector, vectorOf, type MapValue, type Value } from "./value.ts";

/**
 * The place of a value's type in the order of all values: null, booleans, numbers, timestamps, strings, bytes, references,
 * points, arrays, vectors, maps. https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering
 */
export function typeOrder(value: Value): number {
  if (typeof value === "boolean") return 1;
  if (typeof value === "bigint" || typeof value === "number") return 2;
  return typeof value === "string" ? 4 : objectOrder(value);
}

function objectOrder(value: Exclude<Value, boolean | bigint | number | string>): number {
  if (value === null) return 0;
  if (value instanceof Timestamp) return 3;
  if (value instanceof Uint8Array) return 5;
  if (value instanceof Reference) return 6;
  if (value instanceof GeoPoint) return 7;
  if (Array.isArray(value)) return 8;
  return isVector(value) ? 9 : 10;
}

/**
 * Firestore's order of two values: below 0, 0 or above. An int64 and a double that are equal numbers are equal; NaN is
 * before all numbers and equal to itself; -0 equals 0.
 */
export function compareValues(left: Value, right: Value): number {
  if (typeof left === "string" && typeof right === "string") return compareUtf8(left, right);
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  const difference = typeOrder(left) - typeOrder(right);
  if (difference !== 0) return difference;
  if (typeof left === "boolean") return Number(left) - Number(right);
  if (left === null || right === null) return 0;
  return compareObjects(left, right);
}

/** Whether the two are the same to a query: `1` and `1.0` are. */
export function equalValues(left: Value, right: Value): boolean {
  return compareValues(left, right) === 0;
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** JavaScript compares an int64 and a double as the numbers that they are, without rounding either. */
export function compareNumbers(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1;
  if (left > right) return 1;
  // oxlint-disable-next-line eqeqeq -- 1n == 1 is the question.
  if (left == right) return 0;
  const leftIsNaN = Number.isNaN(left);
  return leftIsNaN && Number.isNaN(right) ? 0 : leftIsNaN ? -1 : 1;
}

function compareObjects(left: Value, right: Value): number {
  if (left instanceof Timestamp && right instanceof Timestamp) {
    return left.seconds - right.seconds || left.nanos - right.nanos;
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  if (left instanceof Reference && right instanceof Reference) {
    return comparePaths(left.name, right.name);
  }
  if (left instanceof GeoPoint && right instanceof GeoPoint) {
    return (
      compareNumbers(left.latitude, right.latitude) ||
      compareNumbers(left.longitude, right.longitude)
    );
  }
  if (Array.isArray(left) && Array.isArray(right)) return compareArrays(left, right);
  if (left instanceof Map && right instanceof Map) {
    return isVector(left) ? compareVectors(left, right) : compareMaps(left, right);
  }
  return 0;
}

/** The order of two byte strings, the shorter first where it begins the longer. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

function compareArrays(left: readonly Value[], right: readonly Value[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = compareValues(value, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Vectors by their number of dimensions first. */
function compareVectors(left: MapValue, right: MapValue): number {
  const ours = vectorOf(left) ?? [];
  const theirs = vectorOf(right) ?? [];
  return ours.length - theirs.length || compareArrays(ours, theirs);
}

/** Maps as the lists of their entries, sorted by key: key, value, key, value, and the shorter first. */
function compareMaps(left: MapValue, right: MapValue): number {
  const ours = sortedEntries(left);
  const theirs = sortedEntries(right);
  for (const [index, [key, value]] of ours.entries()) {
    const other = theirs[index];
    if (other === undefined) return 1;
    const difference = compareUtf8(key, other[0]) || compareValues(value, other[1]);
    if (difference !== 0) return difference;
  }
  return ours.length - theirs.length;
}

function sortedEntries(map: MapValue): [string, Value][] {
  return [...map].toSorted(([left], [right]) => compareUtf8(left, right));
}
