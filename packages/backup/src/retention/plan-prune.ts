import { BackupError } from "../backup-error.ts";
import { bySource } from "./by-source.ts";
import { calendarOf, type CalendarPeriods } from "./calendar-periods.ts";
import { isOfTheFuture, isVerified, newestFirst, type RetainedBackup } from "./retained-backup.ts";
import { completePolicy, type CompletePolicy, type RetentionPolicy } from "./retention-policy.ts";

/** What is to become of one backup. */
export interface PruneDecision {
  readonly id: string;
  readonly sourceId: string;
  readonly action: "keep" | "delete";
  /** All of them, for people: `kept: weekly 2026-W47`, `deleted: 47 days old, newer verified backup <id>`. */
  readonly reasons: readonly string[];
  readonly sizeBytes: number;
  /** The verified backups of its series without which it must not be deleted, newest first; empty when it is kept. */
  readonly guards: readonly string[];
}

const dayMs = 86_400_000;

/**
 * Says for every backup whether the policy keeps it, and why; newest first. It touches nothing.
 *
 * Whatever the policy: the newest verified backup of each source stays, `minKeep` verified ones stay as long as there are so many,
 * and nothing goes that has no newer verified backup. Backups that are not verified never take the place of one that is, and
 * stay where nothing is verified. What cannot be read stays: somebody has to look at it.
 *
 * A larger policy keeps at least as much; planning again after the deletions deletes nothing.
 *
 * @throws {BackupError} INVALID_OPTIONS; CLOCK_WRONG when a backup is of the future, since then no age can be believed.
 */
export function planPrune(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  now: Date,
): readonly PruneDecision[] {
  const complete = completePolicy(policy);
  checkClock(backups, now);
  const seen = new Map<string, RetainedBackup>();
  const twice = new Set<string>();
  for (const backup of backups) {
    if (seen.has(backup.id)) twice.add(backup.id);
    seen.set(backup.id, backup);
  }
  const unclear = [...seen.values()].filter(({ id, valid }) => twice.has(id) || !valid);
  const clear = [...seen.values()].filter(({ id, valid }) => !twice.has(id) && valid);
  const decisions = [...bySource(clear).values()].flatMap((backupsOfSource) =>
    planSeries(backupsOfSource, complete, now),
  );
  const all = [...decisions, ...unclear.map((backup) => keepUnclear(backup, twice))];
  return all.toSorted((left, right) => compareIds(seen, left.id, right.id));
}

/**
 * Why a plan should not be carried out without a person's word: more than half of the backups of a source would go, as they
 * would under a mistyped policy or a clock that is far ahead. Undefined when nothing speaks against it.
 */
export function refusalOf(decisions: readonly PruneDecision[]): BackupError | undefined {
  for (const [sourceId, ofSource] of bySource(decisions)) {
    const deleted = ofSource.filter(({ action }) => action === "delete").length;
    if (deleted * 2 <= ofSource.length) continue;
    return new BackupError(
      "REFUSED",
      `${deleted} of the ${ofSource.length} backups of ${sourceId} would be deleted: more than half.`,
      {
        hint: "Look at the reasons with --dry-run, check the clock and the policy, then give --allow-many.",
      },
    );
  }
  return undefined;
}

function checkClock(backups: readonly RetainedBackup[], now: Date): void {
  if (Number.isNaN(now.getTime()))
    throw new BackupError("CLOCK_WRONG", "The present time is not a date.");
  // What is not signed proves nothing about the clock.
  const future = backups
    .filter((backup) => backup.valid && isOfTheFuture(backup, now))
    .toSorted(newestFirst)[0];
  if (future === undefined) return;
  throw new BackupError(
    "CLOCK_WRONG",
    `The backup ${future.id} was made or verified after ${now.toISOString()}, which is the present by this machine's clock.`,
    {
      backup: future.id,
      hint: "Set the clock of this machine. If the clock of the machine that made the backup was ahead, wait until its date has passed, or remove that backup by hand.",
    },
  );
}

function keepUnclear(backup: RetainedBackup, twice: ReadonlySet<string>): PruneDecision {
  const why = twice.has(backup.id)
    ? "listed twice"
    : `cannot be read: ${backup.problem ?? "its record is not valid"}`;
  return decisionOf(backup, [`kept: ${why}`]);
}

function planSeries(
  backups: readonly RetainedBackup[],
  policy: CompletePolicy,
  now: Date,
): readonly PruneDecision[] {
  const sorted = backups.toSorted(newestFirst);
  const verified = sorted.filter(isVerified);
  const guards = verified.slice(0, policy.minKeep).map(({ id }) => id);
  const keptBy = reasonsByRule(verified, policy);
  return sorted.map((backup) => {
    const reasons = [...standing(backup, verified), ...(keptBy.get(backup.id) ?? [])];
    const ageDays = (now.getTime() - backup.startedAt.getTime()) / dayMs;
    if (ageDays <= policy.retentionDays)
      reasons.push(`within ${policy.retentionDays} ${policy.retentionDays === 1 ? "day" : "days"}`);
    if (reasons.length > 0)
      return decisionOf(
        backup,
        reasons.map((reason) => `kept: ${reason}`),
      );
    const why = isVerified(backup) ? "" : " and not verified";
    return decisionOf(
      backup,
      [`deleted: ${Math.floor(ageDays)} days old${why}, newer verified backup ${guards[0] ?? ""}`],
      guards,
    );
  });
}

/** Why a backup stays whatever the policy says. */
function standing(backup: RetainedBackup, verified: readonly RetainedBackup[]): readonly string[] {
  const newest = verified[0];
  if (newest === undefined) return ["no backup of this source is verified yet"];
  if (newest.id === backup.id) return ["no newer verified backup"];
  const isNewer = newestFirst(backup, newest) < 0;
  return isNewer ? ["not verified and newer than the newest verified one"] : [];
}

/** What the rules that count keep, by id. `verified` is sorted, newest first. */
function reasonsByRule(
  verified: readonly RetainedBackup[],
  policy: CompletePolicy,
): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, string[]>();
  const add = (id: string, reason: string): void => {
    reasons.set(id, [...(reasons.get(id) ?? []), reason]);
  };
  for (const { id } of verified.slice(0, policy.minKeep))
    add(id, `one of the ${policy.minKeep} newest verified (min_keep)`);
  const calendar = calendarOf(policy.timeZone);
  const dated = verified.map(({ id, startedAt }) => ({ id, periods: calendar(startedAt) }));
  for (const rule of ["daily", "weekly", "monthly", "yearly"] as const)
    for (const [period, id] of newestOfPeriods(dated, rule, policy[rule]))
      add(id, `${rule} ${period}`);
  return reasons;
}

interface DatedBackup {
  readonly id: string;
  readonly periods: CalendarPeriods;
}

/** The newest of each of the last `count` periods that have any. */
function newestOfPeriods(
  dated: readonly DatedBackup[],
  rule: keyof CalendarPeriods,
  count: number,
): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const { id, periods } of dated) {
    if (newest.size === count) break;
    if (!newest.has(periods[rule])) newest.set(periods[rule], id);
  }
  return newest;
}

function decisionOf(
  { id, sourceId, sizeBytes }: RetainedBackup,
  reasons: readonly string[],
  guards: readonly string[] = [],
): PruneDecision {
  return {
    id,
    sourceId,
    sizeBytes,
    action: guards.length > 0 ? "delete" : "keep",
    reasons,
    guards,
  };
}

function compareIds(
  backups: ReadonlyMap<string, RetainedBackup>,
  left: string,
  right: string,
): number {
  const [first, second] = [backups.get(left), backups.get(right)];
  return first === undefined || second === undefined ? 0 : newestFirst(first, second);
}
