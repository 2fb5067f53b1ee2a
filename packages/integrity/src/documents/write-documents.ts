import type { Firestore, RawFailure, RawWrite } from "@ctb-data/firestore";
import { updateTimeOf } from "./document-case.ts";
import { sameDocument } from "./document-line.ts";
import { documentsByPath } from "./present-documents.ts";

/** One document to be written over what was read of it. */
export interface GuardedWrite {
  readonly path: string;
  /** What was read. Undefined: it is not there. */
  readonly before: { readonly updateTimeUs: number } | undefined;
  /** What is to be there. Undefined: nothing. */
  readonly line: string | undefined;
}

/** Writes were refused since others were first, or for what they are. */
export interface RefusedWrite {
  readonly path: string;
  /** Full sentence, without any value. */
  readonly reason: string;
}

/**
 * Writes documents that are still what was read of them, and leaves those alone that somebody has changed since. A write of which the
 * answer was lost is known by what is there afterwards.
 *
 * @throws {FirestoreError}
 */
export async function writeDocuments(
  firestore: Firestore,
  writes: readonly GuardedWrite[],
  signal: AbortSignal | undefined,
): Promise<readonly RefusedWrite[]> {
  const failures: RawFailure[] = [];
  const ramp = firestore.emulator ? { ramp: false as const } : {};
  await firestore.raw.write(writes.flatMap(rawWriteOf), {
    ...ramp,
    signal,
    onFailure: (failure) => failures.push(failure),
  });
  if (failures.length === 0) return [];
  const snapshot = await firestore.raw.snapshot({ signal });
  const now = await documentsByPath(
    snapshot,
    failures.map(({ path }) => path),
    signal,
  );
  const lines = new Map(writes.map(({ path, line }) => [path, line]));
  return failures.flatMap(({ path, status, message }) => {
    if (sameDocument(now.get(path)?.line ?? null, lines.get(path) ?? null)) return [];
    const isChanged = ["FAILED_PRECONDITION", "NOT_FOUND", "ALREADY_EXISTS", "ABORTED"].includes(
      status,
    );
    const reason = isChanged
      ? "Somebody has changed the document since."
      : `Firestore did not take the document (${status}): ${message}`;
    return [{ path, reason }];
  });
}

function rawWriteOf({ path, before, line }: GuardedWrite): readonly RawWrite[] {
  const condition = before && { lastUpdateTime: updateTimeOf(before) };
  if (line !== undefined)
    return [condition ? { op: "set", line, ...condition } : { op: "create", line }];
  return condition ? [{ op: "delete", path, ...condition }] : [];
}
