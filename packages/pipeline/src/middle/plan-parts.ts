import { compareDocumentPaths, type Firestore, type RawRange } from "@ctb-data/firestore";
import { cutsBetween } from "./cuts-between.ts";
import { beginningOfLastId } from "./last-id.ts";

/** No id is before it, and none may be it. */
const firstId = "__id-9223372036854775808__";

export interface PlanOptions {
  /** About how many. */
  readonly parts: number;
  /** Fewer documents are not worth a part of their own. */
  readonly least: number;
  readonly signal: AbortSignal | undefined;
}

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
  { parts: most, least, signal }: PlanOptions,
): Promise<readonly RawRange[]> {
  const whole: RawRange = {
    start: `${collection}/${firstId}`,
    end: `${collection}\0/${firstId}`,
    group: collection,
  };
  const count = most <= 1 ? 0 : await firestore.documents(collection).count(signal && { signal });
  const parts = Math.min(most, Math.ceil(count / least));
  if (parts <= 1) return [whole];
  const snapshot = await firestore.raw.snapshot({ signal });
  const ranges = await snapshot.ranges({ group: collection, wanted: parts, signal });
  const proposed = ranges.flatMap(({ end }) =>
    end !== undefined && isIn(end, collection) ? [end] : [],
  );
  if (proposed.length > 0) return splitAt(whole, proposed);
  const from = async (id: string): Promise<string | undefined> => {
    const range = { ...whole, start: `${collection}/${id}` };
    for await (const { lines } of snapshot.read(range, { limit: 1, signal }))
      return lines[0]?.path.slice(collection.length + 1);
    return undefined;
  };
  const first = await from(firstId);
  if (first === undefined) return [whole];
  const last = await beginningOfLastId(first, async (id) => (await from(id)) !== undefined);
  const cuts = last === undefined ? [] : cutsBetween(first, last, parts);
  return splitAt(
    whole,
    cuts.map((id) => `${collection}/${id}`),
  );
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
