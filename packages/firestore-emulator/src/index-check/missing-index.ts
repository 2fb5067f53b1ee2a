import type { FieldPath } from "../name/field-path.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { findScan } from "./find-scan.ts";
import { indexFor, distinctRequirements, inequalityFields } from "./index-requirement.ts";
import { automaticIndexes, indexKey, type Index, type IndexSet } from "./index-set.ts";

/** An index without which the service refuses a query. */
export interface MissingIndex {
  /** With the `__name__` that is implied. */
  readonly index: Index;
  /** Whether the query has ranges of several fields, for which the service says more. */
  readonly severalRanges: boolean;
}

/**
 * The first index that a query needs and that is not there.
 *
 * @param aggregatedFields the fields of sums and averages.
 */
export function missingIndex(
  query: ParsedQuery,
  indexes: IndexSet,
  aggregatedFields: readonly FieldPath[] = [],
): MissingIndex | undefined {
  const missing = distinctRequirements(query, aggregatedFields).find(
    (requirement) => findScan(requirement, indexes) === undefined,
  );
  return missing && { index: indexFor(missing), severalRanges: inequalityFields(query).length > 1 };
}

/**
 * The indexes that must be made for a query, one for each of its alternatives that the automatic ones do not answer, none
 * twice. None for most queries.
 */
export function requiredIndexes(
  query: ParsedQuery,
  aggregatedFields: readonly FieldPath[] = [],
  indexes: IndexSet = automaticIndexes,
): readonly Index[] {
  const missing = distinctRequirements(query, aggregatedFields)
    .filter((requirement) => findScan(requirement, indexes) === undefined)
    .map(indexFor);
  return [...new Map(missing.map((index) => [indexKey(index), index])).values()];
}
