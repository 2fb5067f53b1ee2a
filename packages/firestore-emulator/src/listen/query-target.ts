import type { ParsedQuery } from "../query/parsed-query.ts";
import { queryMatcher, type QueryMatcher } from "../query/query-matcher.ts";
import { runQuery } from "../query/run-query.ts";
import type { Database } from "../store/database.ts";
import {
  effectsBetween,
  type DocumentTransition,
  type TargetEffect,
  type TargetPlace,
  type TargetStart,
  type WatchTarget,
} from "./watch-target.ts";

/** Where the documents of a query can be. */
export function placeOf({ scope }: ParsedQuery): TargetPlace {
  const { collectionId } = scope;
  return collectionId === undefined
    ? { kind: "anywhere" }
    : { kind: "collections", id: collectionId };
}

/** All documents that match a query. Whether one belongs to it is told by the document alone, so that nothing is kept. */
export class QueryTarget implements WatchTarget {
  readonly id: number;
  readonly place: TargetPlace;
  readonly #database: Database;
  readonly #query: ParsedQuery;
  readonly #matcher: QueryMatcher;

  constructor(id: number, database: Database, query: ParsedQuery) {
    this.id = id;
    this.place = placeOf(query);
    this.#database = database;
    this.#query = query;
    this.#matcher = queryMatcher(query);
  }

  start(since: number | undefined): TargetStart {
    const { documents } = runQuery(this.#database, this.#query);
    const before =
      since === undefined ? [] : runQuery(this.#database, this.#query, since).documents;
    return {
      documents,
      previousCount: before.length,
      effects: effectsBetween(before, documents, (path) => this.#database.document(path)),
    };
  }

  apply(changes: readonly DocumentTransition[]): readonly TargetEffect[] {
    const effects: TargetEffect[] = [];
    for (const { path, before, after } of changes) {
      const isIn = after !== undefined && this.#matcher.matches(after);
      if (isIn || (before !== undefined && this.#matcher.matches(before))) {
        effects.push({ path, document: after, isIn, changed: true });
      }
    }
    return effects;
  }
}
