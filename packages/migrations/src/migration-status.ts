import type { Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { compareHistory } from "./compare-history.ts";
import type { RecordedState } from "./history-table.ts";
import { loadMigrations } from "./load-migrations.ts";
import type { MigrationProblem } from "./migration-error.ts";
import type { MigrationFile } from "./migration-file.ts";
import { planUp } from "./plan-up.ts";
import { isApplied, isUnfinished, readHistoryAndLock, type HistoryEntry } from "./read-history.ts";
import type { LockHolder, MigrationState, MigrationStatus } from "./run-options.ts";

/**
 * Files and history side by side, and who is migrating right now. One round trip; nothing is written, not even the table of the
 * history.
 *
 * @throws {MigrationError} NO_DIRECTORY, HISTORY_FAILED or DATABASE_FAILED. What is wrong with files is in the answer.
 */
export async function migrationStatus(
  db: Postgres,
  { dir }: { readonly dir: string },
): Promise<MigrationStatus> {
  return await asMigrationErrors(async () => {
    const [loaded, history] = await Promise.all([loadMigrations(dir), readHistoryAndLock(db)]);
    const plan = planUp(loaded.files, history);
    const running = history.lock !== undefined;
    const problems = [
      ...loaded.problems,
      ...(await compareHistory(loaded, history)),
      // What another runner is at is not a problem.
      ...plan.problems.filter((problem) => problem.code !== "UNFINISHED" || !running),
    ];
    const files = new Map(loaded.files.map((file) => [file.version, file]));
    const known = [...history.entries.values()]
      .filter((entry) => isShown(entry))
      .map((entry) => entry.version);
    const versions = [...new Set([...files.keys(), ...known])].toSorted((a, b) => a - b);
    return {
      migrations: versions.map((version) =>
        stateOf({
          version,
          file: files.get(version),
          entry: history.entries.get(version),
          problems,
        }),
      ),
      pending: plan.pending.length,
      problems,
      lock: history.lock satisfies LockHolder | undefined,
      initialised: history.initialised,
    };
  });
}

/** Without a file, only what the schema has is worth a line. */
function isShown(entry: HistoryEntry): boolean {
  return isApplied(entry) || isUnfinished(entry);
}

function stateOf({
  version,
  file,
  entry,
  problems,
}: {
  readonly version: number;
  readonly file: MigrationFile | undefined;
  readonly entry: HistoryEntry | undefined;
  readonly problems: readonly MigrationProblem[];
}): MigrationState {
  return {
    version,
    name: file?.file.replace(/\.sql$/, "") ?? `${version}_${entry?.name ?? ""}`,
    state: entry ? stateNames[entry.state] : "pending",
    hasDown: file?.down !== undefined,
    ...(file && { file: file.file }),
    ...(entry && entry.state !== "rolled_back" && entry.state !== "unmarked" && recordOf(entry)),
    problems: problems.filter((problem) => problem.version === version),
  };
}

const stateNames = {
  applied: "applied",
  repaired: "applied",
  forgotten: "applied",
  baselined: "baselined",
  failed: "failed",
  running: "unfinished",
  rolled_back: "pending",
  unmarked: "pending",
} as const satisfies Record<RecordedState, MigrationState["state"]>;

type Recorded = Omit<
  MigrationState,
  "version" | "name" | "state" | "hasDown" | "file" | "problems"
>;

function recordOf(entry: HistoryEntry): Recorded {
  const {
    error,
    sqlState,
    line,
    total,
    startedAt,
    finishedAt,
    durationMs,
    by,
    toolVersion,
    forced,
  } = entry;
  return {
    startedAt,
    finishedAt,
    durationMs,
    by,
    toolVersion,
    ...(!isApplied(entry) && { direction: entry.direction }),
    ...(total !== null && { done: entry.done, total }),
    ...(error !== null && {
      error: {
        message: error,
        ...(sqlState !== null && { sqlState }),
        ...(line !== null && { line }),
      },
    }),
    ...(forced.length > 0 && { forced }),
  };
}
