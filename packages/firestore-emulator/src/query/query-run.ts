import { valueAt, type FieldPath } from "../name/field-path.ts";
import type { Database } from "../store/database.ts";
import { IndexSet } from "../store/index-set.ts";
import { indexedValue } from "../store/indexed-value.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { equalValues } from "../value/compare-values.ts";
import { merged, type Access } from "./access.ts";
import { DocumentSources } from "./document-sources.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { planQuery } from "./plan-query.ts";
import { documentMatcher, type QueryMatcher } from "./query-matcher.ts";
import { compareSortKeys, sortKeysOf, type SortKeys } from "./sort-keys.ts";

/** One run of a query: finds the documents, asks of each whether it matches, and puts them in order. */
export class QueryRun {
  /** How many documents were looked at so far. */
  scanned = 0;
  /** The fields whose indexes are read. */
  planFields: readonly FieldPath[] = [];
  readonly #database: Database;
  readonly #query: ParsedQuery;
  readonly #isOrdered: boolean;
  readonly #sources: DocumentSources;
  readonly #matcher: QueryMatcher;

  /** @param isOrdered whether the results must come in the order of the query. */
  constructor(database: Database, query: ParsedQuery, isOrdered: boolean) {
    this.#isOrdered = isOrdered;
    this.#database = database;
    this.#query = query;
    this.#sources = new DocumentSources(database, query.scope);
    this.#matcher = documentMatcher(query);
  }

  /** All results in order, as far as they are asked for, of now or of a time. */
  results(time: number | undefined): Iterable<StoredDocument> {
    if (time === undefined) return this.#present(new Set());
    const changed = IndexSet.of(this.#database).changedSince(time);
    if (!changed) return this.#sorted(this.#matching(this.#sources.all(time)));
    if (changed.size === 0) return this.#present(changed);
    const then = [...changed].map((path) => this.#sources.at(path, time));
    const past = this.#sorted(this.#matching(then.filter((document) => document !== undefined)));
    return merged([this.#present(changed), past], this.#matcher.compare);
  }

  /** The results of now, without the documents at these paths. */
  #present(except: ReadonlySet<string>): Iterable<StoredDocument> {
    const access = planQuery({
      sources: this.#sources,
      query: this.#query,
      compare: this.#matcher.compare,
    });
    this.planFields = access.fields;
    return this.#ordered(access, this.#matching(access.open(), except));
  }

  *#matching(
    documents: Iterable<StoredDocument>,
    except: ReadonlySet<string> = new Set(),
  ): Generator<StoredDocument, void> {
    const { matches } = this.#matcher;
    for (const document of documents) {
      this.scanned += 1;
      if (except.size > 0 && except.has(document.path)) continue;
      if (matches(document)) yield document;
    }
  }

  #ordered({ order }: Access, documents: Iterable<StoredDocument>): Iterable<StoredDocument> {
    if (order === "query" || !this.#isOrdered) return documents;
    return order === "first" ? this.#sortedWithin(documents) : this.#sorted(documents);
  }

  /** Puts documents that come in the first order already into the others. */
  *#sortedWithin(documents: Iterable<StoredDocument>): Generator<StoredDocument, void> {
    const field = this.#query.orderBy[0]?.field ?? [];
    let group: StoredDocument[] = [];
    for (const document of documents) {
      const [first] = group;
      if (first && !equalValues(valueOf(first, field), valueOf(document, field))) {
        yield* this.#sorted(group);
        group = [];
      }
      group.push(document);
    }
    yield* this.#sorted(group);
  }

  #sorted(documents: Iterable<StoredDocument>): readonly StoredDocument[] {
    const { orderBy } = this.#query;
    const keyed: { readonly document: StoredDocument; readonly keys: SortKeys }[] = [];
    for (const document of documents) {
      keyed.push({ document, keys: sortKeysOf(orderBy, document) ?? [] });
    }
    return keyed
      .toSorted((left, right) => compareSortKeys(orderBy, left.keys, right.keys))
      .map(({ document }) => document);
  }
}

function valueOf({ fields }: StoredDocument, field: FieldPath) {
  return indexedValue(valueAt(fields, field) ?? null);
}
