import type { Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { loadMigrations, refuseProblems, type LoadedMigrations } from "./load-migrations.ts";
import { runOf, type MigrationJob } from "./migration-job.ts";
import { refusePooledHost } from "./migration-session.ts";
import { planUp } from "./plan-up.ts";
import { readHistory, type History } from "./read-history.ts";
import { resumeJob } from "./resume-job.ts";
import { runAll } from "./run-all.ts";
import type { MigrationRun, RunOptions, UpResult } from "./run-options.ts";

/**
 * Tries again what failed or was interrupted. With a transaction the whole file is run; without one it goes on with the
 * statement that failed, after dropping the invalid indexes that the failed try has left. Nothing else is applied. With nothing to
 * retry the result has no migrations.
 *
 * @throws {MigrationError} EDITED when a statement that is done was edited; otherwise like `migrateUp`.
 */
export async function retry(
  db: Postgres,
  options: RunOptions & { readonly dryRun?: boolean },
): Promise<UpResult> {
  return await asMigrationErrors(async () => {
    const loaded = await loadMigrations(options.dir);
    refuseProblems(loaded.problems);
    refusePooledHost(db, options.url);
    const warnings = loaded.problems;
    if (options.dryRun === true) {
      const history = await readHistory(db);
      const migrations = (await failedJobs(loaded, history)).map((job) => runOf(job));
      return {
        dryRun: true,
        migrations,
        pending: planUp(loaded.files, history).pending.length,
        warnings,
      };
    }
    const runs: MigrationRun[] = [];
    return await runAll(db, options, {
      onCommitted: (run) => runs.push(run),
      work: async ({ history }, run) => {
        const jobs = await failedJobs(loaded, history);
        const count = runs.length + jobs.length;
        for (const job of jobs) runs.push(await run(job, { index: runs.length, count }));
        const retried = new Set(
          jobs.filter((job) => job.direction === "up").map((job) => job.version),
        );
        const { pending } = planUp(loaded.files, history);
        return {
          dryRun: false,
          migrations: runs,
          pending: pending.filter((file) => !retried.has(file.version)).length,
          warnings,
        };
      },
    });
  });
}

async function failedJobs(
  loaded: LoadedMigrations,
  history: History,
): Promise<readonly MigrationJob[]> {
  const failed = [...history.entries.values()].filter(
    ({ state, transactional }) => state === "failed" || (state === "running" && !transactional),
  );
  const jobs: MigrationJob[] = [];
  for (const entry of failed)
    jobs.push(await resumeJob(loaded, entry, { keepsRows: entry.direction === "down" }));
  return jobs;
}
