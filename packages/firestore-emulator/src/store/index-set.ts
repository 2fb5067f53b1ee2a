import { formatFieldPath, type FieldPath } from "../name/field-path.ts";
import { lastId, parentPath } from "../name/resource-name.ts";
import { ChangeLog } from "./change-log.ts";
import type { Collection } from "./collection.ts";
import type { AppliedChange, AppliedCommit, CollectionScope, Database } from "./database.ts";
import {
  elementIndex,
  nameIndex,
  valueIndex,
  type DocumentIndex,
  type IndexedDocuments,
  type OrderedDocuments,
} from "./document-index.ts";
import type { StoredDocument } from "./stored-document.ts";

/** What an index is told, whatever its entries are. */
type AnyIndex = Pick<DocumentIndex<unknown>, "replace" | "size" | "count" | "walk">;

interface KeptIndex {
  readonly index: AnyIndex;
  /** Changes since it was last asked. */
  changes: number;
}

/** An index that nobody asked for during as many changes, and as many times its size, is dropped. */
const maxIdleChanges = 10_000;
const maxIdleTurnover = 10;
const maxIndexes = 200;

const sets = new WeakMap<Database, IndexSet>();

/** The indexes of a database. Each is made when it is first asked for, and kept up to date while it is. */
export class IndexSet {
  /** By the documents that they are over, then by what they are ordered by. */
  readonly #scopes = new Map<string, Map<string, KeptIndex>>();
  readonly #database: Database;
  readonly #log: ChangeLog;

  private constructor(database: Database) {
    this.#database = database;
    this.#log = new ChangeLog(database.clock.readTime());
    database.observe((commit) => this.#apply(commit));
  }

  /** Those of that database. */
  static of(database: Database): IndexSet {
    const existing = sets.get(database);
    if (existing) return existing;
    const set = new IndexSet(database);
    sets.set(database, set);
    return set;
  }

  /** The documents by the value of a field; those without it are left out. */
  byValue(scope: CollectionScope, field: FieldPath): OrderedDocuments {
    return this.#index(scope, `value ${formatFieldPath(field)}`, (documents) =>
      valueIndex(field, documents),
    );
  }

  /** The documents by the elements of the array in a field. */
  byElement(scope: CollectionScope, field: FieldPath): OrderedDocuments {
    return this.#index(scope, `element ${formatFieldPath(field)}`, (documents) =>
      elementIndex(field, documents),
    );
  }

  /** The documents by their names. */
  byName(scope: CollectionScope): OrderedDocuments {
    return this.#index(scope, "name", nameIndex);
  }

  /** The paths of the documents that changed after that time; `undefined` when that is not known any more. */
  changedSince(time: number): ReadonlySet<string> | undefined {
    return this.#log.since(time);
  }

  #index(
    scope: CollectionScope,
    name: string,
    make: (documents: IndexedDocuments) => AnyIndex,
  ): OrderedDocuments {
    const key = scopeKey(scope);
    const indexes = this.#scopes.get(key) ?? new Map<string, KeptIndex>();
    // Last in the order of the map, which is that of their use.
    this.#scopes.delete(key);
    this.#scopes.set(key, indexes);
    const kept = indexes.get(name);
    if (kept) {
      kept.changes = 0;
      return kept.index;
    }
    const index = make(this.#documents(scope));
    indexes.set(name, { index, changes: 0 });
    this.#dropOldest();
    return index;
  }

  #documents(scope: CollectionScope): IndexedDocuments {
    const collections = this.#database.collectionsIn(scope);
    return { documents: currentDocuments(collections), areByPath: collections.length === 1 };
  }

  #apply(commit: AppliedCommit): void {
    this.#log.add(commit);
    for (const change of commit.changes) {
      const collection = parentPath(change.path);
      this.#applyTo(`collection ${collection}`, change);
      this.#applyTo(`group ${lastId(collection)}`, change);
      this.#applyTo("everything", change);
    }
  }

  #applyTo(key: string, { before, document }: AppliedChange): void {
    const indexes = this.#scopes.get(key);
    if (!indexes) return;
    for (const [name, kept] of indexes) {
      kept.changes += 1;
      if (kept.changes > Math.max(maxIdleChanges, kept.index.size * maxIdleTurnover)) {
        indexes.delete(name);
      } else {
        kept.index.replace(before, document);
      }
    }
    if (indexes.size === 0) this.#scopes.delete(key);
  }

  #dropOldest(): void {
    let count = 0;
    for (const indexes of this.#scopes.values()) count += indexes.size;
    if (count <= maxIndexes) return;
    for (const [key, indexes] of this.#scopes) {
      this.#scopes.delete(key);
      count -= indexes.size;
      if (count <= maxIndexes) return;
    }
  }
}

function* currentDocuments(collections: readonly Collection[]): Generator<StoredDocument, void> {
  for (const collection of collections) {
    for (const { current } of collection.ascending()) if (current) yield current;
  }
}

/** @param scope of one collection, of a group from the root on, or of everything. */
function scopeKey({ parent, collectionId, allDescendants }: CollectionScope): string {
  if (allDescendants) return collectionId === undefined ? "everything" : `group ${collectionId}`;
  return `collection ${parent === "" ? "" : `${parent}/`}${collectionId ?? ""}`;
}
