import { GeoPoint } from "./geo-point.ts";
import { Reference } from "./reference.ts";
import { Timestamp } from "./timestamp.ts";
import type { MapValue, Value } from "./value.ts";

/** Whether writing the one over the other changes nothing at all: `1` and `1.0` differ here, and so do `0` and `-0`. */
export function identicalValues(left: Value, right: Value): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object") return false;
  if (left === null || right === null) return false;
  if (left instanceof Map) return right instanceof Map && identicalMaps(left, right);
  if (Array.isArray(left)) return Array.isArray(right) && identicalArrays(left, right);
  if (left instanceof Uint8Array) {
    return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  return identicalLeaves(left, right);
}

function identicalLeaves(left: Value, right: Value): boolean {
  if (left instanceof Timestamp && right instanceof Timestamp) {
    return left.seconds === right.seconds && left.nanos === right.nanos;
  }
  if (left instanceof Reference && right instanceof Reference) return left.name === right.name;
  return (
    left instanceof GeoPoint &&
    right instanceof GeoPoint &&
    Object.is(left.latitude, right.latitude) &&
    Object.is(left.longitude, right.longitude)
  );
}

/** The same for the fields of two documents. */
export function identicalMaps(left: MapValue, right: MapValue): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !identicalValues(value, other)) return false;
  }
  return true;
}

function identicalArrays(left: readonly Value[], right: readonly Value[]): boolean {
  return (
    left.length === right.length &&
    left.every((value, index) => {
      const other = right[index];
      return other !== undefined && identicalValues(value, other);
    })
  );
}
