import { comparePaths } from "../name/compare-paths.ts";
import { valueAt, type FieldPath } from "../name/field-path.ts";
import { compareValues, equalValues } from "../value/compare-values.ts";
import { isArray, type Value } from "../value/value.ts";
import { isBefore, isBehind, type IndexRange } from "./index-range.ts";
import { indexedValue } from "./indexed-value.ts";
import { SortedList } from "./sorted-list.ts";
import type { StoredDocument } from "./stored-document.ts";

/** Documents in an order by value and then by path, of which any part can be read without the rest. */
export interface OrderedDocuments {
  /** About how many documents are in the range. */
  count(range: IndexRange): number;
  /** The documents in the range. Nothing may be written before the last of them was read. */
  walk(range: IndexRange, descending: boolean): Iterable<StoredDocument>;
}

/** What an index has of each document. An entry is the document itself where that is enough, to take no memory. */
interface EntryKind<T> {
  readonly entriesOf: (document: StoredDocument) => readonly T[];
  readonly valueOf: (entry: T) => Value;
  readonly documentOf: (entry: T) => StoredDocument;
}

/** What an index is made of. */
export interface IndexedDocuments {
  readonly documents: Iterable<StoredDocument>;
  /** Whether they come in the order of their paths. */
  readonly areByPath: boolean;
}

/** An index over documents that is told of each change. */
export class DocumentIndex<T> implements OrderedDocuments {
  readonly #kind: EntryKind<T>;
  readonly #entries: SortedList<T>;

  constructor(kind: EntryKind<T>, documents: IndexedDocuments) {
    this.#kind = kind;
    const compare = (left: T, right: T): number => this.#compare(left, right);
    this.#entries = new SortedList(compare, sortedEntries(kind, documents));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes notice of a change of one document. */
  replace(before: StoredDocument | undefined, after: StoredDocument | undefined): void {
    const old = before ? this.#kind.entriesOf(before) : [];
    const added = after ? this.#kind.entriesOf(after) : [];
    for (const entry of old) {
      const same = added.find((other) => this.#compare(entry, other) === 0);
      if (same === undefined) this.#entries.delete(entry);
      else this.#entries.replace(entry, same);
    }
    for (const entry of added) {
      if (!old.some((other) => this.#compare(entry, other) === 0)) this.#entries.add(entry);
    }
  }

  count(range: IndexRange): number {
    const end = range.to.length === 0 ? this.size : this.#entries.countBelow(this.#behind(range));
    return Math.max(0, end - this.#entries.countBelow(this.#before(range)));
  }

  *walk(range: IndexRange, descending: boolean): Generator<StoredDocument, void> {
    const isOut = descending ? this.#before(range) : this.#behind(range);
    const outside = descending ? -1 : 1;
    const entries = descending
      ? this.#entries.descending(this.#behind(range))
      : this.#entries.ascending(this.#before(range));
    for (const entry of entries) {
      if (isOut(entry) === outside) return;
      yield this.#kind.documentOf(entry);
    }
  }

  /** -1 for an entry that is before the range, 0 for all others. */
  #before(range: IndexRange): (entry: T) => number {
    const kind = this.#kind;
    return (entry) => (isBefore(range, kind.valueOf(entry), kind.documentOf(entry).path) ? -1 : 0);
  }

  /** 1 for an entry that is behind the range, -1 for all others. */
  #behind(range: IndexRange): (entry: T) => number {
    const kind = this.#kind;
    return (entry) => (isBehind(range, kind.valueOf(entry), kind.documentOf(entry).path) ? 1 : -1);
  }

  #compare(left: T, right: T): number {
    const kind = this.#kind;
    return (
      compareValues(kind.valueOf(left), kind.valueOf(right)) ||
      comparePaths(kind.documentOf(left).path, kind.documentOf(right).path)
    );
  }
}

/** All entries in order. Their values are looked up once. */
function sortedEntries<T>(kind: EntryKind<T>, { documents, areByPath }: IndexedDocuments): T[] {
  const entries: T[] = [];
  for (const document of documents) {
    for (const entry of kind.entriesOf(document)) entries.push(entry);
  }
  const values = entries.map(kind.valueOf);
  const comparePlaces = (left: number, right: number): number => {
    const [a, b] = [entries[left], entries[right]];
    if (areByPath || a === undefined || b === undefined) return left - right;
    return comparePaths(kind.documentOf(a).path, kind.documentOf(b).path);
  };
  const order = Uint32Array.from(entries, (_, index) => index).toSorted(
    (left, right) =>
      compareValues(values[left] ?? null, values[right] ?? null) || comparePlaces(left, right),
  );
  const sorted: T[] = [];
  for (const index of order) {
    const entry = entries[index];
    if (entry !== undefined) sorted.push(entry);
  }
  return sorted;
}

/** An index of the values of a field. Documents without it are not in it. */
export function valueIndex(
  field: FieldPath,
  documents: IndexedDocuments,
): DocumentIndex<StoredDocument> {
  const valueOf = ({ fields }: StoredDocument): Value =>
    indexedValue(valueAt(fields, field) ?? null);
  const entriesOf = (document: StoredDocument): readonly StoredDocument[] =>
    valueAt(document.fields, field) === undefined ? [] : [document];
  return new DocumentIndex({ ...names, valueOf, entriesOf }, documents);
}

/** An index of the names alone: all values are null. */
export function nameIndex(documents: IndexedDocuments): DocumentIndex<StoredDocument> {
  return new DocumentIndex(names, documents);
}

const names: EntryKind<StoredDocument> = {
  valueOf: () => null,
  documentOf: (document) => document,
  entriesOf: (document) => [document],
};

interface ElementEntry {
  readonly element: Value;
  readonly document: StoredDocument;
}

/** An index of the elements of the arrays in a field: each document is in it once for each that differs. */
export function elementIndex(
  field: FieldPath,
  documents: IndexedDocuments,
): DocumentIndex<ElementEntry> {
  return new DocumentIndex(
    {
      valueOf: ({ element }) => element,
      documentOf: ({ document }) => document,
      entriesOf: (document) => {
        const value = valueAt(document.fields, field);
        return isArray(value)
          ? distinctValues(value).map((element) => ({ element, document }))
          : [];
      },
    },
    documents,
  );
}

function distinctValues(values: readonly Value[]): readonly Value[] {
  const sorted = values.toSorted(compareValues);
  return sorted.filter((value, index) => {
    const before = sorted[index - 1];
    return before === undefined || !equalValues(before, value);
  });
}
