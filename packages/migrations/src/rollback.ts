import type { Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { dropLeftovers } from "./drop-leftovers.ts";
import { insertHistorySql } from "./history-table.ts";
import { loadMigrations, refuseProblems } from "./load-migrations.ts";
import { MigrationError } from "./migration-error.ts";
import { rowOf, runOf } from "./migration-job.ts";
import { refusePooledHost, type MigrationSession } from "./migration-session.ts";
import { planRollback, type RollbackStep } from "./plan-rollback.ts";
import { readHistory } from "./read-history.ts";
import { runAll, type RunJob } from "./run-all.ts";
import type { RolledBack, RollbackOptions, RollbackResult } from "./run-options.ts";

/**
 * Runs the down files of the newest migrations, newest first, each in one transaction with its row of the history. All
 * of them are looked at before the first one runs: without `force` it refuses what would lose rows and what has no way back.
 * A migration that failed in its transaction, or at its first statement, counts as one: there is nothing to undo, its
 * mark is taken off. With nothing to roll back the result has no migrations.
 *
 * @throws {MigrationError} WOULD_LOSE_DATA, NO_DOWN_FILE, IRREVERSIBLE, EDITED, RENAMED or MISSING, which `force` lifts;
 * otherwise as its `code` says.
 */
export async function rollback(db: Postgres, options: RollbackOptions): Promise<RollbackResult> {
  return await asMigrationErrors(async () => {
    checkOptions(options);
    const loaded = await loadMigrations(options.dir);
    refuseProblems(loaded.problems);
    refusePooledHost(db, options.url);
    const warnings = loaded.problems;
    if (options.dryRun === true) {
      const steps = await planRollback(db, { loaded, history: await readHistory(db), options });
      return { dryRun: true, migrations: steps.map((step) => resultOf(step)), warnings };
    }
    const done: RolledBack[] = [];
    let committed: RollbackStep | undefined;
    return await runAll(db, options, {
      onCommitted: (run) =>
        done.push({ ...run, schemaChanged: true, forced: committed?.refusals ?? [] }),
      work: async (session, run) => {
        const remaining =
          options.steps === undefined && options.to !== undefined
            ? {}
            : { steps: (options.steps ?? 1) - done.length };
        const steps = await planRollback(session.connection, {
          loaded,
          history: session.history,
          options: { ...options, ...remaining },
        });
        const count = done.length + steps.length;
        for (const step of steps) {
          committed = step;
          done.push(await runStep(session, step, { run, place: { index: done.length, count } }));
        }
        return { dryRun: false, migrations: done, warnings };
      },
    });
  });
}

async function runStep(
  session: MigrationSession,
  step: RollbackStep,
  {
    run,
    place,
  }: { readonly run: RunJob; readonly place: { readonly index: number; readonly count: number } },
): Promise<RolledBack> {
  const { entry, job, refusals } = step;
  // What a failed build has left belongs to no way back.
  if (entry.direction === "up" && entry.build) await dropLeftovers(session.connection, entry.build);
  if (job) return { ...(await run(job, place)), schemaChanged: true, forced: refusals };
  const row = insertHistorySql({
    ...rowOf(step.unmarking, session.by),
    transactional: entry.transactional,
    total: entry.total ?? undefined,
    state: "unmarked",
  });
  await session.connection.query(row);
  return resultOf(step);
}

function resultOf(step: RollbackStep): RolledBack {
  return {
    ...runOf(step.job ?? step.unmarking),
    schemaChanged: step.job !== undefined,
    forced: step.refusals,
  };
}

function checkOptions({ steps, to }: RollbackOptions): void {
  const wrong =
    steps !== undefined && to !== undefined
      ? "steps and to cannot go together"
      : steps !== undefined && (!Number.isSafeInteger(steps) || steps < 1)
        ? `steps must be a whole number from 1, not ${steps}`
        : to !== undefined && !Number.isSafeInteger(to)
          ? `to must be a version, not ${to}`
          : undefined;
  if (wrong === undefined) return;
  throw new MigrationError("INVALID_OPTIONS", `Rollback: ${wrong}.`, {
    hint: "ctb-data migrate rollback [--steps N | --to NNN]",
  });
}
