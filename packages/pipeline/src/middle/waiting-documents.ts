import { readAgain, type AgainScope } from "./again-table.ts";
import type { DocumentBatch } from "./document-batch.ts";
import type { MiddleContext } from "./middle-context.ts";
import { throughFaults } from "./passing-fault.ts";
import { batchBytes, getDocuments, type DocumentRange } from "./read-documents.ts";

/** So many come first, when nothing is known of their sizes. */
const firstTogether = 50;

/**
 * Reads the documents that are to be looked at again, as they are now: large ones in small batches.
 *
 * @throws {FirestoreError}; {PostgresError}; {PipelineError} CANCELLED
 */
export async function* readWaiting(
  context: MiddleContext,
  { scope, range, position }: DocumentRange & { readonly scope: AgainScope },
  signal: AbortSignal,
): AsyncGenerator<DocumentBatch, void> {
  const patience = { patienceMs: context.patienceMs, signal };
  let limit = Math.min(context.batch, firstTogether);
  for (let after = position; ;) {
    const span = { range, after, limit };
    const entries = await throughFaults(
      patience,
      async () => await readAgain(context.stores.postgres, scope, span),
    );
    const ids = entries.map(({ id }) => id);
    const last = ids.at(-1);
    if (last === undefined) return;
    const { documents, missing, bytes } = await throughFaults(
      patience,
      async () => await getDocuments(context, ids, signal),
    );
    yield { documents, missing, entries, position: last };
    after = last;
    const meanBytes = Math.max(1, bytes / ids.length);
    limit = Math.max(1, Math.min(context.batch, limit * 4, Math.floor(batchBytes / meanBytes)));
  }
}
