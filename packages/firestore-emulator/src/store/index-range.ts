import { comparePaths } from "../name/compare-paths.ts";
import { compareValues, typeOrder } from "../value/compare-values.ts";
import type { Value } from "../value/value.ts";

/**
 * A place between the entries of an index, which are ordered by value and then by path: below 0 for an entry before it, above
 * 0 for one behind it.
 */
export type Edge = (value: Value, path: string) => number;

/** The entries that are behind all of `from` and before all of `to`. */
export interface IndexRange {
  readonly from: readonly Edge[];
  readonly to: readonly Edge[];
}

/** All entries. */
export const wholeRange: IndexRange = { from: [], to: [] };

/** The place just before the entries of a value, or just behind them. */
export function edgeAtValue(value: Value, behind: boolean): Edge {
  const equal = behind ? -1 : 1;
  return (other) => compareValues(other, value) || equal;
}

/** The place just before the entry of a value and a path, or just behind it. */
export function edgeAtEntry(value: Value, path: string, behind: boolean): Edge {
  const equal = behind ? -1 : 1;
  return (otherValue, otherPath) =>
    compareValues(otherValue, value) || comparePaths(otherPath, path) || equal;
}

/** The place just before an entry's path, or just behind it, in an index where all values are the same. */
export function edgeAtPath(path: string, behind: boolean): Edge {
  const equal = behind ? -1 : 1;
  return (_value, otherPath) => comparePaths(otherPath, path) || equal;
}

/** The place before all values of the same type as that one, and for numbers behind NaN: it is in no range of numbers. */
export function edgeBeforeType(value: Value): Edge {
  if (typeof value === "number" || typeof value === "bigint") return edgeAtValue(Number.NaN, true);
  const type = typeOrder(value);
  return (other) => (typeOrder(other) < type ? -1 : 1);
}

/** The place behind all values of the same type as that one. */
export function edgeBehindType(value: Value): Edge {
  const type = typeOrder(value);
  return (other) => (typeOrder(other) <= type ? -1 : 1);
}

/** The range of what is in both. */
export function intersection(left: IndexRange, right: IndexRange): IndexRange {
  return { from: [...left.from, ...right.from], to: [...left.to, ...right.to] };
}

/** Whether an entry is before the range. */
export function isBefore({ from }: IndexRange, value: Value, path: string): boolean {
  return from.some((edge) => edge(value, path) < 0);
}

/** Whether an entry is behind the range. */
export function isBehind({ to }: IndexRange, value: Value, path: string): boolean {
  return to.some((edge) => edge(value, path) > 0);
}
