import { compareDocumentPaths, type RawBatch, type RawRange } from "@ctb-data/firestore";
import type { DocumentLine } from "./document-line.ts";
import type { FirestoreStore } from "./firestore-store.ts";

export interface DatabaseLinesOptions {
  readonly firestore: FirestoreStore;
  /** Only what is below this collection, at any depth. Default: everything. */
  readonly collection?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const pageDocuments = 2000;

/**
 * The documents of a database in the order of their names, while it may be written to: each page is of a moment of its own, so it
 * does not matter how long all of them take.
 */
export async function* currentLines({
  firestore,
  collection,
  signal,
}: DatabaseLinesOptions): AsyncGenerator<DocumentLine, void> {
  let last: string | undefined;
  for (;;) {
    const snapshot = await firestore.raw.snapshot({ signal });
    const [whole = everything] = await snapshot.ranges({ collection, signal });
    const range: RawRange = last === undefined ? whole : { ...whole, start: last };
    let read = 0;
    for await (const batch of snapshot.read(range, { limit: pageDocuments, signal })) {
      for (const document of linesOf(batch)) {
        read += 1;
        // A page starts with what the one before ended with, when that is still there.
        if (last !== undefined && compareDocumentPaths(document.path, last) <= 0) continue;
        last = document.path;
        yield document;
      }
    }
    if (read < pageDocuments) return;
  }
}

/** All documents as they are at one moment, in the order of their names. */
export async function* snapshotLines({
  firestore,
  collection,
  signal,
}: DatabaseLinesOptions): AsyncGenerator<DocumentLine, void> {
  const snapshot = await firestore.raw.snapshot({ signal });
  for (const range of await snapshot.ranges({ collection, signal }))
    for await (const batch of snapshot.read(range, { signal })) yield* linesOf(batch);
}

const everything: RawRange = { start: undefined, end: undefined };

/** The lines of a batch. */
export function* linesOf({ bytes, lines }: RawBatch): Generator<DocumentLine, void> {
  let start = 0;
  for (const { path, end } of lines) {
    yield { path, line: bytes.subarray(start, end) };
    start = end;
  }
}
