import { comparePaths } from "../name/compare-paths.ts";
import type { FieldPath } from "../name/field-path.ts";
import { CollectionByName } from "../store/collection-by-name.ts";
import type { Collection } from "../store/collection.ts";
import type { CollectionScope, Database } from "../store/database.ts";
import type { OrderedDocuments } from "../store/document-index.ts";
import { edgeAtPath, wholeRange, type IndexRange } from "../store/index-range.ts";
import { IndexSet } from "../store/index-set.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { isInScope } from "./query-matcher.ts";

/** The documents that a query may read, and the orders in which it can read them. */
export class DocumentSources {
  readonly #database: Database;
  readonly #scope: CollectionScope;
  readonly #collections: readonly Collection[];
  /** About how many documents there are. */
  readonly size: number;

  constructor(database: Database, scope: CollectionScope) {
    this.#database = database;
    this.#scope = scope;
    this.#collections = database.collectionsIn(scope);
    this.size = this.#collections.reduce((size, collection) => size + collection.size, 0);
  }

  /** Whether all documents are in one collection, which has them in the order of their names without an index. */
  get isOneCollection(): boolean {
    return this.#collections.length === 1;
  }

  /** All documents; those of one collection in the order of their names. */
  *all(time?: number): Generator<StoredDocument, void> {
    for (const collection of this.#collections) {
      for (const entry of collection.ascending()) {
        const document = time === undefined ? entry.current : entry.at(time);
        if (document) yield document;
      }
    }
  }

  /** The document at that path, if it is among those that the query may read. */
  at(path: string, time?: number): StoredDocument | undefined {
    return isInScope(this.#scope, path) ? this.#database.document(path, time) : undefined;
  }

  /** By name; `undefined` when there is no such index. */
  byName(): OrderedDocuments | undefined {
    const [only, ...others] = this.#collections;
    if (only && others.length === 0) return new CollectionByName(only);
    const { collectionId, allDescendants } = this.#scope;
    if (!allDescendants) return undefined;
    return IndexSet.of(this.#database).byName({ parent: "", collectionId, allDescendants });
  }

  /** Which part of the index by name is below the parent. */
  get nameRange(): IndexRange {
    const { parent } = this.#scope;
    if (parent === "" || this.isOneCollection) return wholeRange;
    const below = `${parent}/`;
    const behind = (_value: unknown, path: string): number =>
      path.startsWith(below) || comparePaths(path, parent) <= 0 ? -1 : 1;
    return { from: [edgeAtPath(parent, true)], to: [behind] };
  }

  /** By the value of a field. */
  byValue(field: FieldPath): OrderedDocuments | undefined {
    return this.#hasIndexes ? IndexSet.of(this.#database).byValue(this.#scope, field) : undefined;
  }

  /** By the elements of the array in a field. */
  byElement(field: FieldPath): OrderedDocuments | undefined {
    return this.#hasIndexes ? IndexSet.of(this.#database).byElement(this.#scope, field) : undefined;
  }

  get #hasIndexes(): boolean {
    const { parent, collectionId, allDescendants } = this.#scope;
    return collectionId !== undefined && (!allDescendants || parent === "");
  }
}
