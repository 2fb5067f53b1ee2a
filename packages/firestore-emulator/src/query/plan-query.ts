import { documentNameField } from "../name/field-path.ts";
import { intersection } from "../store/index-range.ts";
import type { Access } from "./access.ts";
import {
  conjunctionOf,
  fewDocuments,
  filterAccess,
  walk,
  type AccessContext,
} from "./filter-access.ts";
import { isDocumentName } from "./parse-query-field.ts";
import type { FieldFilter, ParsedQuery } from "./parsed-query.ts";
import { cursorRange, filterRange } from "./value-range.ts";

/** As few documents as are read faster than an index is made. */
const smallSize = 64;

/**
 * Chooses how to find the documents of a query: by an index of what it compares, by one of what it is ordered by, or by reading
 * all. The one that is expected to read the fewest documents.
 */
export function planQuery(context: AccessContext): Access {
  const { sources, query } = context;
  const scan = scanAccess(context);
  if (sources.size <= smallSize) return scan;
  const needed = neededOf(query);
  const byFilter = filterAccess(context, query.filter);
  const matching = Math.min(byFilter?.estimate ?? sources.size, sources.size);
  let best = scan;
  let lowest = costOf(scan, needed, matching);
  const consider = (access: Access | undefined): void => {
    if (!access) return;
    const cost = costOf(access, needed, access === byFilter ? access.estimate : matching);
    if (cost < lowest) {
      best = access;
      lowest = cost;
    }
  };
  consider(byFilter);
  if (lowest > fewDocuments) consider(orderAccess(context));
  return best;
}

/** How many results are wanted, those that are skipped included. */
function neededOf({ limit, offset, findNearest }: ParsedQuery): number {
  return limit === undefined || findNearest ? Infinity : limit + offset;
}

/** How many documents are read until enough were found, when those that match are spread evenly. */
function costOf({ estimate, order }: Access, needed: number, matching: number): number {
  if (order === "none" || needed === Infinity) return estimate;
  const matchingHere = Math.max(1, Math.min(matching, estimate));
  return Math.min(estimate, (needed * estimate) / matchingHere);
}

function scanAccess({ sources, query }: AccessContext): Access {
  const [first] = query.orderBy;
  const isByName = sources.isOneCollection && first !== undefined && isDocumentName(first.field);
  return {
    estimate: sources.size,
    order: isByName && !first.descending ? "query" : "none",
    fields: [],
    open: () => sources.all(),
  };
}

/** In the query's own order, from where its cursors start; `undefined` when an index for that would not pay. */
function orderAccess({ sources, query }: AccessContext): Access | undefined {
  const [first, second] = query.orderBy;
  if (!first) return undefined;
  const { field, descending } = first;
  const comparisons = conjunctionOf(query.filter).fields.filter((filter) => isOn(filter, field));
  const range = intersection(filterRange(comparisons), cursorRange(query));
  const isNarrow = range.from.length + range.to.length > 0;
  if (neededOf(query) === Infinity && !isNarrow) return undefined;
  if (isDocumentName(field)) {
    const index = sources.byName();
    if (!index) return undefined;
    const below = intersection(range, sources.nameRange);
    return { ...walk(index, below, descending), order: "query", fields: [[documentNameField]] };
  }
  const index = sources.byValue(field);
  if (!index) return undefined;
  const isWhole =
    second !== undefined && isDocumentName(second.field) && second.descending === descending;
  return {
    ...walk(index, range, descending),
    order: isWhole ? "query" : "first",
    fields: [field],
  };
}

function isOn(filter: FieldFilter, field: readonly string[]): boolean {
  return (
    filter.field.length === field.length &&
    filter.field.every((name, index) => name === field[index])
  );
}
