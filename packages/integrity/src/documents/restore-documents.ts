import type { Firestore } from "@ctb-data/firestore";
import { sameDocument } from "./document-line.ts";
import { documentsByPath } from "./present-documents.ts";
import { writeDocuments } from "./write-documents.ts";

/** A document as a repair has kept it. */
export interface RestorableDocument {
  /** Relative to the database. */
  readonly path: string;
  /** A raw line; null where there was none. */
  readonly oldDocument: string | null;
  /** What the repair has made of it; null where it has deleted it. */
  readonly newDocument: string | null;
}

/** What became of one. */
export interface RestoredDocument<Kept extends RestorableDocument> {
  readonly kept: Kept;
  /** Why it was not put back, as a full sentence without any value; undefined when it is as it was. */
  readonly conflict: string | undefined;
}

/**
 * Puts documents back as they were, to the bit; only their times are new. One that somebody has changed since the repair is left alone.
 * What is as it was before is left alone as well: it may be done again after a crash, of the repair or of itself.
 *
 * @param documents so many as one likes to hold; of several that are one document, the one that was kept last comes first.
 * @throws {FirestoreError}
 */
export async function restoreDocuments<Kept extends RestorableDocument>(
  firestore: Firestore,
  documents: readonly Kept[],
  {
    signal,
    dryRun = false,
  }: { readonly signal?: AbortSignal | undefined; readonly dryRun?: boolean } = {},
): Promise<readonly RestoredDocument<Kept>[]> {
  const done: RestoredDocument<Kept>[] = [];
  for (const batch of distinctRuns(documents))
    done.push(...(await restoreBatch(firestore, batch, { signal, dryRun })));
  return done;
}

const mostDocuments = 100;

/** Parts in which no document is twice. */
function distinctRuns<Kept extends RestorableDocument>(
  documents: readonly Kept[],
): readonly (readonly Kept[])[] {
  const runs: Kept[][] = [];
  let paths = new Set<string>();
  for (const kept of documents) {
    const last = runs.at(-1);
    if (last === undefined || last.length >= mostDocuments || paths.has(kept.path)) {
      runs.push([kept]);
      paths = new Set([kept.path]);
    } else {
      last.push(kept);
      paths.add(kept.path);
    }
  }
  return runs;
}

async function restoreBatch<Kept extends RestorableDocument>(
  firestore: Firestore,
  batch: readonly Kept[],
  { signal, dryRun }: { readonly signal: AbortSignal | undefined; readonly dryRun: boolean },
): Promise<readonly RestoredDocument<Kept>[]> {
  const snapshot = await firestore.raw.snapshot({ signal });
  const now = await documentsByPath(
    snapshot,
    batch.map(({ path }) => path),
    signal,
  );
  const lineOf = (path: string): string | null => now.get(path)?.line ?? null;
  const isOld = (kept: Kept): boolean => sameDocument(lineOf(kept.path), kept.oldDocument);
  const isOurs = (kept: Kept): boolean => sameDocument(lineOf(kept.path), kept.newDocument);
  const writes = batch
    .filter((kept) => !isOld(kept) && isOurs(kept))
    .map(({ path, oldDocument }) => ({
      path,
      before: now.get(path),
      line: oldDocument ?? undefined,
    }));
  const refused = new Map(
    dryRun
      ? []
      : (await writeDocuments(firestore, writes, signal)).map(({ path, reason }) => [path, reason]),
  );
  return batch.map((kept) => ({
    kept,
    conflict: isOld(kept)
      ? undefined
      : isOurs(kept)
        ? refused.get(kept.path)
        : conflictOf(now.has(kept.path)),
  }));
}

function conflictOf(isThere: boolean): string {
  return isThere
    ? "Somebody has written the document since the fix."
    : "Somebody has deleted the document since the fix.";
}
