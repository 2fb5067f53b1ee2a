import type { ParsedQuery } from "../query/parsed-query.ts";
import { queryMatcher, type QueryMatcher } from "../query/query-matcher.ts";
import { runQuery } from "../query/run-query.ts";
import type { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { placeOf } from "./query-target.ts";
import {
  effectsBetween,
  type DocumentTransition,
  type TargetEffect,
  type TargetPlace,
  type TargetStart,
  type WatchTarget,
} from "./watch-target.ts";

/**
 * A query with a limit or an offset. Whether a document belongs to it depends on others, so it keeps what it holds, with
 * what the offset leaves out, and reads from the database only what moves up into a full window.
 */
export class WindowTarget implements WatchTarget {
  readonly id: number;
  readonly place: TargetPlace;
  readonly #database: Database;
  readonly #query: ParsedQuery;
  readonly #matcher: QueryMatcher;
  /** How many documents decide what is in the window. */
  readonly #capacity: number;
  /** The first of the matching documents, in the order of the query. */
  #rows: readonly StoredDocument[] = [];
  #paths: ReadonlySet<string> = new Set();

  constructor(id: number, database: Database, query: ParsedQuery) {
    this.id = id;
    this.place = placeOf(query);
    this.#database = database;
    this.#query = query;
    this.#matcher = queryMatcher(query);
    this.#capacity = query.limit === undefined ? Infinity : query.offset + query.limit;
  }

  start(since: number | undefined): TargetStart {
    this.#keep(this.#read());
    const documents = this.#visible();
    const before =
      since === undefined ? [] : runQuery(this.#database, this.#query, since).documents;
    return {
      documents,
      previousCount: before.length,
      effects: effectsBetween(before, documents, (path) => this.#database.document(path)),
    };
  }

  apply(changes: readonly DocumentTransition[]): readonly TargetEffect[] {
    const { compare, matches } = this.#matcher;
    // Of what comes after the last row of a full window nothing is known.
    const last = this.#rows.length < this.#capacity ? undefined : this.#rows.at(-1);
    const entering = changes.flatMap(({ after }) =>
      after && matches(after) && (!last || compare(after, last) <= 0) ? [after] : [],
    );
    const changed = changes.filter(({ path }) => this.#paths.has(path));
    if (entering.length === 0 && changed.length === 0) return [];
    const before = this.#visible();
    const left = new Set(changed.map(({ path }) => path));
    const kept = this.#rows.filter(({ path }) => !left.has(path));
    const rows = [...kept, ...entering].toSorted(compare);
    this.#keep(last && rows.length < this.#capacity ? this.#read() : rows.slice(0, this.#capacity));
    return effectsBetween(before, this.#visible(), (path) => this.#database.document(path));
  }

  #read(): readonly StoredDocument[] {
    const limit = this.#capacity === Infinity ? undefined : this.#capacity;
    return runQuery(this.#database, { ...this.#query, offset: 0, limit }).documents;
  }

  #keep(rows: readonly StoredDocument[]): void {
    this.#rows = rows;
    this.#paths = new Set(rows.map(({ path }) => path));
  }

  #visible(): readonly StoredDocument[] {
    return this.#rows.slice(this.#query.offset);
  }
}
