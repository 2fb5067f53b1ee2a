import { compareIds } from "../name/compare-paths.ts";
import { lastId, parentPath } from "../name/resource-name.ts";
import { DocumentEntry } from "./document-entry.ts";
import { SortedList } from "./sorted-list.ts";

/** All documents directly in one collection, in the order of their ids. */
export class Collection {
  /** Such as `clients/1/orders`. */
  readonly path: string;
  readonly id: string;
  /** The path of the document it lies below; empty at the root. */
  readonly parent: string;
  readonly #byId = new Map<string, DocumentEntry>();
  readonly #sorted = new SortedList<DocumentEntry>((left, right) => compareIds(left.id, right.id));

  constructor(path: string) {
    this.path = path;
    this.id = lastId(path);
    this.parent = parentPath(path);
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): DocumentEntry | undefined {
    return this.#byId.get(id);
  }

  /** The entry with that id, made if there is none. @param path that of the document, for an entry that is made. */
  entry(id: string, path = `${this.path}/${id}`): DocumentEntry {
    const existing = this.#byId.get(id);
    if (existing) return existing;
    const entry = new DocumentEntry(path);
    // Its own id, so that there is one text for both.
    this.#byId.set(entry.id, entry);
    this.#sorted.add(entry);
    return entry;
  }

  delete(entry: DocumentEntry): void {
    this.#byId.delete(entry.id);
    this.#sorted.delete(entry);
  }

  /** The entries by id, from the given id on (included). */
  ascending(from?: string): Generator<DocumentEntry, void> {
    return from === undefined
      ? this.#sorted.ascending()
      : this.#sorted.ascending((entry) => compareIds(entry.id, from));
  }

  /** The entries by id, from the first on that is not below: `position` gives 0 or more for it. */
  ascendingFrom(position: (entry: DocumentEntry) => number): Generator<DocumentEntry, void> {
    return this.#sorted.ascending(position);
  }

  /** The entries against the order of their ids, from the last that is not above: `position` gives 0 or less for it. */
  descendingFrom(position: (entry: DocumentEntry) => number): Generator<DocumentEntry, void> {
    return this.#sorted.descending(position);
  }

  /** How many entries are below: `position` gives less than 0 for them. */
  countBelow(position: (entry: DocumentEntry) => number): number {
    return this.#sorted.countBelow(position);
  }

  /** The entries against the order of their ids, from the given id on (included). */
  descending(from?: string): Generator<DocumentEntry, void> {
    return from === undefined
      ? this.#sorted.descending()
      : this.#sorted.descending((entry) => compareIds(entry.id, from));
  }
}
