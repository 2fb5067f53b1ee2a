import { dropLeftovers } from "./drop-leftovers.ts";
import { nameOf, runOf, type MigrationJob } from "./migration-job.ts";
import type { MigrationSession } from "./migration-session.ts";
import { runInTransaction } from "./run-in-transaction.ts";
import type { MigrationRun } from "./run-options.ts";
import { runStepByStep } from "./run-step-by-step.ts";

/** Said by the server about statements of the runner itself. */
const ownNotices = new Set(["25P01"]);

/** Runs one file, up or down, and reports what happens. Errors are those of the two ways to run one. */
export async function runMigration(
  session: MigrationSession,
  job: MigrationJob,
  place: { readonly index: number; readonly count: number },
): Promise<MigrationRun> {
  const { report, connection } = session;
  const migration = nameOf(job);
  const start = performance.now();
  report({ kind: "started", direction: job.direction, migration, ...place });
  const stopNotices = connection.onNotice(({ severity, message, sqlState = "" }) => {
    if (!ownNotices.has(sqlState)) report({ kind: "notice", migration, severity, message });
  });
  try {
    if (!job.parsed.header.transaction) await runStepByStep(session, job);
    else {
      if (job.leftover?.build) await dropLeftovers(connection, job.leftover.build);
      await runInTransaction(session, job);
    }
  } finally {
    stopNotices();
  }
  const durationMs = Math.round(performance.now() - start);
  report({ kind: "finished", direction: job.direction, migration, durationMs });
  return runOf(job, durationMs);
}
