import { lastId, parentPath } from "../name/resource-name.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { LockOwner, QueryLock, ReadSet } from "./lock-owner.ts";

/** One document before and after a write. */
export interface WrittenDocument {
  readonly path: string;
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
}

/** What is asked for: to read documents, to read a query, or to write. */
export type LockTarget =
  | { readonly kind: "documents"; readonly paths: readonly string[] }
  | { readonly kind: "query"; readonly lock: QueryLock }
  | {
      readonly kind: "write";
      readonly paths: ReadonlySet<string>;
      /** What the write would do now. Called only when it matters. */
      readonly written: () => readonly WrittenDocument[];
    };

export interface LockRequest {
  readonly owner: LockOwner;
  readonly target: LockTarget;
  /**
   * Whether a read of documents waits for those who have read the same before it, in the hope that they are done soon: a
   * transaction that reads what another then writes would have to begin anew.
   */
  readonly isPatient?: boolean;
}

/** Whether what the holder has read keeps the request waiting. */
export function isBlockedByHolder(request: LockRequest, holder: LockOwner): boolean {
  return request.owner !== holder && isBlockedByReads(request, holder, holder.isRetry);
}

function isBlockedByReads(
  { owner, target, isPatient = false }: LockRequest,
  reads: ReadSet,
  ofRetry: boolean,
): boolean {
  if (target.kind === "write") return writesWhatIsRead(target, reads);
  const isHard = owner.isRetry && ofRetry;
  if (target.kind === "query") {
    return isHard && readsCollection(reads, target.lock.collectionId);
  }
  return target.paths.some(
    (path) =>
      ((isPatient || isHard) && reads.documents.has(path) && !owner.documents.has(path)) ||
      (isHard && queriesCollectionOf(reads, path)),
  );
}

function writesWhatIsRead(target: Extract<LockTarget, { kind: "write" }>, reads: ReadSet): boolean {
  for (const path of target.paths) {
    if (reads.documents.has(path)) return true;
  }
  return reads.queries.length > 0 && reads.queries.some((lock) => touches(target, lock));
}

function touches(target: Extract<LockTarget, { kind: "write" }>, lock: QueryLock): boolean {
  return target
    .written()
    .some(
      ({ before, after }) =>
        before !== after &&
        ((before !== undefined && lock.covers(before)) ||
          (after !== undefined && lock.covers(after))),
    );
}

function queriesCollectionOf(reads: ReadSet, path: string): boolean {
  const collectionId = lastId(parentPath(path));
  return reads.queries.some((lock) => overlaps(lock.collectionId, collectionId));
}

function readsCollection(reads: ReadSet, collectionId: string | undefined): boolean {
  return (
    reads.queries.some((lock) => overlaps(lock.collectionId, collectionId)) ||
    [...reads.documents].some((path) => overlaps(lastId(parentPath(path)), collectionId))
  );
}

function overlaps(left: string | undefined, right: string | undefined): boolean {
  return left === undefined || right === undefined || left === right;
}

/**
 * Whether a request that came before must be done first: writes in their order, and no read overtakes a write or a read that
 * it would wait for. A write waits for no read that is not granted yet.
 */
export function isBehind(request: LockRequest, earlier: LockRequest): boolean {
  if (request.owner === earlier.owner) return false;
  // What waits for the requester's own locks cannot come before it.
  if (isBlockedByHolder(earlier, request.owner)) return false;
  if (earlier.target.kind === "write") {
    return isBehindWrite(request.target, earlier.target, request.owner);
  }
  if (request.target.kind === "write") return false;
  return isBlockedByReads(request, readSetOf(earlier.target), earlier.owner.isRetry);
}

function isBehindWrite(
  target: LockTarget,
  earlier: Extract<LockTarget, { kind: "write" }>,
  owner: LockOwner,
): boolean {
  if (target.kind === "query") return touches(earlier, target.lock);
  if (target.kind === "write") return [...target.paths].some((path) => earlier.paths.has(path));
  // What is locked already may be read again.
  return target.paths.some((path) => earlier.paths.has(path) && !owner.documents.has(path));
}

/** What a read that still waits will have read. */
function readSetOf(target: Exclude<LockTarget, { kind: "write" }>): ReadSet {
  return target.kind === "documents"
    ? { documents: new Set(target.paths), queries: [] }
    : { documents: new Set(), queries: [target.lock] };
}
