import { formatFieldPath, type FieldPath } from "../name/field-path.ts";
import { invalidArgument } from "../rpc-error.ts";
import { fieldFiltersOf } from "./check-filter.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { ParsedQuery } from "./parsed-query.ts";

/**
 * @param fields those that are summed and averaged.
 * @throws {RpcError} INVALID_ARGUMENT when fields cannot be summed over the results of this query.
 */
export function checkAggregatedQuery(query: ParsedQuery, fields: readonly FieldPath[]): void {
  if (fields.length === 0) return;
  checkSelection(query, fields);
  checkNameScan(query, fields);
}

/** A selection could lack what is summed, and so goes with counts only. */
function checkSelection({ select }: ParsedQuery, fields: readonly FieldPath[]): void {
  if (!select) return;
  if (select.every(isDocumentName)) {
    throw invalidArgument(
      "Aggregation over non-key properties is not supported for base query that only returns keys.",
    );
  }
  const left = fields.find((field) => !select.some((path) => isWithin(field, path)));
  throw invalidArgument(
    left
      ? `The aggregation property ${formatFieldPath(left)} is not present in the base query's property mask.`
      : "Cannot apply property masks when aggregation fields are present.",
  );
}

function isWithin(field: FieldPath, path: FieldPath): boolean {
  return path.every((name, index) => field[index] === name);
}

/** What a query asks of the names of documents is answered by an index that ends with the name, and has no field behind it. */
function checkNameScan(query: ParsedQuery, fields: readonly FieldPath[]): void {
  const { scope, filter, orderBy, givenOrders } = query;
  const usesName =
    (scope.allDescendants && scope.parent !== "") ||
    fieldFiltersOf(filter).some(({ field }) => isDocumentName(field)) ||
    orderBy.slice(0, givenOrders).some(({ field }) => isDocumentName(field));
  if (!usesName) return;
  const ordered = new Set(orderBy.map(({ field }) => formatFieldPath(field)));
  const behind = new Set(fields.map(formatFieldPath).filter((field) => !ordered.has(field)));
  if (behind.size > 0) {
    throw invalidArgument(
      `This query requires an index with fields [${[...behind].toSorted().join(", ")}] after __name__ and Firestore does not currently support such an index. Please try the query again with additional ordering on those fields.`,
    );
  }
}
