import { formatFieldPath, type FieldPath } from "../name/field-path.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { invalidArgument } from "../rpc-error.ts";
import { isNameField, samePath } from "./index-set.ts";

/**
 * Refuses sums and averages of fields that would come after the name in an index: there is no such index.
 *
 * @throws {RpcError} INVALID_ARGUMENT when the query is given an order by name and an aggregated field is not before it.
 */
export function checkAggregatedFields(query: ParsedQuery, fields: readonly FieldPath[]): void {
  const given = query.orderBy.slice(0, query.givenOrders);
  if (!given.some(({ field }) => isNameField(field))) return;
  const behind = fields.filter((path) => !given.some(({ field }) => samePath(field, path)));
  if (behind.length === 0) return;
  const names = behind.map(formatFieldPath).join(", ");
  throw invalidArgument(
    `This query requires an index that has fields [${names}] after __name__ and Firestore does not currently support such an index. Please try the query again with additional ordering on those fields.`,
  );
}
