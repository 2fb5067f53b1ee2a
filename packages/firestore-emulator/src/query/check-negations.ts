import type { FilterMessage } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";

/** The numbers of operators, as they were sent: those that can match nothing count as well. */
const notEqual = 6;
const isIn = 8;
const containsAny = 9;
const notIn = 10;
const isNotNaN = 4;
const isNotNull = 5;
const or = 2;

/** @throws {RpcError} INVALID_ARGUMENT when there is more than one `!=` or `not-in`, or a `not-in` with alternatives. */
export function checkNegations(filter: FilterMessage | undefined): void {
  if (!filter) return;
  const parts = partsOf(filter);
  const negations = parts.filter(isNegation);
  if (negations.length > 1) {
    throw invalidArgument(
      "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query.",
    );
  }
  if (negations[0]?.fieldFilter?.op === notIn && parts.some(hasAlternatives)) {
    throw invalidArgument(
      "'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.",
    );
  }
}

/** A filter, and all that are in it. */
function partsOf(filter: FilterMessage): readonly FilterMessage[] {
  return [filter, ...(filter.compositeFilter?.filters.flatMap(partsOf) ?? [])];
}

function isNegation({ fieldFilter, unaryFilter }: FilterMessage): boolean {
  const op = fieldFilter?.op;
  const unary = unaryFilter?.op;
  return op === notEqual || op === notIn || unary === isNotNaN || unary === isNotNull;
}

function hasAlternatives({ fieldFilter, compositeFilter }: FilterMessage): boolean {
  const op = fieldFilter?.op;
  return compositeFilter?.op === or || op === isIn || op === containsAny;
}
