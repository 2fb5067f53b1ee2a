import type { GeoPoint } from "./geo-point.ts";
import type { Reference } from "./reference.ts";
import type { Timestamp } from "./timestamp.ts";

/**
 * A value of a document as this server holds it. Each type of the protocol is a type of JavaScript of its own, so that none
 * is taken for another: `bigint` is an int64, `number` a double, `Uint8Array` bytes. A vector is the map that the protocol
 * makes of it (`isVector`).
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | Timestamp
  | string
  | Uint8Array
  | Reference
  | GeoPoint
  | readonly Value[]
  | MapValue;

/** A map, and the fields of a document. Its keys are in no order. */
export type MapValue = ReadonlyMap<string, Value>;

export function isMap(value: Value | undefined): value is MapValue {
  return value instanceof Map;
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** A vector is a map of `__type__: "__vector__"` and `value`, an array of doubles. */
export function isVector(value: Value | undefined): value is MapValue {
  return isMap(value) && value.get("__type__") === "__vector__";
}

/** The numbers of a vector; `undefined` for any other value. */
export function vectorOf(value: Value | undefined): readonly number[] | undefined {
  if (!isVector(value)) return undefined;
  const numbers = value.get("value");
  return isArray(numbers) ? numbers.map(Number) : undefined;
}
