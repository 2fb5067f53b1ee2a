import { pathOfName } from "../name/path-of-name.ts";
import {
  edgeAtEntry,
  edgeAtPath,
  edgeAtValue,
  edgeBeforeType,
  edgeBehindType,
  intersection,
  wholeRange,
  type Edge,
  type IndexRange,
} from "../store/index-range.ts";
import { indexedValue } from "../store/indexed-value.ts";
import { Reference } from "../value/reference.ts";
import type { Value } from "../value/value.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { Bound, FieldFilter, Order, ParsedQuery } from "./parsed-query.ts";

/** The part of an index by a field's value, or of one by name, where all of these comparisons hold. */
export function filterRange(filters: readonly FieldFilter[]): IndexRange {
  return filters.map(rangeOf).reduce(intersection, wholeRange);
}

function rangeOf({ field, operator, value }: FieldFilter): IndexRange {
  const isName = isDocumentName(field);
  const at = (behind: boolean): Edge =>
    isName ? edgeAtPath(pathOf(value), behind) : edgeAtValue(value, behind);
  const above = isName ? [] : [edgeBehindType(value)];
  const below = isName ? [] : [edgeBeforeType(value)];
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- The others have no range.
  switch (operator) {
    case "==":
      return { from: [at(false)], to: [at(true)] };
    case "<":
      return { from: below, to: [at(false)] };
    case "<=":
      return { from: below, to: [at(true)] };
    case ">":
      return { from: [at(true)], to: above };
    case ">=":
      return { from: [at(false)], to: above };
    default:
      return wholeRange;
  }
}

function pathOf(value: Value): string {
  return value instanceof Reference ? pathOfName(value.name) : "";
}

/** The part of an index by the first order's field, or by name, that a query's cursors leave. */
export function cursorRange({ orderBy, startAt, endAt }: ParsedQuery): IndexRange {
  const descending = orderBy[0]?.descending ?? false;
  const from = descending
    ? cursorEdge(orderBy, endAt, { isFrom: true, excludes: endAt?.before ?? false })
    : cursorEdge(orderBy, startAt, { isFrom: true, excludes: !(startAt?.before ?? true) });
  const to = descending
    ? cursorEdge(orderBy, startAt, { isFrom: false, excludes: !(startAt?.before ?? true) })
    : cursorEdge(orderBy, endAt, { isFrom: false, excludes: endAt?.before ?? false });
  return { from: from ? [from] : [], to: to ? [to] : [] };
}

interface CursorSide {
  /** Whether the range begins at the cursor, in the order of the index. */
  readonly isFrom: boolean;
  /** Whether what is exactly at the cursor is left out. */
  readonly excludes: boolean;
}

/**
 * The place of a cursor in an index that has the first order's field, and then the name: where the cursor has values of other
 * fields, a place that leaves out nothing that it may not.
 */
function cursorEdge(
  orders: readonly Order[],
  bound: Bound | undefined,
  { isFrom, excludes }: CursorSide,
): Edge | undefined {
  const [first, second] = orders;
  const [value, name] = bound?.values ?? [];
  if (!first || value === undefined) return undefined;
  const behind = isFrom === excludes;
  if (isDocumentName(first.field)) return edgeAtPath(pathOf(value), behind);
  const key = indexedValue(value);
  if (name === undefined) return edgeAtValue(key, behind);
  const isByName = second && isDocumentName(second.field) && second.descending === first.descending;
  return isByName ? edgeAtEntry(key, pathOf(name), behind) : edgeAtValue(key, !isFrom);
}
