import type { FieldPath } from "../name/field-path.ts";
import type { Conjunction } from "../query/disjunctions.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { findScan } from "./find-scan.ts";
import { alternativesOf, indexFor, indexRequirements } from "./index-requirement.ts";
import type { Index, IndexSet } from "./index-set.ts";

/** How one alternative of a query is answered. */
export interface Scan {
  readonly filters: Conjunction;
  /** Several when they are merged. */
  readonly indexes: readonly Index[];
}

/**
 * Which indexes answer a query. One that is not there counts as if it were: whether the query is refused is decided before.
 *
 * @param aggregatedFields the fields of sums and averages.
 */
export function planQuery(
  query: ParsedQuery,
  indexes: IndexSet,
  aggregatedFields: readonly FieldPath[] = [],
): readonly Scan[] {
  const alternatives = alternativesOf(query);
  return indexRequirements(query, aggregatedFields).map((requirement, position) => ({
    filters: alternatives[position] ?? [],
    indexes: findScan(requirement, indexes) ?? [indexFor(requirement)],
  }));
}
