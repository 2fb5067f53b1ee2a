import type { Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { compareHistory } from "./compare-history.ts";
import { loadMigrations, refuseProblems, type LoadedMigrations } from "./load-migrations.ts";
import { MigrationError, problemOf, type MigrationProblem } from "./migration-error.ts";
import type { MigrationFile, ParsedMigration } from "./migration-file.ts";
import { runOf, upJob, type MigrationJob } from "./migration-job.ts";
import { refusePooledHost } from "./migration-session.ts";
import { parseMigrationText } from "./parse-migration.ts";
import { planUp, type UpPlan } from "./plan-up.ts";
import { readHistory, type History } from "./read-history.ts";
import { runAll } from "./run-all.ts";
import type { MigrationRun, UpOptions, UpResult } from "./run-options.ts";
import { loadSqlParser } from "./sql-parser.ts";

/**
 * Applies the pending migrations, in order, each with its row of the history. Files that are wrong in themselves, and files
 * that disagree with the history, are refused before anything runs. A file that fails stops the rest; those before it
 * stay applied.
 *
 * @throws {MigrationError} as its `code` says; `problems` has all that was found.
 */
export async function migrateUp(db: Postgres, options: UpOptions): Promise<UpResult> {
  return await asMigrationErrors(async () => {
    const loaded = await loadMigrations(options.dir);
    refuseProblems(loaded.problems);
    checkTarget(loaded, options.to);
    refusePooledHost(db, options.url);
    const warnings = loaded.problems.filter((problem) => problem.severity === "warning");
    // Most runs find nothing to do: one question, no lock.
    const early = await examine(loaded, await readHistory(db), options);
    warnings.push(...early.warnings);
    for (const problem of warnings) options.onProgress?.({ kind: "warning", problem });
    const jobs = await parseAll(early.plan.pending);
    // What looks unfinished may be another runner's work of this moment: only the lock can tell.
    const idle = jobs.length === 0 && early.plan.problems.length === 0;
    if (options.dryRun === true || idle) {
      refuseProblems(early.plan.problems);
      return resultOf(
        early.plan,
        jobs.map((job) => runOf(job)),
        { dryRun: options.dryRun ?? false, warnings },
      );
    }
    return await applyAll(db, options, { loaded, warnings });
  });
}

async function applyAll(
  db: Postgres,
  options: UpOptions,
  {
    loaded,
    warnings,
  }: { readonly loaded: LoadedMigrations; readonly warnings: readonly MigrationProblem[] },
): Promise<UpResult> {
  const runs: MigrationRun[] = [];
  return await runAll(db, options, {
    onCommitted: (run) => runs.push(run),
    work: async (session, run) => {
      // Again, under the lock: another runner may have been here.
      const { plan } = await examine(loaded, session.history, options);
      refuseProblems(plan.problems);
      const jobs = await parseAll(plan.pending);
      const count = runs.length + jobs.length;
      for (const job of jobs) runs.push(await run(job, { index: runs.length, count }));
      return resultOf(plan, runs, { dryRun: false, warnings });
    },
  });
}

interface Examined {
  readonly plan: UpPlan;
  readonly warnings: readonly MigrationProblem[];
}

/** @throws {MigrationError} when applied files are edited, renamed or gone. */
async function examine(
  loaded: LoadedMigrations,
  history: History,
  options: UpOptions,
): Promise<Examined> {
  const differences = await compareHistory(loaded, history);
  refuseProblems(differences);
  return {
    plan: planUp(loaded.files, history, options),
    warnings: differences.filter((problem) => problem.severity === "warning"),
  };
}

const parsedFiles = new WeakMap<MigrationFile, ParsedMigration>();

/** Parses everything before anything runs: an error in the last file stops the first. All errors at once. */
async function parseAll(files: readonly MigrationFile[]): Promise<readonly MigrationJob[]> {
  if (files.length === 0) return [];
  const parser = await loadSqlParser();
  const problems: MigrationProblem[] = [];
  const jobs = files.flatMap((file) => {
    try {
      const parsed = parsedFiles.get(file) ?? parseMigrationText(parser, file.text, file.file);
      parsedFiles.set(file, parsed);
      return [upJob(file, parsed)];
    } catch (error) {
      problems.push(problemOf(error, file.version));
      return [];
    }
  });
  refuseProblems(problems);
  return jobs;
}

function checkTarget({ files, dir }: LoadedMigrations, to: number | undefined): void {
  if (to === undefined || files.some((file) => file.version === to)) return;
  throw new MigrationError("UNKNOWN_VERSION", `There is no migration ${to} in ${dir}.`, {
    version: to,
    hint: "ctb-data migrate status lists them.",
  });
}

function resultOf(
  plan: UpPlan,
  migrations: readonly MigrationRun[],
  rest: Pick<UpResult, "dryRun" | "warnings">,
): UpResult {
  return { ...rest, migrations, pending: plan.later + (rest.dryRun ? plan.pending.length : 0) };
}
