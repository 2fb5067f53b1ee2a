import { BatchTally, countsOfRows } from "./batch-tally.ts";
import type { DocumentBatch } from "./document-batch.ts";
import type { MiddleContext } from "./middle-context.ts";
import { sumOfCounts } from "./part-ledger.ts";
import { throughFaults } from "./passing-fault.ts";
import { planParts } from "./plan-parts.ts";
import { isPromotable } from "./promote-documents.ts";
import { readDocuments } from "./read-documents.ts";
import { readingAhead } from "./reading-ahead.ts";
import { verdictsOfModel, verdictsOfPromotion } from "./verdict.ts";

type Counts = Readonly<Record<string, number>>;

/**
 * Judges all documents, and tries their rows in transactions that are rolled back. What waits for a document that would be promoted before it is
 * counted as waiting, and two documents of one key in different batches as two rows: nothing is there that they could meet.
 *
 * @returns what would be counted.
 */
export async function rehearseMiddle(context: MiddleContext): Promise<Counts> {
  const { stores, documents, onProgress } = context;
  const signal = context.signal ?? new AbortController().signal;
  let counts: Counts = {};
  for (const range of await planParts(stores.firestore, documents.collection, {
    parts: 1,
    least: 1,
    signal,
  })) {
    const batches = readDocuments(context, { range, position: undefined }, signal);
    for await (const batch of readingAhead(batches)) {
      counts = sumOfCounts(counts, await rehearseBatch(context, batch, signal));
      onProgress?.({ kind: "count", name: "documents", items: batch.documents.length });
    }
  }
  return counts;
}

async function rehearseBatch(
  context: MiddleContext,
  { documents }: DocumentBatch,
  signal: AbortSignal,
): Promise<Counts> {
  const { promoter, patienceMs } = context;
  const tally = new BatchTally(context, true);
  tally.count("read", documents.length);
  if (promoter === undefined) {
    for (const judged of verdictsOfModel(documents)) tally.judged(judged);
    return tally.counts;
  }
  const promotable = documents.filter((document) => isPromotable(document));
  const batch =
    promotable.length === 0
      ? { outcomes: [], displaced: [] }
      : await throughFaults(
          { patienceMs, signal },
          async () => await promoter.rehearse(promotable, signal),
        );
  // Here nothing more will come: only what waits may find in a run what it does not find now.
  const waiting = new Set(
    batch.outcomes.filter(({ kind }) => kind === "waiting").map(({ id }) => id),
  );
  for (const last of [false, true]) {
    const some = documents.filter(({ id }) => waiting.has(id) !== last);
    const options = { rowless: new Set<string>(), counted: new Set<string>(), last };
    for (const judged of verdictsOfPromotion(some, batch, options)) tally.judged(judged);
  }
  return sumOfCounts(tally.counts, countsOfRows(batch));
}
