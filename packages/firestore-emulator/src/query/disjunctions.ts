import { equalValues } from "../value/compare-values.ts";
import { operandsOf } from "./parse-filter.ts";
import type { FieldFilter, Filter } from "./parsed-query.ts";

/** Comparisons that all must hold. */
export type Conjunction = readonly FieldFilter[];

/** The most conjunctions that a query may come to. */
export const maxDisjunctions = 30;

/** More than can be counted without spending long on it. */
export const tooManyDisjunctions = "too many";

const mostExpanded = 60;

/**
 * The filter as alternatives of which one must hold, each without `in`, `array-contains-any` and `or`, and none twice.
 */
export function disjunctionsOf(
  filter: Filter,
): readonly Conjunction[] | typeof tooManyDisjunctions {
  if (filter.kind === "field") return alternativesOf(filter);
  if (filter.kind === "or") {
    const all: Conjunction[] = [];
    for (const part of distinctFilters(filter.filters)) {
      const alternatives = disjunctionsOf(part);
      if (alternatives === tooManyDisjunctions) return tooManyDisjunctions;
      all.push(...alternatives);
    }
    return distinctConjunctions(all);
  }
  let product: readonly Conjunction[] = [[]];
  for (const part of distinctFilters(filter.filters)) {
    const alternatives = disjunctionsOf(part);
    if (alternatives === tooManyDisjunctions) return tooManyDisjunctions;
    if (alternatives.length * product.length > mostExpanded) return tooManyDisjunctions;
    product = distinctConjunctions(
      product.flatMap((left) => alternatives.map((right) => distinctFields([...left, ...right]))),
    );
  }
  return product;
}

function alternativesOf(filter: FieldFilter): readonly Conjunction[] {
  if (filter.operator !== "in" && filter.operator !== "array-contains-any") return [[filter]];
  const operands = operandsOf(filter.operator, filter.value);
  const operator = filter.operator === "in" ? "==" : "array-contains";
  return distinctConjunctions(operands.map((value) => [{ ...filter, operator, value }]));
}

function distinctConjunctions(conjunctions: readonly Conjunction[]): readonly Conjunction[] {
  return distinct(conjunctions, sameConjunction);
}

function distinctFields(filters: Conjunction): Conjunction {
  return distinct(filters, sameFieldFilter);
}

/** The filters without those that are the same as one before. */
export function distinctFilters(filters: readonly Filter[]): readonly Filter[] {
  return distinct(filters, sameFilter);
}

function distinct<T>(items: readonly T[], same: (left: T, right: T) => boolean): readonly T[] {
  const kept: T[] = [];
  for (const item of items) if (!kept.some((other) => same(item, other))) kept.push(item);
  return kept;
}

function sameConjunction(left: Conjunction, right: Conjunction): boolean {
  return sameSet(left, right, sameFieldFilter);
}

function sameSet<T>(
  left: readonly T[],
  right: readonly T[],
  same: (left: T, right: T) => boolean,
): boolean {
  return (
    left.every((item) => right.some((other) => same(item, other))) &&
    right.every((item) => left.some((other) => same(item, other)))
  );
}

function sameFilter(left: Filter, right: Filter): boolean {
  if (left.kind === "field") return right.kind === "field" && sameFieldFilter(left, right);
  return (
    right.kind !== "field" &&
    left.kind === right.kind &&
    sameSet(left.filters, right.filters, sameFilter)
  );
}

/** Whether two comparisons are the same, whatever the order of the values in a list. */
function sameFieldFilter(left: FieldFilter, right: FieldFilter): boolean {
  return (
    left.operator === right.operator &&
    left.field.length === right.field.length &&
    left.field.every((name, index) => name === right.field[index]) &&
    sameSet(
      operandsOf(left.operator, left.value),
      operandsOf(right.operator, right.value),
      equalValues,
    )
  );
}
