import type { ColumnType } from "@ctb-data/registry";

/**
 * Whether two values of a column are equal as both stores see it: NaN is itself and -0 is 0, the order of an object's keys, zeros
 * at the end of a decimal and blanks at the end of a `char(n)` say nothing.
 */
export function valuesEqual(type: ColumnType, a: unknown, b: unknown): boolean {
  if (type.dimensions > 0 && Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((part, index) => elementsEqual(type, part, b[index]));
  }
  return elementsEqual(type, a, b);
}

function elementsEqual(type: ColumnType, a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b) && type.kind !== "json")
    return a.length === b.length && a.every((part, index) => elementsEqual(type, part, b[index]));
  if (typeof a === "string" && typeof b === "string") {
    if (type.kind === "decimal") return withoutZeros(a) === withoutZeros(b);
    if (type.name === "char") return a.replace(/ +$/, "") === b.replace(/ +$/, "");
  }
  return deepEqual(a, b);
}

function withoutZeros(decimal: string): string {
  const short = decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
  return short === "-0" ? "0" : short;
}

function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) => Object.hasOwn(b, key) && deepEqual(Reflect.get(a, key), Reflect.get(b, key)),
    )
  );
}
