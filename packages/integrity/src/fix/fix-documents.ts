import { FirestoreError } from "@ctb-data/firestore";
import {
  repairDocuments,
  type DocumentJournal,
  type RepairedFinding,
} from "../documents/repair-documents.ts";
import type { Finding } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import { withSnapshot } from "../rows/with-snapshot.ts";
import type { IntegrityStores } from "../work-options.ts";
import { documentJournal } from "./document-journal.ts";
import type { FixOptions, FixStep } from "./fix-options.ts";
import { stepsTable } from "./fix-tables.ts";
import { rowSessions } from "./row-sessions.ts";
import type { FixSession } from "./step-target.ts";

/**
 * Mends the documents of findings, all in one pass over each collection, as steps of their own. They are no transaction: what a
 * document was is committed to the quarantine before it is written, and a step that was broken off can be undone.
 *
 * @throws {IntegrityError} FIRESTORE_FAILED, CANCELLED
 */
export async function fixDocuments(
  stores: IntegrityStores,
  options: FixOptions,
  {
    session,
    findings,
    firstStep,
  }: {
    readonly session: FixSession;
    readonly findings: readonly Finding[];
    readonly firstStep: number;
  },
): Promise<readonly FixStep[]> {
  const { run, connection } = session;
  if (findings.length === 0) return [];
  const stepOf = new Map(findings.map(({ id }, index) => [id, firstStep + index]));
  if (run !== undefined) await beginSteps(session, findings, stepOf);
  const journal = run === undefined ? noJournal : documentJournal(connection, { run, stepOf });
  const repaired = await repair(stores, options, { session, findings, journal });
  if (run !== undefined) await endSteps(session, repaired, stepOf);
  return repaired.map((one) => stepOfRepair(one, run === undefined));
}

/** A dry run writes nothing that would be kept. */
const noJournal: DocumentJournal = { keep: async () => {}, forget: async () => {} };

async function repair(
  { registry, keyring, firestore, postgres }: IntegrityStores,
  { tables, connections, onProgress, signal }: FixOptions,
  {
    session,
    findings,
    journal,
  }: {
    readonly session: FixSession;
    readonly findings: readonly Finding[];
    readonly journal: DocumentJournal;
  },
): Promise<readonly RepairedFinding[]> {
  if (!firestore || !postgres) return [];
  const { strategy, run } = session;
  const rest = {
    tables,
    connections,
    onProgress,
    signal,
    journal,
    strategy,
    dryRun: run === undefined,
  };
  try {
    return await withSnapshot(
      postgres,
      { connections, schema: registry.schema, signal },
      async (snapshot) => {
        const rows = { sessions: rowSessions(snapshot.connections), now: postgres };
        return await repairDocuments({ registry, firestore, keyring, rows }, findings, rest);
      },
    );
  } catch (error) {
    if (!(error instanceof FirestoreError)) throw error;
    throw new IntegrityError(
      "FIRESTORE_FAILED",
      `Documents could not be mended: ${error.message}`,
      {
        cause: error,
        run,
        hint: "What was written before stays, and can be undone. Run the command again.",
      },
    );
  }
}

async function beginSteps(
  { connection, run }: FixSession,
  findings: readonly Finding[],
  stepOf: ReadonlyMap<string, number>,
): Promise<void> {
  for (const finding of findings) {
    await connection.query(
      `INSERT INTO ${stepsTable} (run, step, finding, kind, store, message, state, statements) VALUES ($1, $2, $3, $4, 'firestore', $5, 'running', $6)`,
      [
        run,
        stepOf.get(finding.id),
        finding.id,
        finding.kind,
        finding.message,
        finding.fix?.statements ?? [],
      ],
    );
  }
}

async function endSteps(
  { connection, run }: FixSession,
  repaired: readonly RepairedFinding[],
  stepOf: ReadonlyMap<string, number>,
): Promise<void> {
  for (const one of repaired) {
    await connection.query(
      `UPDATE ${stepsTable} SET state = 'done', documents = $3, reason = $4, finished_at = pg_catalog.clock_timestamp() WHERE run = $1 AND step = $2`,
      [run, stepOf.get(one.finding.id), one.changed, reasonOf(one) ?? null],
    );
  }
}

function stepOfRepair(one: RepairedFinding, dryRun: boolean): FixStep {
  const { finding, changed } = one;
  const reason = reasonOf(one);
  const untouched = changed === 0 && reason !== undefined;
  return {
    finding,
    store: "firestore",
    changed,
    state: dryRun ? "planned" : untouched ? "skipped" : "done",
    statements: finding.fix?.statements ?? [],
    ...(reason !== undefined && { reason }),
  };
}

function reasonOf({ skipped }: RepairedFinding): string | undefined {
  if (skipped.length === 0) return undefined;
  return skipped
    .map(({ reason, documents, example }) => `${reason} (${documents} documents, as ${example})`)
    .join(" ");
}
