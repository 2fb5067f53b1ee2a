import { comparePaths } from "../name/compare-paths.ts";
import { valueAt } from "../name/field-path.ts";
import { pathOfName } from "../name/path-of-name.ts";
import { indexedValue } from "../store/indexed-value.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { compareValues } from "../value/compare-values.ts";
import { Reference } from "../value/reference.ts";
import type { Value } from "../value/value.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { Bound, Order } from "./parsed-query.ts";

/** What a document is ordered by: the value of each order, and its path in the place of its name. */
export type SortKeys = readonly Value[];

/** The keys of a document; `undefined` when it lacks a field that the query is ordered by, and so is not in its result. */
export function sortKeysOf(
  orders: readonly Order[],
  document: StoredDocument,
): SortKeys | undefined {
  const keys: Value[] = [];
  for (const { field } of orders) {
    const key = isDocumentName(field) ? document.path : valueAt(document.fields, field);
    if (key === undefined) return undefined;
    keys.push(isDocumentName(field) ? key : indexedValue(key));
  }
  return keys;
}

/** The order of two documents by their keys, or of a document and the first keys of another. */
export function compareSortKeys(orders: readonly Order[], left: SortKeys, right: SortKeys): number {
  for (const [index, { field, descending }] of orders.entries()) {
    const a = left[index];
    const b = right[index];
    if (a === undefined || b === undefined) return 0;
    const difference =
      isDocumentName(field) && typeof a === "string" && typeof b === "string"
        ? comparePaths(a, b)
        : compareValues(a, b);
    if (difference !== 0) return descending ? -difference : difference;
  }
  return 0;
}

/** The keys of a place in the order. */
function boundKeys(orders: readonly Order[], { values }: Bound): SortKeys {
  return values.map((value, index) => {
    const order = orders[index];
    const isName = order !== undefined && isDocumentName(order.field);
    return isName && value instanceof Reference ? pathOfName(value.name) : indexedValue(value);
  });
}

/** Whether keys are not before the place where a query starts. */
export function isAfterStart(orders: readonly Order[], keys: SortKeys, start: Bound): boolean {
  const difference = compareSortKeys(orders, keys, boundKeys(orders, start));
  return start.before ? difference >= 0 : difference > 0;
}

/** Whether keys are not after the place where a query ends. */
export function isBeforeEnd(orders: readonly Order[], keys: SortKeys, end: Bound): boolean {
  const difference = compareSortKeys(orders, keys, boundKeys(orders, end));
  return end.before ? difference < 0 : difference <= 0;
}
