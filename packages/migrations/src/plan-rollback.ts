import { randomUUID } from "node:crypto";
import type { Queryable } from "@ctb-data/postgres";
import { compareHistory } from "./compare-history.ts";
import { findDataLoss, wouldLoseData } from "./data-loss.ts";
import { hasBuilt } from "./drop-leftovers.ts";
import { refuseProblems, type LoadedMigrations } from "./load-migrations.ts";
import { MigrationError, problemOf, type MigrationProblem } from "./migration-error.ts";
import type { DownFile, MigrationFile, ParsedMigration } from "./migration-file.ts";
import type { MigrationJob } from "./migration-job.ts";
import { parseHeader } from "./parse-header.ts";
import { parseMigrationText } from "./parse-migration.ts";
import { isApplied, isUnfinished, type History, type HistoryEntry } from "./read-history.ts";
import { resumeJob } from "./resume-job.ts";
import type { Refusal, RollbackOptions } from "./run-options.ts";
import { loadSqlParser } from "./sql-parser.ts";

/** One migration to roll back. */
export interface RollbackStep {
  readonly entry: HistoryEntry;
  /** Undefined when there is nothing to run: only the history changes. */
  readonly job?: MigrationJob;
  /** What the history and the result say when nothing runs. */
  readonly unmarking: MigrationJob;
  /** What `force` has lifted. */
  readonly refusals: readonly Refusal[];
}

/**
 * What a rollback would run, newest first.
 *
 * @throws {MigrationError} the first refusal, with all of them in `problems`, unless `force` lifts them.
 */
export async function planRollback(
  db: Queryable,
  {
    loaded,
    history,
    options,
  }: {
    readonly loaded: LoadedMigrations;
    readonly history: History;
    readonly options: Pick<RollbackOptions, "steps" | "to" | "force">;
  },
): Promise<readonly RollbackStep[]> {
  const { force = false } = options;
  const differences = await compareHistory(loaded, history);
  const steps: RollbackStep[] = [];
  const problems: MigrationProblem[] = [];
  for (const entry of targets(history, loaded, options)) {
    const step = await stepOf(entry, { db, loaded, differences, force });
    const losses =
      step.job && !isUnfinished(entry) ? await findDataLoss(db, step.job.parsed.statements) : [];
    const lost = losses.map((loss) =>
      problemOf(wouldLoseData(loss, step.job ?? step.unmarking), entry.version),
    );
    problems.push(...step.problems, ...lost);
    steps.push({
      ...step,
      refusals: [...step.problems, ...lost].map(({ code, message }) => ({ code, message })),
    });
  }
  if (!force) refuseProblems(problems);
  return steps.map((step) => withForced(step));
}

/** The history records what was forced with the row that the job writes. */
function withForced(step: RollbackStep): RollbackStep {
  const forced = step.refusals;
  return {
    ...step,
    unmarking: { ...step.unmarking, forced },
    ...(step.job && { job: { ...step.job, forced } }),
  };
}

function targets(
  history: History,
  { files }: LoadedMigrations,
  { steps = 1, to }: Pick<RollbackOptions, "steps" | "to">,
): readonly HistoryEntry[] {
  const newestFirst = [...history.entries.values()]
    .filter((entry) => entry.state === "failed" || isApplied(entry) || isUnfinished(entry))
    .toReversed();
  if (to === undefined) return newestFirst.slice(0, steps);
  if (to > 0 && !history.entries.has(to) && !files.some((file) => file.version === to)) {
    throw new MigrationError("UNKNOWN_VERSION", `There is no migration ${to}.`, {
      version: to,
      hint: "ctb-data migrate status lists them; 0 rolls back everything.",
    });
  }
  return newestFirst.filter((entry) => entry.version > to);
}

interface Step extends RollbackStep {
  readonly problems: readonly MigrationProblem[];
}

async function stepOf(
  entry: HistoryEntry,
  {
    db,
    loaded,
    differences,
    force,
  }: {
    readonly db: Queryable;
    readonly loaded: LoadedMigrations;
    readonly differences: readonly MigrationProblem[];
    readonly force: boolean;
  },
): Promise<Step> {
  const file = loaded.files.find(
    ({ version, name }) => version === entry.version && name === entry.name,
  );
  const unmarking = unmarkingJob(entry, file);
  const plain = { entry, unmarking, refusals: [], problems: [] };
  if (await isUntouched(db, entry, file)) return plain;
  const down = file?.down ?? loaded.lonelyDowns.get(baseOf(entry, loaded));
  if (entry.direction === "down" && down) {
    return { ...plain, job: await resumeJob(loaded, entry, { keepsRows: !force }) };
  }
  const problems = [
    ...differences.filter(
      ({ version, severity }) => version === entry.version && severity === "error",
    ),
    ...irreversible(entry, file),
    ...(down ? [] : [noDown(entry, file)]),
  ].map((problem) => ({
    ...problem,
    hint: `${problem.hint} To roll back all the same, add --force to the command.`,
  }));
  if (!down) return { ...plain, problems };
  const parsed = await parse(down);
  return { ...plain, problems, job: { ...unmarking, parsed, keepsRows: !force } };
}

/** Whether nothing of a failed or stopped migration is in the schema, so that there is no way to go back. */
async function isUntouched(
  db: Queryable,
  entry: HistoryEntry,
  file: MigrationFile | undefined,
): Promise<boolean> {
  if (entry.direction === "down") return false;
  if (entry.transactional) return entry.state === "failed";
  if (!isUnfinished(entry) || entry.done > 0) return false;
  if (entry.build) return !(await hasBuilt(db, entry.build));
  // A statement in a transaction of its own shares it with its row; what a bare one has done, nobody knows.
  if (!file || file.checksum !== entry.checksum) return false;
  return (await parse(file)).statements[0]?.bare === false;
}

async function parse({ text, file }: DownFile): Promise<ParsedMigration> {
  return parseMigrationText(await loadSqlParser(), text, file);
}

/** A job of no statements: what the history says when nothing runs. */
function unmarkingJob(entry: HistoryEntry, file: MigrationFile | undefined): MigrationJob {
  const name = file?.file ?? `${entry.version}_${entry.name}.sql`;
  return {
    run: randomUUID(),
    direction: "down",
    version: entry.version,
    name: entry.name,
    checksum: entry.checksum ?? undefined,
    tokenChecksum: entry.tokenChecksum ?? undefined,
    parsed: {
      file: name,
      header: { transaction: true },
      statements: [],
      begin: "BEGIN",
      tokenChecksum: "",
    },
    done: 0,
    keepsRows: true,
    forced: [],
  };
}

function irreversible(
  entry: HistoryEntry,
  file: MigrationFile | undefined,
): readonly MigrationProblem[] {
  const reason = file && parseHeader(file.text, file.file).irreversible;
  if (!file || reason === undefined) return [];
  return [
    {
      severity: "error",
      code: "IRREVERSIBLE",
      version: entry.version,
      file: file.file,
      message: `${file.file} says that it cannot be undone: ${reason}.`,
      hint: "Write a new migration instead.",
    },
  ];
}

function noDown(entry: HistoryEntry, file: MigrationFile | undefined): MigrationProblem {
  const name = file?.file.replace(/\.sql$/, ".down.sql") ?? `NNN_${entry.name}.down.sql`;
  return {
    severity: "error",
    code: "NO_DOWN_FILE",
    version: entry.version,
    message: `${entry.version} "${entry.name}" has no way back: there is no ${name}.`,
    hint: `Write ${name}. With --force it is only unmarked, and the schema stays as it is.`,
  };
}

function baseOf(entry: HistoryEntry, { lonelyDowns }: LoadedMigrations): string {
  const is = (base: string): boolean =>
    Number.parseInt(base, 10) === entry.version && base.replace(/^\d+_/, "") === entry.name;
  return [...lonelyDowns.keys()].find((base) => is(base)) ?? "";
}
