import { readAgain, type AgainScope } from "./again-table.ts";
import type { DocumentBatch } from "./document-batch.ts";
import type { MiddleContext } from "./middle-context.ts";
import { throughFaults } from "./passing-fault.ts";
import { getDocuments, type DocumentRange } from "./read-documents.ts";

/** Documents of a mebibyte are read singly: so many come together at most. */
const mostTogether = 500;

/**
 * Reads the documents that are to be looked at again, as they are now.
 *
 * @throws {FirestoreError}; {PostgresError}; {PipelineError} CANCELLED
 */
export async function* readWaiting(
  context: MiddleContext,
  { scope, range, position }: DocumentRange & { readonly scope: AgainScope },
  signal: AbortSignal,
): AsyncGenerator<DocumentBatch, void> {
  const limit = Math.min(context.batch, mostTogether);
  const patience = { patienceMs: context.patienceMs, signal };
  for (let after = position; ;) {
    const span = { range, after, limit };
    const ids = await throughFaults(
      patience,
      async () => await readAgain(context.stores.postgres, scope, span),
    );
    const last = ids.at(-1);
    if (last === undefined) return;
    const read = await throughFaults(
      patience,
      async () => await getDocuments(context, ids, signal),
    );
    yield { ...read, position: last };
    after = last;
  }
}
