import { compareIds } from "../name/compare-paths.ts";
import type { Collection } from "../store/collection.ts";
import type { Database } from "../store/database.ts";
import type { DocumentEntry } from "../store/document-entry.ts";

const batchEntries = 256;

/**
 * All entries that a database has now, a document before what is below it. Others may write, delete and clear between any
 * two of them: what exists now is met in any case.
 */
export function walkEntries(database: Database): Generator<DocumentEntry, void> {
  return walk(database.collectionsBelow(""));
}

function* walk(collections: readonly Collection[]): Generator<DocumentEntry, void> {
  for (const collection of collections) {
    let batch = entriesAfter(collection, undefined);
    while (batch.length > 0) {
      for (const entry of batch) {
        yield entry;
        if (entry.collections) yield* walk(sorted(entry.collections));
      }
      batch = entriesAfter(collection, batch.at(-1)?.id);
    }
  }
}

/** The next ones, at once: a list of a collection may not change while it is read. */
function entriesAfter(collection: Collection, id: string | undefined): readonly DocumentEntry[] {
  const batch: DocumentEntry[] = [];
  for (const entry of collection.ascending(id)) {
    if (entry.id !== id) batch.push(entry);
    if (batch.length === batchEntries) break;
  }
  return batch;
}

function sorted(collections: ReadonlyMap<string, Collection>): Collection[] {
  return [...collections.values()].toSorted((left, right) => compareIds(left.id, right.id));
}
