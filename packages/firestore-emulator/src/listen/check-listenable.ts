import type { ParsedQuery } from "../query/parsed-query.ts";
import { invalidArgument } from "../rpc-error.ts";

/** @throws {RpcError} INVALID_ARGUMENT, in the service's words, for a query that can be run and not be listened to. */
export function checkListenable({ select, findNearest, scope }: ParsedQuery): void {
  if (select) throw invalidArgument("'select' clauses are not supported for real-time queries.");
  if (findNearest) {
    throw invalidArgument("'find_nearest' clauses are not supported for real-time queries.");
  }
  if (scope.collectionId === undefined) {
    throw invalidArgument("All-collection queries are not supported by real-time queries.");
  }
  if (scope.allDescendants && scope.parent !== "") {
    throw invalidArgument(
      "'all_descendants' in CollectionSelector with document parent is not supported by real-time queries.",
    );
  }
}
