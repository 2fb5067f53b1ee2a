import { compareIds } from "../name/compare-paths.ts";
import { lastId, parentPath } from "../name/resource-name.ts";
import type { Clock } from "./clock.ts";
import { Collection } from "./collection.ts";
import type { DocumentEntry } from "./document-entry.ts";
import type { StoredDocument } from "./stored-document.ts";

/** What a commit makes of one document: its new version, or `undefined` to delete it. */
export interface DocumentChange {
  readonly path: string;
  readonly document: StoredDocument | undefined;
}

/** One document before and after a commit. */
export interface AppliedChange extends DocumentChange {
  readonly before: StoredDocument | undefined;
}

/** A commit as it was applied: its time and each document that it changed, once. */
export interface AppliedCommit {
  readonly time: number;
  readonly changes: readonly AppliedChange[];
}

/** Which collections a query reads. */
export interface CollectionScope {
  /** The path of the document below which they are; empty for the root. */
  readonly parent: string;
  /** `undefined` for collections of any id. */
  readonly collectionId: string | undefined;
  /** Not only directly below the parent. */
  readonly allDescendants: boolean;
}

/** How long the past can be read, in microseconds: one hour, as without point-in-time recovery. */
export const retentionMicros = 3_600_000_000;

/**
 * All documents of one database, now and at each time of the last hour. It knows nothing of requests: what may be written
 * is decided before.
 */
export class Database {
  /** `projects/p/databases/d`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #roots = new Map<string, Collection>();
  readonly #groups = new Map<string, Set<Collection>>();
  readonly #observers = new Set<(commit: AppliedCommit) => void>();
  /** Versions that were replaced, oldest first, to be forgotten an hour later. */
  #replaced: { readonly time: number; readonly entry: DocumentEntry }[] = [];
  #forgotten = 0;
  #historyFrom: number;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = clock;
    this.#historyFrom = clock.readTime();
  }

  /** The past before that time is not known, however young it is: the server was started, or everything was cleared, then. */
  get historyFrom(): number {
    return this.#historyFrom;
  }

  /** The document at that path, now or as it was at a time. */
  document(path: string, time?: number): StoredDocument | undefined {
    const entry = this.entry(path);
    return time === undefined ? entry?.current : entry?.at(time);
  }

  /** The place of a document, if there ever was one or there is something below it. */
  entry(path: string): DocumentEntry | undefined {
    return this.collection(parentPath(path))?.get(lastId(path));
  }

  /** The collection at that path, if there ever was a document in it. */
  collection(path: string): Collection | undefined {
    const parent = parentPath(path);
    if (parent === "") return this.#roots.get(path);
    return this.entry(parent)?.collections?.get(lastId(path));
  }

  /** The collections directly below a document, or at the root, in the order of their ids. */
  collectionsBelow(parent: string): Collection[] {
    const collections = parent === "" ? this.#roots : this.entry(parent)?.collections;
    return [...(collections?.values() ?? [])].toSorted((left, right) =>
      compareIds(left.id, right.id),
    );
  }

  /** The collections that a query reads, in no order. */
  collectionsIn({ parent, collectionId, allDescendants }: CollectionScope): Collection[] {
    if (!allDescendants) {
      return this.collectionsBelow(parent).filter(
        ({ id }) => collectionId === undefined || id === collectionId,
      );
    }
    const groups =
      collectionId === undefined ? [...this.#groups.values()] : [this.#groups.get(collectionId)];
    return groups
      .flatMap((group) => [...(group ?? [])])
      .filter(({ path }) => parent === "" || path.startsWith(`${parent}/`));
  }

  /**
   * Makes the changes at a time that is later than all before, and tells those who observe. Each document at most once.
   */
  apply(time: number, changes: readonly DocumentChange[]): AppliedCommit {
    const applied: AppliedChange[] = [];
    for (const { path, document } of changes) {
      const entry = this.#place(path);
      const before = entry.current;
      if (entry.versions.length > 0) this.#replaced.push({ time, entry });
      entry.add({ time, document });
      applied.push({ path, before, document });
    }
    this.clock.advanceTo(time);
    const commit = { time, changes: applied };
    for (const observe of this.#observers) observe(commit);
    this.#forget(time - retentionMicros);
    return commit;
  }

  /** Deletes everything, the past with it, and tells those who observe of each document that was deleted. */
  clear(time: number): void {
    const changes = this.collectionsIn({
      parent: "",
      collectionId: undefined,
      allDescendants: true,
    })
      .flatMap((collection) => [...collection.ascending()])
      .filter(({ current }) => current !== undefined)
      .map(({ path, current }) => ({ path, before: current, document: undefined }));
    this.#roots.clear();
    this.#groups.clear();
    this.#replaced = [];
    this.#forgotten = 0;
    this.#historyFrom = time;
    this.clock.advanceTo(time);
    for (const observe of this.#observers) observe({ time, changes });
  }

  /** Calls back with each commit, right after it was applied. Returns how to stop that. */
  observe(callback: (commit: AppliedCommit) => void): () => void {
    this.#observers.add(callback);
    return () => {
      this.#observers.delete(callback);
    };
  }

  /** The entry at that path, with all that it lies below. */
  #place(path: string): DocumentEntry {
    const collectionPath = parentPath(path);
    const existing = this.collection(collectionPath);
    return (existing ?? this.#newCollection(collectionPath)).entry(lastId(path), path);
  }

  #newCollection(path: string): Collection {
    const collection = new Collection(path);
    const { id, parent } = collection;
    if (parent === "") {
      this.#roots.set(id, collection);
    } else {
      const entry = this.#place(parent);
      entry.collections ??= new Map();
      entry.collections.set(id, collection);
    }
    const group = this.#groups.get(id);
    if (group) group.add(collection);
    else this.#groups.set(id, new Set([collection]));
    return collection;
  }

  /** Forgets what nobody may read any more. */
  #forget(before: number): void {
    for (;;) {
      const next = this.#replaced[this.#forgotten];
      if (!next || next.time > before) break;
      this.#forgotten += 1;
      next.entry.forget(before);
      this.#removeIfEmpty(next.entry);
    }
    if (this.#forgotten > 1000 && this.#forgotten * 2 > this.#replaced.length) {
      this.#replaced = this.#replaced.slice(this.#forgotten);
      this.#forgotten = 0;
    }
  }

  #removeIfEmpty(entry: DocumentEntry): void {
    if (entry.versions.length > 0 || (entry.collections?.size ?? 0) > 0) return;
    const collection = this.collection(parentPath(entry.path));
    if (!collection || collection.get(entry.id) !== entry) return;
    collection.delete(entry);
    if (collection.size > 0) return;
    this.#groups.get(collection.id)?.delete(collection);
    if (collection.parent === "") {
      this.#roots.delete(collection.id);
      return;
    }
    const parent = this.entry(collection.parent);
    parent?.collections?.delete(collection.id);
    if (parent) this.#removeIfEmpty(parent);
  }
}
