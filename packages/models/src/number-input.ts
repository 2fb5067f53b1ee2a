import { compareDecimals, decimalOfNumber, normalizeDecimal } from "./decimal.ts";
import { normalizeFloat32 } from "./float-text.ts";
import { sameNumber } from "./json.ts";
import type { ModelColumn } from "./model-table.ts";
import { refuse, ValueProblem } from "./value-problem.ts";

type Bounds = Pick<ModelColumn, "min" | "max">;

/** Wraps a reader of numbers with the `min` and `max` of the registry. `compare` is of the value with a bound. */
function bounded<Value>(
  read: (value: unknown) => Value,
  { min, max }: Bounds,
  compare: (value: Value, bound: number) => number,
): (value: unknown) => Value {
  if (min === undefined && max === undefined) return read;
  return (input) => {
    const value = read(input);
    if (min !== undefined && compare(value, min) < 0)
      throw new ValueProblem("out_of_range", `must be at least ${min}`);
    if (max !== undefined && compare(value, max) > 0)
      throw new ValueProblem("out_of_range", `must be at most ${max}`);
    return value;
  };
}

// NaN is larger than every other number, as in PostgreSQL.
const compareNumbers = (value: number, bound: number): number =>
  value < bound ? -1 : value === bound ? 0 : 1;
const compareBigints = (value: bigint, bound: number): number =>
  value < bound ? -1 : value > bound ? 1 : 0;

const integerBits = { int16: 16, int32: 32 } as const;

/** Compiles the reader of a smallint's or integer's input. */
export function integerInput(kind: "int16" | "int32", bounds: Bounds): (value: unknown) => number {
  const limit = 2 ** (integerBits[kind] - 1);
  const read = (value: unknown): number => {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number") return refuse("a whole number", value);
    if (!Number.isInteger(number)) throw new ValueProblem("wrong_type", "must be a whole number");
    if (number < -limit || number >= limit) throw outOfRange(String(-limit), String(limit - 1));
    // Not -0, which PostgreSQL does not have.
    return number + 0;
  };
  return bounded(read, bounds, compareNumbers);
}

function outOfRange(least: string, most: string): ValueProblem {
  return new ValueProblem(
    "out_of_range",
    `is out of range: it must be between ${least} and ${most}`,
  );
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** Compiles the reader of a bigint's input. */
export function bigintInput(bounds: Bounds): (value: unknown) => bigint {
  return bounded(readInt64, bounds, compareBigints);
}

function readInt64(value: unknown): bigint {
  const number = bigintOf(value);
  if (number < minInt64 || number > maxInt64) throw outOfRange(String(minInt64), String(maxInt64));
  return number;
}

function bigintOf(value: unknown): bigint {
  switch (typeof value) {
    case "bigint":
      return value;
    case "number":
      if (!Number.isInteger(value)) throw new ValueProblem("wrong_type", "must be a whole number");
      return BigInt(decimalOfNumber(value));
    case "string":
      if (!/^[+-]?\d{1,100}$/.test(value))
        throw new ValueProblem("wrong_format", "is not a whole number");
      return BigInt(value.replace(/^\+/, ""));
    case "boolean":
    case "function":
    case "object":
    case "symbol":
    case "undefined":
    default:
      return refuse("a bigint, a number or a text", value);
  }
}

/** Compiles the reader of a numeric's input. */
export function decimalInput(
  type: { readonly precision?: number; readonly scale?: number },
  bounds: Bounds,
): (value: unknown) => string {
  const read = (value: unknown): string => normalizeDecimal(decimalTextOf(value), type);
  return bounded(read, bounds, (value, bound) => compareDecimals(value, String(bound)));
}

function decimalTextOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
      return String(value);
    case "number":
      return decimalOfNumber(value);
    case "boolean":
    case "function":
    case "object":
    case "symbol":
    case "undefined":
    default:
      return refuse("a decimal number in a text, a number or a bigint", value);
  }
}

/** Compiles the reader of a real's or double precision's input. */
export function floatInput(
  kind: "float32" | "float64",
  bounds: Bounds,
): (value: unknown) => number {
  const read = (value: unknown): number => {
    const number = typeof value === "bigint" ? exactNumberOf(value) : value;
    if (typeof number !== "number") return refuse("a number", value);
    return kind === "float32" ? normalizeFloat32(number) : number;
  };
  return bounded(read, bounds, compareNumbers);
}

function exactNumberOf(value: bigint): number {
  const number = Number(value);
  // Equal, or what the number's shortest text says: JSON has 63339285000000000000 for 6.3339285e+19.
  if (
    Number.isFinite(number) &&
    (BigInt(number) === value || sameNumber(String(value), String(number)))
  ) {
    return number;
  }
  throw new ValueProblem("out_of_range", "is a bigint that no floating-point number is equal to");
}
