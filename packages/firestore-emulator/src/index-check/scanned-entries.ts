import { valueAt } from "../name/field-path.ts";
import { isInequality } from "../query/check-filter.ts";
import type { Conjunction } from "../query/disjunctions.ts";
import type { FieldFilter, ParsedQuery } from "../query/parsed-query.ts";
import { vectorOf, type MapValue } from "../value/value.ts";
import { inequalityFields } from "./index-requirement.ts";
import { isNameField, samePath, type Index } from "./index-set.ts";
import type { Scan } from "./plan-query.ts";

/** A document as far as it matters for which entries of indexes it has. */
export interface IndexedDocument {
  readonly path: string;
  readonly fields: MapValue;
}

export interface EntryCount {
  readonly query: ParsedQuery;
  readonly scans: readonly Scan[];
  /** The documents that a query comes to, in its order. It is called with parts of the query, without limit and offset. */
  readonly run: (query: ParsedQuery) => readonly IndexedDocument[];
  /** Whether the documents are counted or added up rather than returned. */
  readonly aggregated: boolean;
  /** Where a count stops. */
  readonly upTo?: number | undefined;
}

/**
 * How many entries of indexes answering a query reads. A query with a limit looks one entry past its end; an aggregation does
 * not.
 */
export function scannedEntries(count: EntryCount): number {
  if (count.query.limit === 0) return count.aggregated ? 1 : 0;
  let entries = 0;
  for (const scan of count.scans) entries += entriesOf(scan, count);
  return entries;
}

function entriesOf({ filters, indexes }: Scan, count: EntryCount): number {
  const { query, run } = count;
  const vector = query.findNearest;
  if (vector) {
    return run(partOf(query, filters)).filter(
      ({ fields }) => vectorOf(valueAt(fields, vector.field))?.length === vector.vector.length,
    ).length;
  }
  const end = endOf(count);
  if (indexes.length > 1) {
    const walked = run(partOf(query, sharedFilters(filters))).map(({ path }) => path);
    const places = new Map(walked.map((path, place) => [path, place]));
    const members = indexes.map((index) =>
      run(partOf(query, filtersOf(index, filters))).flatMap(({ path }) => places.get(path) ?? []),
    );
    return mergedEntries(members, end);
  }
  const found = new Set(run(partOf(query, filters)).map(({ path }) => path));
  const walked = run(partOf(query, walkedFilters(query, filters)));
  return walkedEntries(
    walked.map(({ path }) => found.has(path)),
    end,
    count.aggregated,
  );
}

/** After how many documents nothing more is wanted. */
function endOf({ query, aggregated, upTo }: EntryCount): number {
  const limit = query.limit === undefined ? Infinity : query.limit + query.offset;
  const most = aggregated && upTo !== undefined ? upTo + query.offset : Infinity;
  return Math.min(limit, most);
}

function walkedEntries(found: readonly boolean[], end: number, aggregated: boolean): number {
  let documents = 0;
  for (const [place, isFound] of found.entries()) {
    if (!isFound) continue;
    documents += 1;
    if (documents === end && aggregated) return place + 1;
    if (documents > end) return place + 1;
  }
  return found.length;
}

/**
 * How many entries are read when several indexes are merged. Each goes to the furthest place that any of them has come to;
 * where all meet there is a document, and all go on.
 *
 * @param members the places of each index's entries in the order that they share, ascending.
 * @param end how many documents are wanted.
 */
export function mergedEntries(
  members: readonly (readonly number[])[],
  end: number = Infinity,
): number {
  const cursors = members.map((places) => ({ places, next: 0, at: -1 }));
  let target = 0;
  let entries = 0;
  let documents = 0;
  for (;;) {
    for (const cursor of cursors) {
      if (cursor.at >= target) continue;
      while ((cursor.places[cursor.next] ?? Infinity) < target) cursor.next += 1;
      const place = cursor.places[cursor.next];
      if (place === undefined) return entries;
      cursor.at = place;
      cursor.next += 1;
      entries += 1;
      target = Math.max(target, place);
    }
    if (cursors.some(({ at }) => at !== target)) continue;
    documents += 1;
    if (documents >= end) return entries;
    let furthest = target;
    for (const cursor of cursors) {
      const place = cursor.places[cursor.next];
      if (place === undefined) return entries;
      cursor.at = place;
      cursor.next += 1;
      entries += 1;
      furthest = Math.max(furthest, place);
    }
    target = furthest;
  }
}

/** The query for some of its filters alone, without its limit and what is done with the results. */
function partOf(query: ParsedQuery, filters: readonly FieldFilter[]): ParsedQuery {
  return {
    ...query,
    filter: filters.length === 0 ? undefined : { kind: "and", filters },
    limit: undefined,
    offset: 0,
    findNearest: undefined,
    select: undefined,
  };
}

/** An index has one range of entries; comparisons of further fields leave out some of what is read. */
function walkedFilters(query: ParsedQuery, filters: Conjunction): Conjunction {
  const ranges = inequalityFields(query);
  if (ranges.length < 2) return filters;
  const first = query.orderBy.find(({ field }) => ranges.some((path) => samePath(path, field)));
  return filters.filter(
    ({ field, operator }) => !isInequality(operator) || (first && samePath(first.field, field)),
  );
}

/** What holds for the entries of all indexes that are merged. */
function sharedFilters(filters: Conjunction): Conjunction {
  return filters.filter(({ field, operator }) => isInequality(operator) || isNameField(field));
}

/** What holds for the entries of one of them. */
function filtersOf(index: Index, filters: Conjunction): Conjunction {
  return filters.filter(
    ({ field, operator }) =>
      isInequality(operator) ||
      isNameField(field) ||
      index.fields.some(
        ({ path, mode }) =>
          samePath(path, field) &&
          (mode === "CONTAINS") ===
            (operator === "array-contains" || operator === "array-contains-any"),
      ),
  );
}
