import {
  compareDocumentPaths,
  documentId,
  FirestoreError,
  type Firestore,
  type RawRange,
} from "@ctb-data/firestore";
import { cutsBetween } from "./cuts-between.ts";

/** No id is before it, and none may be it. */
const firstId = "__id-9223372036854775808__";

/**
 * Divides the documents of a root collection into about so many parts. Cuts are where Firestore proposes them; where it has none, as emulators
 * and for small collections, they are between the first id and the last. They only say who does what: whatever they are, each document is
 * in one part.
 *
 * @throws {FirestoreError}
 */
export async function planParts(
  firestore: Firestore,
  collection: string,
  { parts, signal }: { readonly parts: number; readonly signal: AbortSignal | undefined },
): Promise<readonly RawRange[]> {
  const whole: RawRange = {
    start: `${collection}/${firstId}`,
    end: `${collection}\0/${firstId}`,
    group: collection,
  };
  if (parts <= 1) return [whole];
  const snapshot = await firestore.raw.snapshot({ signal });
  const ranges = await snapshot.ranges({ group: collection, wanted: parts, signal });
  const proposed = ranges.flatMap(({ end }) =>
    end !== undefined && isIn(end, collection) ? [end] : [],
  );
  if (proposed.length > 0) return splitAt(whole, proposed);
  let first: string | undefined;
  for await (const { lines } of snapshot.read(whole, { limit: 1, signal })) first = lines[0]?.path;
  const last = await lastPath(firestore, collection, signal);
  if (first === undefined || last === undefined) return [whole];
  const idOf = (path: string): string => path.slice(collection.length + 1);
  const cuts = cutsBetween(idOf(first), idOf(last), parts).map((id) => `${collection}/${id}`);
  return splitAt(whole, cuts);
}

function isIn(path: string, collection: string): boolean {
  return path.startsWith(`${collection}/`);
}

function splitAt(whole: RawRange, cuts: readonly string[]): readonly RawRange[] {
  const bounds = [...new Set(cuts)].toSorted(compareDocumentPaths);
  return [...bounds, whole.end].map((end, index) => ({
    ...whole,
    start: index === 0 ? whole.start : bounds[index - 1],
    end,
  }));
}

async function lastPath(
  firestore: Firestore,
  collection: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const backwards = firestore.documents(collection).orderBy(documentId, "desc").limit(1);
    const last = await backwards.first(signal && { signal });
    return last?.path;
  } catch (error) {
    // The cloud wants an index for it. A collection that it does not cut is small.
    if (error instanceof FirestoreError && error.code === "INDEX_MISSING") return undefined;
    throw error;
  }
}
