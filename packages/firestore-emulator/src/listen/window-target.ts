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
    const entering = changes.flatMap(({ after }) =>
      after && this.#matcher.matches(after) ? [after] : [],
    );
    if (entering.length === 0 && !changes.some(({ path }) => this.#paths.has(path))) return [];
    const before = this.#visible();
    this.#keep(this.#after(changes, entering));
    const read = (path: string): StoredDocument | undefined => this.#database.document(path);
    return effectsBetween(before, this.#visible(), read);
  }

  /** The rows once documents have changed: those that are known to be first, or read anew where that is not known. */
  #after(
    changes: readonly DocumentTransition[],
    entering: readonly StoredDocument[],
  ): readonly StoredDocument[] {
    const { compare } = this.#matcher;
    const changed = new Set(changes.map(({ path }) => path));
    const kept = this.#rows.filter(({ path }) => !changed.has(path));
    // Of what comes after the last row of a full window nothing is known.
    const last = this.#rows.length < this.#capacity ? undefined : this.#rows.at(-1);
    const known = last ? entering.filter((row) => compare(row, last) <= 0) : entering;
    const rows = known.length === 0 ? kept : [...kept, ...known].toSorted(compare);
    if (last && rows.length < this.#capacity) return this.#read();
    return rows.slice(0, this.#capacity);
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
