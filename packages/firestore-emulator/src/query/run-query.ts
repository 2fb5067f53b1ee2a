import type { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { MapValue } from "../value/value.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { projectionOf } from "./projection.ts";
import { queryMatcher } from "./query-matcher.ts";

/** What a query came to. */
export interface QueryResult {
  /** In the order of the query, after its offset and up to its limit. */
  readonly documents: readonly StoredDocument[];
  /** How many the offset left out. */
  readonly skipped: number;
  /** How many documents were looked at. */
  readonly scanned: number;
  /** The fields of a result that the query asks for. */
  readonly fields: (document: StoredDocument) => MapValue;
}

/** Runs a query over the documents as they are, or as they were at a time. */
export function runQuery(database: Database, query: ParsedQuery, time?: number): QueryResult {
  const matcher = queryMatcher(query);
  let scanned = 0;
  const found: StoredDocument[] = [];
  for (const collection of database.collectionsIn(query.scope)) {
    for (const entry of collection.ascending()) {
      const document = time === undefined ? entry.current : entry.at(time);
      if (!document) continue;
      scanned += 1;
      if (matcher.matches(document)) found.push(document);
    }
  }
  const sorted = found.toSorted(matcher.compare);
  const end = query.limit === undefined ? sorted.length : query.offset + query.limit;
  const documents = sorted.slice(query.offset, end);
  return {
    documents,
    skipped: Math.min(query.offset, sorted.length),
    scanned,
    fields: projectionOf(query),
  };
}
