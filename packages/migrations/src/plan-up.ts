import type { MigrationProblem } from "./migration-error.ts";
import type { MigrationFile } from "./migration-file.ts";
import { isApplied, isUnfinished, type History, type HistoryEntry } from "./read-history.ts";
import type { UpOptions } from "./run-options.ts";

/** What `up` would do. */
export interface UpPlan {
  /** By version. */
  readonly pending: readonly MigrationFile[];
  /** Pending ones above `to`. */
  readonly later: number;
  readonly problems: readonly MigrationProblem[];
}

/** Which files are to be applied, and what speaks against it. Pure. */
export function planUp(
  files: readonly MigrationFile[],
  history: History,
  {
    to = Infinity,
    allowGaps = false,
    allowOutOfOrder = false,
  }: Pick<UpOptions, "to" | "allowGaps" | "allowOutOfOrder"> = {},
): UpPlan {
  const entries = [...history.entries.values()];
  const newest = Math.max(
    -1,
    ...entries.filter((entry) => isPresent(entry)).map((entry) => entry.version),
  );
  const notApplied = files.filter((file) => !isPresent(history.entries.get(file.version)));
  const pending = notApplied.filter((file) => file.version <= to);
  const isAllowed = (version: number): boolean =>
    typeof allowOutOfOrder === "boolean" ? allowOutOfOrder : allowOutOfOrder.includes(version);
  return {
    pending,
    later: notApplied.length - pending.length,
    problems: [
      ...unfinished(entries),
      ...pending
        .filter((file) => file.version < newest && !isAllowed(file.version))
        .map((file) => outOfOrder(file, newest)),
      ...(allowGaps ? [] : gaps(files, pending, newest)),
    ],
  };
}

/** In the schema, wholly or in part. */
function isPresent(entry: HistoryEntry | undefined): boolean {
  return entry?.state === "forgotten" || isApplied(entry) || isUnfinished(entry);
}

/** A file without a transaction that stopped in its middle is finished by `retry` or undone by `rollback`, not skipped. */
export function unfinished(entries: readonly HistoryEntry[]): readonly MigrationProblem[] {
  return entries
    .filter((entry) => isUnfinished(entry))
    .map((entry) => {
      const way = entry.direction === "up" ? "" : "way back ";
      const where = entry.total === null ? "" : ` behind statement ${entry.done} of ${entry.total}`;
      const why = entry.error === null ? "" : ` (${entry.error})`;
      return {
        severity: "error",
        code: "UNFINISHED",
        version: entry.version,
        message: `The ${way}${entry.version} "${entry.name}", which has no transaction, stopped${where}${why}.`,
        hint:
          entry.direction === "up"
            ? "Go on with ctb-data migrate retry, or undo it with ctb-data migrate rollback."
            : "Go on with ctb-data migrate retry.",
      } as const;
    });
}

function outOfOrder(file: MigrationFile, newest: number): MigrationProblem {
  return {
    severity: "error",
    code: "OUT_OF_ORDER",
    version: file.version,
    file: file.file,
    message: `${file.file} is new, but ${newest} is applied already.`,
    hint: `Renumber it to come last; or, when it does not depend on the order: ctb-data migrate up --allow-out-of-order.`,
  };
}

/** Dates as numbers have gaps by nature. */
const countsFrom = 1e8;

/** A number that is missing in front of a pending file: probably a file that did not come with the merge. */
function gaps(
  files: readonly MigrationFile[],
  pending: readonly MigrationFile[],
  newest: number,
): readonly MigrationProblem[] {
  const previous = new Map(files.map((file, at) => [file.version, files[at - 1]?.version ?? -1]));
  return pending.flatMap((file) => {
    const before = Math.max(newest, previous.get(file.version) ?? -1);
    if (before < 0 || file.version >= countsFrom || file.version <= before + 1) return [];
    const missing =
      file.version - before === 2 ? `${before + 1} is` : `${before + 1} to ${file.version - 1} are`;
    return [
      {
        severity: "error",
        code: "GAP",
        version: file.version,
        file: file.file,
        message: `${file.file} follows on ${before}: ${missing} missing.`,
        hint: "Fetch the missing file, renumber this one, or go on with ctb-data migrate up --allow-gaps.",
      } as const,
    ];
  });
}
