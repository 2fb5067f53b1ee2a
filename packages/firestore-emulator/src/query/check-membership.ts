import { invalidArgument } from "../rpc-error.ts";
import { distinctFilters } from "./disjunctions.ts";
import { isMembership } from "./parse-filter.ts";
import type { Filter } from "./parsed-query.ts";

/**
 * The same question asked twice side by side counts once.
 *
 * @throws {RpcError} INVALID_ARGUMENT when one of a filter's alternatives asks two things of the elements of arrays.
 */
export function checkMembership(filter: Filter): void {
  if (mostAsked(filter) > 1) {
    throw invalidArgument("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.");
  }
}

/** How many such questions are in the alternative that has the most. */
function mostAsked(filter: Filter): number {
  if (filter.kind === "field") return isMembership(filter.operator) ? 1 : 0;
  const asked = distinctFilters(filter.filters).map(mostAsked);
  return filter.kind === "or"
    ? Math.max(0, ...asked)
    : asked.reduce((sum, count) => sum + count, 0);
}
