import { invalidArgument, RpcError } from "../rpc-error.ts";
import type { CollectionScope } from "../store/database.ts";
import { fieldFiltersOf } from "./check-filter.ts";
import { checkIndexable } from "./check-query-value.ts";
import { comparedName, operandsOf } from "./parse-filter.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { FieldFilter, Filter, Order } from "./parsed-query.ts";

/** What is asked of the documents of a scope. */
export interface ScopeUse {
  readonly scope: CollectionScope;
  readonly filter: Filter | undefined;
  /** Those that were given. */
  readonly orders: readonly Order[];
}

/** @throws {RpcError} INVALID_ARGUMENT when a collection group below a document is asked for more than the names. */
export function checkGroup({ scope, filter, orders }: ScopeUse): void {
  const usesFields = fieldFiltersOf(filter).some(isOnField) || orders.some(isOnField);
  if (scope.allDescendants && scope.parent !== "" && usesFields) {
    throw invalidArgument("collection group queries are only allowed at the root parent");
  }
}

/**
 * @throws {RpcError} INVALID_ARGUMENT when collections of any id are asked for more than the names, or a value is compared with
 *   one that no index holds the whole of.
 */
export function checkKindless({ scope, filter, orders }: ScopeUse): void {
  const isKindless = scope.collectionId === undefined;
  if (isKindless && orders.some((order) => order.descending || isOnField(order))) {
    throw invalidArgument("kind is required for all orders except __key__ ascending");
  }
  for (const comparison of fieldFiltersOf(filter).filter(isOnField)) {
    const name = comparedName(comparison);
    const [first = null, ...others] = operandsOf(comparison.operator, comparison.value);
    checkIndexable(name, first);
    if (isKindless) throw invalidArgument(`kind is required for filter: ${name}`);
    for (const operand of others) checkIndexable(name, operand);
  }
}

/** @throws {RpcError} FAILED_PRECONDITION when a collection group below a document is to be read from its last to its first. */
export function checkGroupOrder({ scope, orders }: ScopeUse): void {
  if (scope.allDescendants && scope.parent !== "" && orders.some(({ descending }) => descending)) {
    throw new RpcError(
      "FAILED_PRECONDITION",
      "The query requires an index. There can be none: below a document, a collection group is read by ascending names only.",
    );
  }
}

function isOnField({ field }: FieldFilter | Order): boolean {
  return !isDocumentName(field);
}
