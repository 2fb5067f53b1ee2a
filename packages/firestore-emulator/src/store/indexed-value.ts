import { compareUtf8 } from "../value/compare-utf8.ts";
import { isArray, isMap, isVector, vectorOf, type MapValue, type Value } from "../value/value.ts";
import { valueSizeBytes } from "../write/document-size.ts";

/** What an index keeps of a value. */
const maxIndexedBytes = 1500;
/** No text of as many UTF-16 units takes more. */
const safeLength = 499;
/** Comes after all text, so that what was cut is after what ends there. */
const cutText = "\u{10ffff}";
const cutByte = 255;

/**
 * A value as an index orders it: by its first 1,500 bytes. Values that begin with the same are in the order of their names, as
 * if they were equal.
 */
export function indexedValue(value: Value): Value {
  if (typeof value === "string" && value.length <= safeLength) return value;
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) return value;
  return cutValue(value, { left: maxIndexedBytes });
}

/** Whether an index keeps the whole of the value. */
export function isIndexedWhole(value: Value): boolean {
  return Object.is(indexedValue(value), value);
}

/** How many bytes are left for what is still to come; below 0 when something was cut. */
interface Budget {
  left: number;
}

/** The value itself when there is room for it. */
function cutValue(value: Value, budget: Budget): Value {
  if (typeof value === "string") return cutString(value, budget);
  if (value instanceof Uint8Array) return cutBytes(value, budget);
  if (isArray(value)) return cutArray(value, budget);
  if (isVector(value)) return cutVector(value, budget);
  if (isMap(value)) return cutMap(value, budget);
  budget.left -= valueSizeBytes(value);
  return budget.left < 0 ? null : value;
}

function cutString(text: string, budget: Budget): string {
  const size = Buffer.byteLength(text) + 1;
  const room = Math.max(budget.left - 1, 0);
  budget.left -= size;
  if (budget.left >= 0) return text;
  let end = 0;
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    end += character.length;
  }
  return text.slice(0, end) + cutText;
}

function cutBytes(bytes: Uint8Array, budget: Budget): Uint8Array {
  const room = Math.max(budget.left, 0);
  budget.left -= bytes.length;
  return budget.left >= 0 ? bytes : Uint8Array.from([...bytes.subarray(0, room), cutByte]);
}

function cutArray(values: readonly Value[], budget: Budget): readonly Value[] {
  const cut: Value[] = [];
  for (const value of values) {
    const isFull = budget.left === 0;
    if (isFull) budget.left = -1;
    cut.push(isFull ? null : cutValue(value, budget));
    if (budget.left < 0) break;
  }
  return budget.left < 0 ? cut : values;
}

function cutMap(map: MapValue, budget: Budget): MapValue {
  const cut = new Map<string, Value>();
  for (const [key, value] of [...map].toSorted(([left], [right]) => compareUtf8(left, right))) {
    const isFull = budget.left === 0;
    if (isFull) budget.left = -1;
    const name = isFull ? cutText : cutString(key, budget);
    cut.set(name, budget.left < 0 ? null : cutValue(value, budget));
    if (budget.left < 0) break;
  }
  return budget.left < 0 ? cut : map;
}

/** As many dimensions as it has, for they come first in the order of vectors. */
function cutVector(vector: MapValue, budget: Budget): MapValue {
  const numbers = vectorOf(vector) ?? [];
  const kept = Math.floor(Math.max(budget.left, 0) / 8);
  budget.left -= numbers.length * 8;
  if (numbers.length <= kept) return vector;
  const value = numbers.map((number, index) => (index < kept ? number : 0));
  return new Map(vector).set("value", value);
}
