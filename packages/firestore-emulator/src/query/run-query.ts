import type { FieldPath } from "../name/field-path.ts";
import { valueAt } from "../name/field-path.ts";
import type { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { MapValue } from "../value/value.ts";
import { nearestDocuments } from "./nearest-documents.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { distanceProjectionOf, projectionOf } from "./projection.ts";
import { queryMatcher } from "./query-matcher.ts";

/** How the documents were found: by the index of these fields, or in the order of their names when there are none. */
export interface QueryPlan {
  readonly fields: readonly FieldPath[];
}

/** What a query came to. */
export interface QueryResult {
  /** In the order of the query, after its offset and up to its limit. */
  readonly documents: readonly StoredDocument[];
  /** How many the offset left out. */
  readonly skipped: number;
  /** How many documents were looked at. */
  readonly scanned: number;
  readonly plan: QueryPlan;
  /** The fields of a result that the query asks for, with its distance where it asks for that. */
  readonly fields: (document: StoredDocument) => MapValue;
}

/**
 * Runs a query over the documents as they are, or as they were at a time.
 *
 * @param required fields without which a document is not in the result, besides those that the query says.
 */
export function runQuery(
  database: Database,
  query: ParsedQuery,
  time?: number,
  required: readonly FieldPath[] = [],
): QueryResult {
  const { limit, offset, findNearest } = query;
  const matcher = queryMatcher(query);
  let scanned = 0;
  const found: StoredDocument[] = [];
  for (const collection of database.collectionsIn(query.scope)) {
    for (const entry of collection.ascending()) {
      const document = time === undefined ? entry.current : entry.at(time);
      if (!document) continue;
      scanned += 1;
      if (!required.every((path) => valueAt(document.fields, path) !== undefined)) continue;
      if (matcher.matches(document)) found.push(document);
    }
  }
  const sorted = found.toSorted(matcher.compare);
  const base = { scanned, plan: { fields: [] } };
  if (findNearest) return { ...base, skipped: 0, ...nearest(query, sorted) };
  const documents = sorted.slice(offset, limit === undefined ? sorted.length : offset + limit);
  const project = projectionOf(query);
  const fields = (document: StoredDocument): MapValue => project(document.fields);
  return { ...base, documents, skipped: Math.min(offset, sorted.length), fields };
}

function nearest(
  query: ParsedQuery,
  sorted: readonly StoredDocument[],
): Pick<QueryResult, "documents" | "fields"> {
  const found = query.findNearest ? nearestDocuments(sorted, query.findNearest) : [];
  const distances = new Map(found.map(({ document, distance }) => [document, distance]));
  return {
    documents: found.map(({ document }) => document),
    fields: distanceProjectionOf(query, distances),
  };
}
