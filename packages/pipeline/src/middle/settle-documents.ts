import type { RawWrite, RawWriteOptions } from "@ctb-data/firestore";
import type { KnownFailure } from "../documents/failure-documents.ts";
import type { IntakeDocument } from "../documents/intake-document.ts";
import { markWriteOf } from "../documents/mark-write.ts";
import type { MiddleContext } from "./middle-context.ts";
import { isPassingStatus, throughFaults, UnfinishedWrite } from "./passing-fault.ts";
import type { JudgedDocument, Verdict } from "./verdict.ts";

/** What only a promotion finds: a judgement by the registry alone does not lift it while the document says the same. */
const codesOfPromotion: ReadonlySet<string> = new Set([
  "duplicate_key",
  "missing_reference",
  "refused",
]);

/** What came of writing verdicts down. */
export interface SettledDocuments {
  readonly marked: number;
  /** Ids of documents whose marks Firestore does not take, and what it says. */
  readonly unmarked: ReadonlyMap<string, string>;
  /** Ids of those that somebody has changed or deleted since they were read. */
  readonly changed: readonly string[];
}

/**
 * Writes failures to `validation_failed`, or deletes them, and then the marks. What says so already is not written.
 *
 * @throws {FirestoreError}; {PipelineError} FIRESTORE_FAILED, CANCELLED
 */
export async function settleDocuments(
  context: MiddleContext,
  judged: readonly JudgedDocument[],
  signal: AbortSignal,
): Promise<SettledDocuments> {
  const settled = judged.filter(({ verdict }) => isSettled(verdict));
  if (settled.length === 0) return { marked: 0, unmarked: new Map(), changed: [] };
  return await throughFaults({ patienceMs: context.patienceMs, signal }, async () => {
    const { writes, kept } = await failureWrites(context, settled, signal);
    await writeFailures(context, writes, signal);
    const marks = settled.map(({ document, verdict }) =>
      markOf(context, document, kept.has(document) ? held : verdict),
    );
    return await writeMarks(context, marks, signal);
  });
}

/** Deletes the failures of documents that are no more. @returns how many there were. @throws {FirestoreError} */
export async function clearFailures(
  context: MiddleContext,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  if (ids.length === 0) return 0;
  return await throughFaults({ patienceMs: context.patienceMs, signal }, async () => {
    const known = await context.failures.read(ids, { signal });
    const writes = ids.flatMap((id) => known.mended(id) ?? []);
    await writeFailures(context, writes, signal);
    return writes.length;
  });
}

/** Where a promotion's failure holds, nothing is written but this. */
const held: Verdict = { kind: "failed", failures: [], rowLost: false };

function isSettled({ kind }: Verdict): boolean {
  return kind === "passed" || kind === "failed";
}

interface FailureWrites {
  readonly writes: readonly RawWrite[];
  /** Documents that only passed a judgement by the registry, and that a promotion has refused before. */
  readonly kept: ReadonlySet<IntakeDocument>;
}

async function failureWrites(
  { failures: collection, promoter }: MiddleContext,
  judged: readonly JudgedDocument[],
  signal: AbortSignal,
): Promise<FailureWrites> {
  const ids = judged.map(({ document }) => document.id);
  const known = await collection.read(ids, { signal });
  const kept = new Set<IntakeDocument>();
  const writes = judged.flatMap(({ document, verdict }) => {
    const { id, contentHash } = document;
    if (verdict.kind === "failed")
      return known.failed({ id, contentHash, failures: verdict.failures }) ?? [];
    if (promoter === undefined && holds(known.of(id), document)) {
      kept.add(document);
      return [];
    }
    return known.mended(id) ?? [];
  });
  return { writes, kept };
}

function holds(failure: KnownFailure | undefined, document: IntakeDocument): boolean {
  return (
    failure?.contentHash === document.contentHash &&
    failure.codes.every((code) => codesOfPromotion.has(code))
  );
}

async function writeFailures(
  { stores: { firestore }, writeOptions }: MiddleContext,
  writes: readonly RawWrite[],
  signal: AbortSignal,
): Promise<void> {
  if (writes.length > 0) await firestore.raw.write(writes, { ...writeOptions(), signal });
}

function markOf(
  { stores: { firestore } }: MiddleContext,
  document: IntakeDocument,
  verdict: Verdict,
): RawWrite | undefined {
  const wanted =
    verdict.kind === "passed"
      ? { validated: true, promotedTo: verdict.promotedTo }
      : {
          validated: false,
          promotedTo: verdict.kind === "failed" && verdict.rowLost ? null : undefined,
        };
  return markWriteOf(firestore.raw, document, wanted);
}

async function writeMarks(
  { stores: { firestore }, writeOptions }: MiddleContext,
  marks: readonly (RawWrite | undefined)[],
  signal: AbortSignal,
): Promise<SettledDocuments> {
  const writes = marks.filter((mark) => mark !== undefined);
  const unmarked = new Map<string, string>();
  const changed: string[] = [];
  if (writes.length === 0) return { marked: 0, unmarked, changed };
  let unfinished: UnfinishedWrite | undefined;
  const onFailure: RawWriteOptions["onFailure"] = ({ path, status, message }) => {
    const id = path.slice(path.indexOf("/") + 1);
    if (status === "FAILED_PRECONDITION" || status === "NOT_FOUND") changed.push(id);
    else if (isPassingStatus(status)) unfinished ??= new UnfinishedWrite(path, message);
    else unmarked.set(id, message);
  };
  const options = { ...writeOptions(), onFailure, signal };
  const { written } = await firestore.raw.write(writes, options);
  if (unfinished !== undefined) throw unfinished;
  return { marked: written, unmarked, changed };
}
