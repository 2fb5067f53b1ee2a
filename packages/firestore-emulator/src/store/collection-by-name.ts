import type { Collection } from "./collection.ts";
import type { DocumentEntry } from "./document-entry.ts";
import type { OrderedDocuments } from "./document-index.ts";
import { isBefore, isBehind, type IndexRange } from "./index-range.ts";
import type { StoredDocument } from "./stored-document.ts";

/** The documents of one collection by their names, which is the order that it holds them in anyway. */
export class CollectionByName implements OrderedDocuments {
  readonly #collection: Collection;

  constructor(collection: Collection) {
    this.#collection = collection;
  }

  count(range: IndexRange): number {
    const end = this.#collection.countBelow(behind(range));
    return Math.max(0, end - this.#collection.countBelow(before(range)));
  }

  *walk(range: IndexRange, descending: boolean): Generator<StoredDocument, void> {
    const isOut = descending ? before(range) : behind(range);
    const outside = descending ? -1 : 1;
    const entries = descending
      ? this.#collection.descendingFrom(behind(range))
      : this.#collection.ascendingFrom(before(range));
    for (const entry of entries) {
      if (isOut(entry) === outside) return;
      if (entry.current) yield entry.current;
    }
  }
}

/** -1 for an entry that is before the range, 0 for all others. */
function before(range: IndexRange): (entry: DocumentEntry) => number {
  return ({ path }) => (isBefore(range, null, path) ? -1 : 0);
}

/** 1 for an entry that is behind the range, -1 for all others. */
function behind(range: IndexRange): (entry: DocumentEntry) => number {
  return ({ path }) => (isBehind(range, null, path) ? 1 : -1);
}
