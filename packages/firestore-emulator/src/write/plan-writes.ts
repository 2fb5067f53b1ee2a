import { FieldEdit } from "../name/field-edit.ts";
import { valueAt } from "../name/field-path.ts";
import { nameOf } from "../name/resource-name.ts";
import type { WriteResult } from "../protocol/messages.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";
import type { DocumentChange } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import { identicalMaps } from "../value/identical-values.ts";
import { timestampOf } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { checkSequence } from "./check-sequence.ts";
import type { CheckedPrecondition, CheckedWrite } from "./check-write.ts";
import { documentSizeBytes, maxDocumentBytes } from "./document-size.ts";

/** What the writes are made to. */
export interface WriteBase {
  /** `projects/p/databases/d`, for the texts of errors. */
  readonly database: string;
  readonly current: (path: string) => StoredDocument | undefined;
  /** The time of the commit, in microseconds. */
  readonly time: number;
  /** What server timestamps are set to, in microseconds. */
  readonly requestTime: number;
}

/** What a commit changes, and what its client is told, write by write. */
export interface WritePlan {
  readonly changes: readonly DocumentChange[];
  readonly results: readonly WriteResult[];
}

/** One document on its way through the writes of a commit. */
interface Draft {
  readonly before: StoredDocument | undefined;
  document: StoredDocument | undefined;
}

/**
 * What the writes, one after the other, make of the documents. Nothing is changed; a write that leaves a document as it is
 * keeps its update time.
 *
 * @throws {RpcError} NOT_FOUND, ALREADY_EXISTS or FAILED_PRECONDITION when a precondition is not met, INVALID_ARGUMENT when a
 * document gets too large.
 */
export function planWrites(writes: readonly CheckedWrite[], base: WriteBase): WritePlan {
  checkSequence(writes);
  const drafts = new Map<string, Draft>();
  const transformResults = writes.map((write) => {
    const draft = drafts.get(write.path) ?? newDraft(base.current(write.path));
    drafts.set(write.path, draft);
    return applyWrite(write, draft, base);
  });
  for (const draft of drafts.values()) settle(draft);
  return {
    changes: [...drafts]
      .filter(([, { before, document }]) => before !== document)
      .map(([path, { document }]) => ({ path, document })),
    results: writes.map(({ path }, index) => {
      const document = drafts.get(path)?.document;
      return {
        ...(document && { updateTime: timestampOf(document.updateTime) }),
        transformResults: transformResults[index] ?? [],
      };
    }),
  };
}

function newDraft(before: StoredDocument | undefined): Draft {
  return { before, document: before };
}

/** What was written back as it had been is the same version. */
function settle(draft: Draft): void {
  const { before, document } = draft;
  if (!before || !document || before.createTime !== document.createTime) return;
  if (identicalMaps(before.fields, document.fields)) draft.document = before;
}

function applyWrite(write: CheckedWrite, draft: Draft, base: WriteBase): readonly Value[] {
  checkPrecondition(write, draft, base);
  if (write.operation.kind === "delete") {
    draft.document = undefined;
    return [];
  }
  const { fields, mask, transforms } = write.operation;
  const edit = new FieldEdit(mask ? (draft.document?.fields ?? new Map()) : fields);
  // Each field of the mask as it is in the given ones, and gone where it is not in them.
  for (const path of mask ?? []) edit.set(path, valueAt(fields, path));
  const results: Value[] = [];
  for (const { path, apply } of transforms) {
    const { value, result } = apply(edit.get(path), base.requestTime);
    edit.set(path, value);
    results.push(result);
  }
  checkSize(write.path, edit.fields, base);
  draft.document = {
    path: write.path,
    fields: edit.fields,
    createTime: draft.document?.createTime ?? base.time,
    updateTime: base.time,
  };
  return results;
}

function checkPrecondition(write: CheckedWrite, draft: Draft, base: WriteBase): void {
  const { precondition } = write;
  if (!precondition) return;
  const name = nameOf(base.database, write.path);
  if (precondition.kind === "exists") checkExistence(precondition, draft, name);
  else checkUpdateTime(precondition.micros, draft.document);
}

function checkExistence(
  { exists }: Extract<CheckedPrecondition, { kind: "exists" }>,
  draft: Draft,
  name: string,
): void {
  if (exists === (draft.document !== undefined)) return;
  if (exists) throw new RpcError("NOT_FOUND", `No document to update: ${name}`);
  throw new RpcError("ALREADY_EXISTS", `Document already exists: ${name}`);
}

function checkUpdateTime(required: number, document: StoredDocument | undefined): void {
  const stored = document?.updateTime ?? 0;
  if (document && stored === required) return;
  throw new RpcError(
    "FAILED_PRECONDITION",
    `the stored version (${stored}) does not match the required base version (${required})`,
  );
}

function checkSize(path: string, fields: MapValue, { database }: WriteBase): void {
  const size = documentSizeBytes(path, fields);
  if (size <= maxDocumentBytes) return;
  throw invalidArgument(
    `Document '${nameOf(database, path)}' cannot be written because its size (${grouped(size)} bytes) exceeds the maximum allowed size of ${grouped(maxDocumentBytes)} bytes.`,
  );
}

function grouped(bytes: number): string {
  return bytes.toLocaleString("en-US");
}
