import { BatchTally } from "./batch-tally.ts";
import type { DocumentBatch } from "./document-batch.ts";
import type { MiddleContext } from "./middle-context.ts";
import { throughFaults } from "./passing-fault.ts";
import { promoteDocuments, writeLedger, type PartWork } from "./promote-documents.ts";
import { getDocuments } from "./read-documents.ts";
import { readingAhead } from "./reading-ahead.ts";
import { clearFailures, settleDocuments, type SettledDocuments } from "./settle-documents.ts";
import type { JudgedDocument } from "./verdict.ts";

/** How often a document is judged that was changed while it was judged. */
const mostRounds = 5;

/**
 * Judges, promotes and marks the documents of a part: while one batch is promoted the next is read, and the one before is marked. What is
 * written down as done is marked, so that whoever goes on after a crash reads again all that may not be. Ends the lease.
 *
 * @throws {FirestoreError}; {PostgresError}; {PipelineError} LEASE_LOST, RUN_CANCELLED, RUN_FAILED, CANCELLED
 */
export async function workOnPart(
  context: MiddleContext,
  work: PartWork,
  batches: AsyncGenerator<DocumentBatch, void>,
): Promise<void> {
  let marking: Promise<void> = Promise.resolve();
  let isThrough = false;
  try {
    for await (const batch of readingAhead(batches)) {
      const judged = await promoteDocuments(context, batch.documents, work);
      await marking;
      marking = settleBatch(context, work, { batch, judged });
      // What it fails with is thrown when the next batch is promoted, or at the end.
      marking.catch(() => undefined);
    }
    isThrough = true;
  } finally {
    if (!isThrough) await marking.catch(() => undefined);
  }
  await marking;
  await writeLedger(context, work);
  await throughFaults({ patienceMs: context.patienceMs, signal: work.signal }, async () => {
    await work.lease.finish();
  });
}

interface BatchToSettle {
  readonly batch: DocumentBatch;
  readonly judged: readonly JudgedDocument[];
}

async function settleBatch(
  context: MiddleContext,
  work: PartWork,
  { batch, judged }: BatchToSettle,
): Promise<void> {
  const tally = new BatchTally(context, work.isFirst);
  let missing = batch.missing;
  let open = judged;
  for (let round = 1; open.length > 0 || missing.length > 0; round += 1) {
    tally.count("cleared", await clearFailures(context, missing, work.signal));
    const settled = await settleDocuments(context, open, work.signal);
    const again = idsForNextRound(open, settled);
    tally.settled(open, settled, again);
    if (again.size === 0) break;
    if (round === mostRounds) {
      tally.givenUp(open, settled);
      break;
    }
    const fresh = await throughFaults(
      { patienceMs: context.patienceMs, signal: work.signal },
      async () => await getDocuments(context, [...again], work.signal),
    );
    missing = fresh.missing;
    open = await promoteDocuments(context, fresh.documents, work);
  }
  if (work.isFirst) tally.count("read", batch.documents.length);
  tally.count("again", batch.entries.length);
  const done = batch.entries.filter(({ id }) => !tally.waiting.has(id));
  work.ledger.add({ position: batch.position, counts: tally.counts, errors: tally.errors, done });
  context.onProgress?.({ kind: "count", name: "documents", items: batch.documents.length });
}

/** Those that were changed since they were read, and those of which others know more. */
function idsForNextRound(
  judged: readonly JudgedDocument[],
  { changed }: SettledDocuments,
): ReadonlySet<string> {
  const superseded = judged.filter(({ verdict }) => verdict.kind === "superseded");
  return new Set([...changed, ...superseded.map(({ document }) => document.id)]);
}
