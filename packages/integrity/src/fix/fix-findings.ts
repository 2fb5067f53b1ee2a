import { PostgresError, type Connection, type Postgres } from "@ctb-data/postgres";
import type { FindingKind, FixStrategy } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import type { IntegrityStores } from "../work-options.ts";
import { asIntegrityError, reasonOf, withFixConnection } from "./fix-connection.ts";
import type { FixOptions, FixStep } from "./fix-options.ts";
import { markRun, startRun } from "./fix-runs.ts";
import { fixStep } from "./fix-step.ts";
import { ensureFixTables, stepsTable } from "./fix-tables.ts";
import type { FixSession, StepTarget } from "./step-target.ts";
import { makeWorkTables } from "./work-tables.ts";

/**
 * Fixes findings in PostgreSQL, one step and transaction for each. A step that the server refuses changes nothing and is reported; the
 * others go on.
 *
 * @throws {IntegrityError} LOCKED, LOCK_TIMEOUT, POOLED_HOST, DENIED, DATABASE_FAILED, CANCELLED. What was committed before stays.
 */
export async function fixFindings(
  stores: IntegrityStores,
  options: FixOptions,
  targets: readonly StepTarget[],
  then: (session: FixSession, firstStep: number) => Promise<readonly FixStep[]> = async () => [],
): Promise<{ readonly run: string | undefined; readonly steps: readonly FixStep[] }> {
  const { postgres, registry, keyring } = stores;
  const { dryRun = false, lockTimeoutMs = 5000, signal, strategy = "quarantine" } = options;
  if (!postgres)
    throw new IntegrityError(
      "INVALID_OPTIONS",
      "A fix needs PostgreSQL, which keeps what was there before.",
      {
        hint: "Give the URL of the PostgreSQL database.",
      },
    );
  await needTwoConnections(postgres);
  return await withFixConnection(
    postgres,
    { lock: !dryRun, waitMs: lockTimeoutMs, signal },
    async (connection) => {
      if (!dryRun) await ensureFixTables(connection);
      await makeWorkTables(connection);
      // Not before the lock: another fix may just have ended.
      const catalog = await postgres.readCatalog({
        schemas: [registry.schema],
        ...(signal && { signal }),
      });
      const run = dryRun
        ? undefined
        : await startRun(connection, { strategy, options: recordedOptions(options, strategy) });
      const session: FixSession = {
        connection, registry, keyring, strategy, run, lockTimeoutMs, signal,
        catalog, statementTimeoutMs: options.statementTimeoutMs,
        onProgress: options.onProgress, changedSchema: new Set(),
      }; // prettier-ignore
      const steps = await runSteps(session, targets, then);
      return { run, steps };
    },
  );
}

/** One holds the lock and works; another one reads the catalog. */
async function needTwoConnections(postgres: Postgres): Promise<void> {
  const health = await postgres.health();
  if (!health.ok || health.pool.size > 1) return;
  throw new IntegrityError("INVALID_OPTIONS", "A fix needs a pool of at least two connections.", {
    hint: "Nothing was touched. Set DATABASE_POOL_SIZE to 2 or more.",
  });
}

function recordedOptions(options: FixOptions, strategy: FixStrategy): object {
  const { parts, tables, only, lockTimeoutMs } = options;
  return { strategy, parts, tables, only, lockTimeoutMs };
}

async function runSteps(
  session: FixSession,
  targets: readonly StepTarget[],
  then: (session: FixSession, firstStep: number) => Promise<readonly FixStep[]>,
): Promise<readonly FixStep[]> {
  const { connection, run } = session;
  const steps: FixStep[] = [];
  try {
    for (const [index, target] of inOrder(targets).entries())
      steps.push(await oneStep(session, target, index + 1));
    steps.push(...(await then(session, targets.length + 1)));
  } catch (error) {
    const known = error instanceof PostgresError ? asIntegrityError(error, run) : error;
    if (run !== undefined && !connection.lost) {
      const message =
        known instanceof IntegrityError ? known.message : "It ended with a defect of this program.";
      // The failure itself is the news.
      await markRun(connection, run, { state: "failed", error: message }).catch(() => undefined);
    }
    throw known;
  }
  if (run !== undefined)
    await markRun(connection, run, {
      state: steps.some(({ state }) => state === "failed") ? "failed" : "done",
    });
  return steps;
}

/** Values are encrypted before their rows may move; keys are unique before something refers to them. */
const order: readonly FindingKind[] = [
  "clear_text", "blind_index", "undecryptable", "null", "length", "range", "pattern", "format", "enum", "invalid_value", "check",
  "duplicate", "orphan", "constraint_missing", "constraint_not_validated", "constraint_disabled",
]; // prettier-ignore

function inOrder(targets: readonly StepTarget[]): readonly StepTarget[] {
  return targets.toSorted((a, b) => order.indexOf(a.finding.kind) - order.indexOf(b.finding.kind));
}

async function oneStep(session: FixSession, target: StepTarget, step: number): Promise<FixStep> {
  const { connection, run, onProgress } = session;
  const { finding } = target;
  onProgress?.({ kind: "step", step: "fix", detail: finding.id });
  try {
    const { statements, rows } = await fixStep(session, target, step);
    if (rows > 0 && finding.table !== undefined)
      onProgress?.({ kind: "count", store: "postgres", name: finding.table, items: rows });
    return { finding, statements, changed: rows, state: run === undefined ? "planned" : "done" };
  } catch (error) {
    if (connection.lost) throw error;
    if (error instanceof PostgresError && error.code === "CANCELLED") throw error;
    if (error instanceof IntegrityError && error.code !== "REFUSED" && error.code !== "NOT_FOUND")
      throw error;
    if (!(error instanceof PostgresError) && !(error instanceof IntegrityError)) throw error;
    const reason = error instanceof PostgresError ? reasonOf(error) : error.message;
    if (run !== undefined) await recordFailure(connection, { run, step, target, reason });
    return { finding, state: "failed", statements: [], changed: 0, reason };
  }
}

async function recordFailure(
  connection: Connection,
  {
    run,
    step,
    target: { finding },
    reason,
  }: {
    readonly run: string;
    readonly step: number;
    readonly target: StepTarget;
    readonly reason: string;
  },
): Promise<void> {
  await connection.query(
    `INSERT INTO ${stepsTable} (run, step, finding, kind, store, message, state, reason, finished_at)
    VALUES ($1, $2, $3, $4, 'postgres', $5, 'failed', $6, pg_catalog.clock_timestamp())`,
    [run, step, finding.id, finding.kind, finding.message, reason],
  );
}
