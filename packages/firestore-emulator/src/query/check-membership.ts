import { invalidArgument } from "../rpc-error.ts";
import { sameFieldFilter } from "./disjunctions.ts";
import { isMembership } from "./parse-filter.ts";
import type { FieldFilter, Filter } from "./parsed-query.ts";

/** @throws {RpcError} INVALID_ARGUMENT when one of a filter's alternatives asks two things of the elements of arrays. */
export function checkMembership(filter: Filter): void {
  membershipsOf(filter);
}

type Membership = FieldFilter | undefined;

/** What each of the alternatives asks of elements, each once. */
function membershipsOf(filter: Filter): readonly Membership[] {
  if (filter.kind === "field") return [isMembership(filter.operator) ? filter : undefined];
  const parts = filter.filters.map(membershipsOf);
  if (filter.kind === "or") return distinct(parts.flat());
  return parts.reduce(
    (all, part) => distinct(all.flatMap((left) => part.map((right) => both(left, right)))),
    [undefined],
  );
}

function both(left: Membership, right: Membership): Membership {
  if (left && right && !sameFieldFilter(left, right)) {
    throw invalidArgument("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.");
  }
  return left ?? right;
}

function distinct(memberships: readonly Membership[]): readonly Membership[] {
  const kept: Membership[] = [];
  for (const one of memberships) {
    if (!kept.some((other) => (one && other ? sameFieldFilter(one, other) : one === other))) {
      kept.push(one);
    }
  }
  return kept;
}
