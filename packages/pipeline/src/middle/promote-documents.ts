import type { Queryable } from "@ctb-data/postgres";
import type { IntakeDocument } from "../documents/intake-document.ts";
import type { PromotableDocument, PromotedBatch } from "../promote/promotion.ts";
import { promotedSince, promotionsOf } from "../promote/promotions-of.ts";
import type { Lease } from "../runs/work.ts";
import { addAgain, dropAgain, type AgainScope } from "./again-table.ts";
import { countsOfRows } from "./batch-tally.ts";
import type { MiddleContext } from "./middle-context.ts";
import { sumOfCounts, type LedgerPage, type PartLedger } from "./part-ledger.ts";
import { throughFaults } from "./passing-fault.ts";
import {
  mayStillCome,
  verdictsOfModel,
  verdictsOfPromotion,
  type JudgedDocument,
} from "./verdict.ts";
import { isCommitUnknown, transactionIdOf, wasCommitted } from "./was-committed.ts";

/** A part that is worked on. */
export interface PartWork {
  readonly lease: Lease;
  /** Which documents are to be looked at again. */
  readonly scope: AgainScope;
  readonly ledger: PartLedger;
  /** What still waits has failed. */
  readonly last: boolean;
  /** The documents are looked at for the first time. */
  readonly isFirst: boolean;
  /** Aborted when the lease is lost, or somebody wants it to stop. */
  readonly signal: AbortSignal;
}

/**
 * The verdicts on documents, of which the valid ones are promoted in one transaction. What was settled before is written down in it, and so
 * is what has to be looked at again: documents that wait, and those whose row others claimed.
 *
 * @throws {PostgresError}; {PipelineError} LEASE_LOST, RUN_CANCELLED, RUN_FAILED
 */
export async function promoteDocuments(
  context: MiddleContext,
  documents: readonly IntakeDocument[],
  work: PartWork,
): Promise<readonly JudgedDocument[]> {
  if (context.promoter === undefined) return verdictsOfModel(documents);
  const patience = { patienceMs: context.patienceMs, signal: work.signal };
  const promotable = documents.filter((document) => isPromotable(document));
  const promoted = await throughFaults(
    patience,
    async () => await promoteOnce(context, promotable, work),
  );
  const rowless = await throughFaults(
    patience,
    async () => await readRowless(context, withoutRow(documents, promoted)),
  );
  const counted = await throughFaults(
    patience,
    async () => await readCounted(context, promoted, work.scope.run),
  );
  return verdictsOfPromotion(documents, promoted, { rowless, counted, last: work.last });
}

/** Writes down what was settled. @throws {PostgresError}; {PipelineError} LEASE_LOST, RUN_CANCELLED, RUN_FAILED */
export async function writeLedger(context: MiddleContext, work: PartWork): Promise<void> {
  const { signal } = work;
  const { postgres } = context.stores;
  await throughFaults({ patienceMs: context.patienceMs, signal }, async () => {
    await writingDown({ context, work }, async (page, toCommit) => {
      await postgres.transaction(async (tx) => {
        await toCommit(tx, undefined);
        await writePage(tx, page, { context, work });
      });
    });
  });
}

/** Whether it is valid. */
export function isPromotable(
  document: IntakeDocument,
): document is IntakeDocument & PromotableDocument {
  return document.row !== undefined;
}

async function promoteOnce(
  context: MiddleContext,
  documents: readonly PromotableDocument[],
  work: PartWork,
): Promise<PromotedBatch> {
  const { promoter } = context;
  if (promoter === undefined || documents.length === 0) return { outcomes: [], displaced: [] };
  const { scope, last, signal } = work;
  return await writingDown(
    { context, work },
    async (page, toCommit) =>
      await promoter.promote(documents, {
        run: scope.run,
        signal,
        fence: async (tx, batch) => {
          await addAgain(tx, scope, idsForAgain(batch, last));
          const counts = sumOfCounts(page.counts, countsOfRows(batch));
          await toCommit(tx, batch);
          await writePage(tx, { ...page, counts }, { context, work });
        },
      }),
  );
}

/** Is told in a transaction what it will have come to. */
type ToCommit<T> = (tx: Queryable, value: T) => Promise<void>;

/** Takes the open page, and puts it back when it could not be written. When the answer to COMMIT is lost, the server is asked. */
async function writingDown<T>(
  { context: { stores, patienceMs }, work: { ledger, signal } }: Working,
  write: (page: LedgerPage, toCommit: ToCommit<T>) => Promise<T>,
): Promise<T> {
  const page = ledger.take();
  let last: { readonly id: string; readonly value: T } | undefined;
  try {
    return await write(page, async (tx, value) => {
      last = { id: await transactionIdOf(tx), value };
    });
  } catch (error) {
    const open = isCommitUnknown(error) ? last : undefined;
    if (open && (await wasCommitted(stores.postgres, open.id, { patienceMs, signal })))
      return open.value;
    ledger.putBack(page);
    throw error;
  }
}

interface Working {
  readonly context: MiddleContext;
  readonly work: PartWork;
}

async function writePage(
  tx: Queryable,
  { done, ...report }: LedgerPage,
  { context, work }: Working,
): Promise<void> {
  if (context.promoter !== undefined) await dropAgain(tx, work.scope, done);
  await work.lease.report(tx, report);
}

function idsForAgain({ outcomes, displaced }: PromotedBatch, last: boolean): readonly string[] {
  const waiting = outcomes.filter((outcome) => !last && mayStillCome(outcome));
  return [...new Set([...waiting, ...displaced].map(({ id }) => id))];
}

/** Documents that fail and are marked as promoted: displaced ones are not any more. */
function withoutRow(
  documents: readonly IntakeDocument[],
  { outcomes }: PromotedBatch,
): readonly string[] {
  const promoted = new Set(outcomes.flatMap(({ kind, id }) => (kind === "promoted" ? [id] : [])));
  return documents
    .filter(({ id, marks }) => marks.promotedTo !== undefined && !promoted.has(id))
    .map(({ id }) => id);
}

async function readRowless(
  { stores: { postgres }, documents: { collection } }: MiddleContext,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const promotions = await promotionsOf(postgres, collection, ids);
  return new Set(ids.filter((id) => !promotions.has(id)));
}

async function readCounted(
  { stores: { postgres }, documents: { collection }, begunAt }: MiddleContext,
  { outcomes }: PromotedBatch,
  run: number,
): Promise<ReadonlySet<string>> {
  const ids = outcomes.flatMap((outcome) =>
    outcome.kind === "promoted" && outcome.how === "unchanged" ? [outcome.id] : [],
  );
  if (begunAt === undefined || ids.length === 0) return new Set();
  return await promotedSince(postgres, collection, { ids, run, since: begunAt });
}
