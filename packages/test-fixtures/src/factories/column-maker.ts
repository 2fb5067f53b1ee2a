import type { Faker } from "@faker-js/faker";
import type { Random } from "./random.ts";

/**
 * Values at the edges of what is allowed: `longest` (the longest texts, the largest numbers, full arrays, deep JSON),
 * `smallest` (the shortest and the least, empty arrays), `unicode` (emoji, right-to-left, combining marks, quotes,
 * backslashes, line breaks), `special` (NaN, infinity, JSON's null, arrays with nulls), `nulls` (null wherever it may be).
 */
export type Edge = "longest" | "smallest" | "unicode" | "special" | "nulls";

export const allEdges: readonly Edge[] = ["longest", "smallest", "unicode", "special", "nulls"];

/** What a value is made with: drawn from `random`, which stands where the row and the column say. */
export interface MakingContext {
  readonly random: Random;
  /** Draws from `random`. */
  readonly faker: Faker;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/** Makes the values of one column: what its model takes as input. */
export interface ColumnMaker {
  /** How many values `nth` has that PostgreSQL tells apart; never more than 2^53 - 1. */
  readonly capacity: number;
  /** The value of a whole number from 0 to less than `capacity`: each is another one. */
  readonly nth: (index: number, context: MakingContext) => unknown;
  /**
   * The regular expression whose first group is, in what `nth` of a text makes, its number and one. A text that is
   * made of a larger number than all that there are is another one. Undefined where texts are not made like that.
   */
  readonly numberIn?: string;
  /**
   * Where `nth` counts up: it does for the first `length` numbers, and from `after(text)` on its values are greater than
   * the one that PostgreSQL prints so.
   */
  readonly ascending?: { readonly length: number; readonly after: (text: string) => number };
  /** Whether what `nth` makes depends on the seed so much that another seed makes nothing twice. */
  readonly isRandom?: true;
  /** A value as one would meet it. */
  readonly sample: (context: MakingContext) => unknown;
  /** A value at an edge; undefined where the type has none. */
  readonly edge: (edge: Exclude<Edge, "nulls">, context: MakingContext) => unknown;
}

/** No number is told apart from its neighbours beyond this. */
export const maxCapacity: number = Number.MAX_SAFE_INTEGER;

/** A maker of a fixed list of values. */
export function listMaker(values: readonly unknown[]): ColumnMaker {
  return {
    capacity: values.length,
    nth: (index) => values[index],
    sample: ({ random }) => (values.length === 0 ? undefined : random.pick(values)),
    edge: (edge) => (edge === "longest" ? longest(values) : edge === "smallest" ? shortest(values) : undefined),
  };
} // prettier-ignore

const lengthOf = (value: unknown): number => String(value).length;

function longest(values: readonly unknown[]): unknown {
  return values.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
}

function shortest(values: readonly unknown[]): unknown {
  return values.toSorted((a, b) => lengthOf(a) - lengthOf(b))[0];
}
