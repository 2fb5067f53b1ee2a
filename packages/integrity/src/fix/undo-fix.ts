import type { Firestore } from "@ctb-data/firestore";
import { PostgresError, type Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import type { IntegrityStores, WorkOptions } from "../work-options.ts";
import { databaseOf } from "./firestore-database.ts";
import { asIntegrityError, withFixConnection } from "./fix-connection.ts";
import type { UndoConflict, UndoReport } from "./fix-options.ts";
import { findFixRun, markRun } from "./fix-runs.ts";
import { quarantineTable, runsTable, stepsTable } from "./fix-tables.ts";
import { undoDocuments } from "./undo-documents.ts";
import { undoStep, type RecordedStep, type UndoneStep, type UndoSession } from "./undo-step.ts";
import { makeUndoTables } from "./undo-tables.ts";

export interface UndoOptions extends WorkOptions {
  /** The id of the run. */
  readonly run: string;
  /** Says what would be put back, and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** How long one lock of a table is waited for. Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
}

/**
 * Puts back everything that a run of `fix` has changed, in whatever state it is, after a crash of the fix or of a former undo
 * too: the last step first, each in one transaction. A row that somebody has changed since, or whose key is taken, is not
 * overwritten: it is a conflict and stays in the quarantine, and the next undo of the run tries it again.
 *
 * @throws {IntegrityError} NOT_FOUND, LOCKED, LOCK_TIMEOUT, DENIED, DATABASE_FAILED, FIRESTORE_FAILED, CANCELLED, INVALID_OPTIONS
 */
export async function undoFix(stores: IntegrityStores, options: UndoOptions): Promise<UndoReport> {
  const { postgres, registry, keyring } = stores;
  const { run, dryRun = false, lockTimeoutMs = 5000, signal } = options;
  if (!postgres)
    throw new IntegrityError("INVALID_OPTIONS", "Without PostgreSQL there are no runs to undo.", {
      hint: "Runs are kept in the schema ctb_data of PostgreSQL: give its URL.",
    });
  return await withFixConnection(
    postgres,
    { lock: !dryRun, waitMs: lockTimeoutMs, signal },
    async (connection) => {
      await findFixRun(connection, run);
      await refuseOtherFirestore(connection, run, stores.firestore);
      await makeUndoTables(connection);
      if (!dryRun) await markRun(connection, run, { state: "undoing" });
      const session = { connection, registry, keyring, run, dryRun, lockTimeoutMs, signal };
      const report = await undoSteps(stores, options, session);
      if (!dryRun) await markRun(connection, run, { state: "undone" });
      return report;
    },
  );
}

async function undoSteps(
  stores: IntegrityStores,
  { onProgress }: UndoOptions,
  session: UndoSession,
): Promise<UndoReport> {
  const { run, dryRun } = session;
  const done: UndoneStep[] = [];
  let documents = 0;
  const conflicts: UndoConflict[] = [];
  for (const step of await readSteps(session.connection, run)) {
    if (step.state === "failed") continue;
    onProgress?.({ kind: "step", step: "undo", detail: step.finding });
    if (step.store === "firestore") {
      if (!stores.firestore) continue;
      const undone = await undoDocuments(stores.firestore, session, step.step);
      documents += undone.documents;
      conflicts.push(...undone.conflicts);
      continue;
    }
    const undone = await undoOne(session, step);
    done.push(undone);
    if (undone.rows > 0)
      onProgress?.({ kind: "count", store: "postgres", name: step.finding, items: undone.rows });
  }
  return {
    run,
    dryRun,
    rows: done.reduce((sum, { rows }) => sum + rows, 0),
    documents,
    statements: done.flatMap(({ statements }) => statements),
    conflicts: [...conflicts, ...done.flatMap((one) => one.conflicts)],
    notes: done.flatMap(({ notes }) => notes),
  };
}

/** Documents go back to the database that they came from, or nothing is undone. */
async function refuseOtherFirestore(
  connection: Connection,
  run: string,
  firestore: Firestore | undefined,
): Promise<void> {
  const { rows } = await connection.query<{ readonly from: string | null }>(
    `SELECT r.options ->> 'firestore' AS from FROM ${runsTable} r WHERE r.id = $1
      AND EXISTS (SELECT FROM ${quarantineTable} q WHERE q.run = r.id AND q.store = 'firestore' AND q.restored_at IS NULL)`,
    [run],
  );
  const [row] = rows;
  if (!row || (firestore && row.from === databaseOf(firestore))) return;
  const from = row.from ?? "Firestore";
  throw new IntegrityError(
    "REFUSED",
    firestore
      ? `The run changed documents of ${from}, and this is ${databaseOf(firestore)}.`
      : `The run changed documents of ${from} too, which is not open.`,
    { run, hint: `Nothing was touched. Open ${from}, and run undo again.` },
  );
}

async function undoOne(session: UndoSession, step: RecordedStep): Promise<UndoneStep> {
  try {
    return await undoStep(session, step);
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    const cause = asIntegrityError(error, session.run);
    throw new IntegrityError(
      cause.code,
      `Step ${step.step} of ${session.run} (${step.finding}) could not be undone: ${cause.message}`,
      {
        cause: error,
        run: session.run,
        hint: "Steps after it are undone, it and those before it are as they were. See the message of the server, and run undo again.",
      },
    );
  }
}

interface StepRow extends RecordedStep {
  readonly store: "postgres" | "firestore";
}

/** The last one first. */
async function readSteps(connection: Connection, run: string): Promise<readonly StepRow[]> {
  const { rows } = await connection.query<StepRow>(
    `SELECT step, finding, state, store, undo_first AS "undoFirst", undo_last AS "undoLast", undo_notes AS "undoNotes"
    FROM ${stepsTable} WHERE run = $1 ORDER BY step DESC`,
    [run],
  );
  return rows;
}
