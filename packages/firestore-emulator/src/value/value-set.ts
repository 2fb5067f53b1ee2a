import { equalValues, typeOrder } from "./compare-values.ts";
import { Reference } from "./reference.ts";
import { Timestamp } from "./timestamp.ts";
import type { Value } from "./value.ts";

/** Values of which no two are equal to a query, found without comparing with all of them. */
export class ValueSet {
  readonly #buckets = new Map<string, Value[]>();

  constructor(values: Iterable<Value> = []) {
    for (const value of values) this.add(value);
  }

  has(value: Value): boolean {
    const bucket = this.#buckets.get(bucketOf(value));
    return bucket !== undefined && bucket.some((other) => equalValues(other, value));
  }

  /** Returns whether it was not in it. */
  add(value: Value): boolean {
    if (this.has(value)) return false;
    const key = bucketOf(value);
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.push(value);
    else this.#buckets.set(key, [value]);
    return true;
  }
}

/** The same for equal values, and mostly not for others. */
function bucketOf(value: Value): string {
  return `${typeOrder(value)}:${contentOf(value)}`;
}

function contentOf(value: Value): string | number | boolean {
  if (typeof value === "bigint" || typeof value === "number") return Number(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Timestamp) return `${value.seconds}.${value.nanos}`;
  if (value instanceof Reference) return value.name;
  if (value instanceof Map) return value.size;
  return value instanceof Uint8Array || Array.isArray(value) ? value.length : "";
}
