import type { MiddleContext } from "./middle-context.ts";
import { throughFaults } from "./passing-fault.ts";
import type { PartWork } from "./promote-documents.ts";
import { writeLedger } from "./promote-documents.ts";
import { getDocuments } from "./read-documents.ts";
import { clearFailures } from "./settle-documents.ts";

const mostTogether = 500;

/**
 * Deletes the failures of documents that are no more: who deletes a document leaves what was said of it. Ends the lease.
 *
 * @throws {FirestoreError}; {PostgresError}; {PipelineError} LEASE_LOST, RUN_CANCELLED, RUN_FAILED, CANCELLED
 */
export async function clearDeleted(context: MiddleContext, work: PartWork): Promise<void> {
  const { lease, ledger, signal } = work;
  await throughFaults({ patienceMs: context.patienceMs, signal }, async () => {
    const snapshot = await context.stores.firestore.raw.snapshot({ signal });
    let ids: string[] = [];
    const clear = async (): Promise<void> => {
      const { missing } = await getDocuments(context, ids, signal);
      ids = [];
      const cleared = await clearFailures(context, missing, signal);
      ledger.add({ counts: { cleared } });
    };
    for await (const { id } of context.failures.all(snapshot, { signal })) {
      ids.push(id);
      if (ids.length >= mostTogether) await clear();
    }
    if (ids.length > 0) await clear();
  });
  await writeLedger(context, work);
  await lease.finish();
}
