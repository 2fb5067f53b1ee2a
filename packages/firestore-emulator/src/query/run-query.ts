import type { FieldPath } from "../name/field-path.ts";
import type { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { MapValue } from "../value/value.ts";
import { nearestDocuments } from "./nearest-documents.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { distanceProjectionOf, projectionOf } from "./projection.ts";
import { QueryRun } from "./query-run.ts";

/** How the documents were found: by the indexes of these fields, or by reading all of them when there are none. */
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
 * @param isOrdered false for one of which all results count, in whatever order.
 */
export function runQuery(
  database: Database,
  query: ParsedQuery,
  time?: number,
  isOrdered = true,
): QueryResult {
  const run = new QueryRun(database, query, isOrdered);
  const results = run.results(time);
  const window = query.findNearest ? nearestOf(query, results) : windowOf(query, results);
  return { ...window, scanned: run.scanned, plan: { fields: run.planFields } };
}

/** Skips and counts what the offset leaves out, and reads no more than the limit. */
function windowOf(
  query: ParsedQuery,
  results: Iterable<StoredDocument>,
): Pick<QueryResult, "documents" | "skipped" | "fields"> {
  const { offset, limit = Infinity } = query;
  const documents: StoredDocument[] = [];
  let skipped = 0;
  if (limit > 0) {
    for (const document of results) {
      if (skipped < offset) skipped += 1;
      else if (documents.push(document) >= limit) break;
    }
  }
  const project = projectionOf(query);
  return { documents, skipped, fields: ({ fields }) => project(fields) };
}

function nearestOf(
  query: ParsedQuery,
  results: Iterable<StoredDocument>,
): Pick<QueryResult, "documents" | "skipped" | "fields"> {
  const found = query.findNearest ? nearestDocuments(results, query.findNearest) : [];
  const distances = new Map(found.map(({ document, distance }) => [document, distance]));
  return {
    documents: found.map(({ document }) => document),
    skipped: 0,
    fields: distanceProjectionOf(query, distances),
  };
}
