import { FirestoreError, type Firestore } from "@ctb-data/firestore";
import { restoreDocuments } from "../documents/restore-documents.ts";
import { IntegrityError } from "../integrity-error.ts";
import type { UndoConflict } from "./fix-options.ts";
import { quarantineTable, stepsTable } from "./fix-tables.ts";
import type { UndoSession } from "./undo-step.ts";

const batchDocuments = 500;

interface KeptRow {
  readonly id: bigint;
  readonly path: string;
  readonly place: string;
  readonly oldDocument: string | null;
  readonly newDocument: string | null;
}

/**
 * Puts back the documents of a step, the last one first. What is as it was before stays as it is, so that it may be done again
 * after a crash.
 *
 * @throws {IntegrityError} FIRESTORE_FAILED
 */
export async function undoDocuments(
  firestore: Firestore,
  session: UndoSession,
  step: number,
): Promise<{ readonly documents: number; readonly conflicts: readonly UndoConflict[] }> {
  const { connection, run, dryRun, signal } = session;
  const conflicts: UndoConflict[] = [];
  let documents = 0;
  for (let before: bigint | undefined; ;) {
    const { rows } = await connection.query<KeptRow>(
      `SELECT id, key ->> 'path' AS path, place, old_document AS "oldDocument", new_document AS "newDocument" FROM ${quarantineTable}
      WHERE run = $1 AND step = $2 AND store = 'firestore' AND restored_at IS NULL AND ($3::bigint IS NULL OR id < $3::bigint) ORDER BY id DESC LIMIT ${batchDocuments}`,
      [run, step, before ?? null],
    );
    before = rows.at(-1)?.id;
    if (before === undefined) break;
    const restored = await restore(firestore, rows, { signal, dryRun, run });
    documents += restored.filter(({ conflict }) => conflict === undefined).length;
    for (const { kept, conflict } of restored) {
      if (conflict !== undefined)
        conflicts.push({
          store: "firestore",
          place: kept.path,
          key: { path: kept.path },
          reason: conflict,
        });
    }
    if (!dryRun) await record(session, restored);
  }
  if (!dryRun)
    await connection.query(
      `UPDATE ${stepsTable} SET state = 'undone', undone_at = pg_catalog.clock_timestamp() WHERE run = $1 AND step = $2`,
      [run, step],
    );
  return { documents, conflicts };
}

async function restore(
  firestore: Firestore,
  rows: readonly KeptRow[],
  { signal, dryRun, run }: Pick<UndoSession, "signal" | "dryRun" | "run">,
): ReturnType<typeof restoreDocuments<KeptRow>> {
  try {
    return await restoreDocuments(firestore, rows, { signal, dryRun });
  } catch (error) {
    if (!(error instanceof FirestoreError)) throw error;
    throw new IntegrityError(
      "FIRESTORE_FAILED",
      `Documents could not be put back: ${error.message}`,
      {
        cause: error,
        run,
        hint: "What was put back before stays. Run undo again.",
      },
    );
  }
}

async function record(
  { connection }: UndoSession,
  restored: Awaited<ReturnType<typeof restore>>,
): Promise<void> {
  await connection.query(
    `UPDATE ${quarantineTable} q SET restored_at = CASE WHEN d.conflict IS NULL THEN pg_catalog.clock_timestamp() END, conflict = d.conflict
    FROM unnest($1::bigint[], $2::text[]) d (id, conflict) WHERE q.id = d.id`,
    [restored.map(({ kept }) => kept.id), restored.map(({ conflict }) => conflict ?? null)],
  );
}
