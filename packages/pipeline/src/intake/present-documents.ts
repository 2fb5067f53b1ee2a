import type { Firestore, RawBatch } from "@ctb-data/firestore";
import { intakeFailuresOf } from "../documents/intake-marks.ts";
import { isObject, memberOf, textIn } from "../documents/raw-fields.ts";
import { throughFaults } from "../middle/passing-fault.ts";

/** A document that is there. */
export interface PresentDocument {
  /** `imo.hash`; undefined for a document that an application has written. */
  readonly hash: string | undefined;
  /** Fields that still hold what the vendor has sent and nothing could be made of. */
  readonly failed: readonly string[];
  readonly updateTimeUs: number;
}

/** How long Firestore may be away: about as long as the raw access bears it. */
const patienceMs = 120_000;
/** What one call takes. */
const mostPaths = 100;

/**
 * What there is of some documents, as of now.
 *
 * @throws {FirestoreError}
 */
export async function presentDocuments(
  { raw }: Pick<Firestore, "raw">,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, PresentDocument>> {
  if (paths.length === 0) return new Map();
  const parts = Array.from({ length: Math.ceil(paths.length / mostPaths) }, (_, part) =>
    paths.slice(part * mostPaths, (part + 1) * mostPaths),
  );
  const batches = await throughFaults({ patienceMs, signal }, async () => {
    const snapshot = await raw.snapshot({ signal });
    return await Promise.all(parts.map(async (part) => await snapshot.get(part, { signal })));
  });
  return new Map(batches.flatMap((batch) => [...documentsOf(batch)]));
}

/** `imo.hash` of a raw line. */
export function intakeHashOf(line: string): string | undefined {
  return hashIn(memberOf(JSON.parse(line), "fields"));
}

function hashIn(fields: unknown): string | undefined {
  return textIn(memberOf(fields, "imo", "mapValue", "fields", "hash"));
}

function* documentsOf({ bytes, lines }: RawBatch): Generator<readonly [string, PresentDocument]> {
  let start = 0;
  for (const { path, end, updateTimeUs } of lines) {
    const line = bytes.toString("utf8", start, end);
    start = end;
    const fields = memberOf(JSON.parse(line), "fields");
    const failed = isObject(fields) ? (intakeFailuresOf(fields, fields)?.keys() ?? []) : [];
    yield [path, { hash: hashIn(fields), failed: [...failed], updateTimeUs }];
  }
}

/** Whether a root collection has no document at all. @throws {FirestoreError} */
export async function isEmptyCollection(
  { raw }: Pick<Firestore, "raw">,
  collection: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return await throughFaults({ patienceMs, signal }, async () => {
    const snapshot = await raw.snapshot({ signal });
    const [range] = await snapshot.ranges({ collection, signal });
    if (range === undefined) return false;
    for await (const { lines } of snapshot.read(range, { limit: 1, signal }))
      if (lines.length > 0) return false;
    return true;
  });
}
