import type { FieldPath } from "../name/field-path.ts";
import { documentNameField, formatFieldPath } from "../name/field-path.ts";
import type { StructuredQuery } from "../protocol/messages.ts";
import { invalidArgument } from "../rpc-error.ts";
import { compareUtf8 } from "../value/compare-utf8.ts";
import { fieldFiltersOf, isInequality } from "./check-filter.ts";
import { isDocumentName, parseQueryField } from "./parse-query-field.ts";
import type { Filter, Order } from "./parsed-query.ts";

const descending = 2;

/** Reads the orders that were given. @throws {RpcError} INVALID_ARGUMENT */
export function parseOrders(orders: StructuredQuery["orderBy"]): readonly Order[] {
  return orders.map(({ field, direction }) => {
    const path = parseQueryField(field);
    if (direction < 0 || direction > descending) throw invalidArgument("Unrecognized ordering.");
    return { field: path, descending: direction === descending };
  });
}

/** @throws {RpcError} INVALID_ARGUMENT when these orders may not follow each other. */
export function checkOrders(orders: readonly Order[]): void {
  for (const [index, { field }] of orders.entries()) {
    const before = orders.slice(0, index);
    if (before.some((other) => isDocumentName(other.field))) throw moreAfterName();
    if (before.some((other) => samePath(other.field, field))) {
      throw invalidArgument(
        `order by clause cannot contain duplicate fields ${formatFieldPath(field)}`,
      );
    }
  }
}

/**
 * The orders with those that are implied: the fields of inequalities by their names, then the document's name, in the
 * direction of the last that was given.
 *
 * @throws {RpcError} INVALID_ARGUMENT when one would come after the document's name.
 */
export function withImpliedOrders(
  given: readonly Order[],
  filter: Filter | undefined,
): readonly Order[] {
  const orders = [...given];
  const direction = given.at(-1)?.descending ?? false;
  const inequalities = fieldFiltersOf(filter)
    .filter(({ operator }) => isInequality(operator))
    .map(({ field }) => field)
    .toSorted(compareFieldPaths);
  for (const field of [...inequalities, [documentNameField]]) {
    if (orders.some((other) => samePath(other.field, field))) continue;
    if (orders.some((other) => isDocumentName(other.field))) throw moreAfterName();
    orders.push({ field, descending: direction });
  }
  return orders;
}

function moreAfterName(): Error {
  return invalidArgument("order by clause cannot contain more fields after the key");
}

function samePath(left: FieldPath, right: FieldPath): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

/** Name by name, and the document's own name after all others. */
export function compareFieldPaths(left: FieldPath, right: FieldPath): number {
  const difference = Number(isDocumentName(left)) - Number(isDocumentName(right));
  if (difference !== 0) return difference;
  for (const [index, name] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (name !== other) return compareUtf8(name, other);
  }
  return left.length - right.length;
}
