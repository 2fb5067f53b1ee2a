import { bySource } from "../retention/by-source.ts";
import {
  isOfTheFuture,
  isVerified,
  newestFirst,
  type RetainedBackup,
} from "../retention/retained-backup.ts";
import { formatAge } from "./parse-age.ts";

/** What is asked of the backups. Ages in milliseconds; `parseAge` reads them. */
export interface BackupStatusOptions {
  /** The newest backup must have begun at most this long ago. */
  readonly maxAgeMs: number;
  /** The newest *verified* backup must have begun at most this long ago: it is what one could surely go back to. */
  readonly maxVerifiedAgeMs?: number | undefined;
  /** The last drill that succeeded must have ended at most this long ago. */
  readonly maxDrillAgeMs?: number | undefined;
  /** Only this series. Without it every source that has a backup must be well by itself. */
  readonly sourceId?: string | undefined;
  readonly now: Date;
}

/** How long ago, milliseconds; null where there is none. */
export interface BackupAges {
  /** Since the newest backup began. */
  readonly newestMs: number | null;
  /** Since the newest verified backup began. */
  readonly newestVerifiedMs: number | null;
  /** Since the last drill ended. */
  readonly drillMs: number | null;
}

/** How many backups there are of each kind. */
export interface BackupCounts {
  readonly total: number;
  readonly valid: number;
  readonly verified: number;
  readonly drilled: number;
  /** Their records cannot be read, or their signatures are wrong. */
  readonly invalid: number;
  /** Made or verified after now, by what they say: they count for nothing else. */
  readonly future: number;
}

/** Whether the backups are what was asked for. */
export interface BackupStatus<Backup extends RetainedBackup = RetainedBackup> {
  readonly ok: boolean;
  readonly newest: Backup | null;
  readonly newestVerified: Backup | null;
  /** The one of the last drill. */
  readonly newestDrilled: Backup | null;
  readonly ages: BackupAges;
  /** Full sentences; empty when all is well. */
  readonly problems: readonly string[];
  readonly counts: BackupCounts;
}

/** Looks at a list of backups as somebody who may need one: is there a fresh one, and is it proven? Pure. */
export function backupStatus<Backup extends RetainedBackup>(
  backups: readonly Backup[],
  options: BackupStatusOptions,
): BackupStatus<Backup> {
  const { sourceId, now } = options;
  const asked = backups.filter(
    (backup) => sourceId === undefined || backup.sourceId === sourceId || !backup.valid,
  );
  const readable = asked.filter(({ valid }) => valid);
  const future = readable.filter((backup) => isOfTheFuture(backup, now));
  const usable = readable.filter((backup) => !isOfTheFuture(backup, now)).toSorted(newestFirst);
  const invalid = asked.filter(({ valid }) => !valid);
  const problems = [
    ...(usable.length === 0
      ? [`There is no backup${sourceId === undefined ? "" : ` of ${sourceId}`}.`]
      : []),
    ...[...bySource(usable)].flatMap(([source, ofSource]) =>
      problemsOf(source, standingOf(ofSource, now), options),
    ),
    ...usable.flatMap(({ id, problem }) =>
      problem === undefined ? [] : [`The last verification of ${id} failed: ${problem}`],
    ),
    ...future.map(
      ({ id }) => `The backup ${id} is of the future: a clock was wrong, so it counts for nothing.`,
    ),
    ...invalid.map(
      ({ id, problem }) =>
        `The backup ${id} cannot be read: ${problem ?? "its record is not valid"}`,
    ),
  ];
  const counts = {
    total: asked.length,
    valid: readable.length,
    verified: usable.filter(isVerified).length,
    drilled: usable.filter(({ drilledAt }) => drilledAt !== null).length,
    invalid: invalid.length,
    future: future.length,
  };
  return { ok: problems.length === 0, ...standingOf(usable, now), problems, counts };
}

type Standing<Backup extends RetainedBackup> = Pick<
  BackupStatus<Backup>,
  "newest" | "newestVerified" | "newestDrilled" | "ages"
>;

function standingOf<Backup extends RetainedBackup>(
  sorted: readonly Backup[],
  now: Date,
): Standing<Backup> {
  const newest = sorted[0] ?? null;
  const newestVerified = sorted.find(isVerified) ?? null;
  const drilled = sorted.filter(({ drilledAt }) => drilledAt !== null);
  const newestDrilled =
    drilled.toSorted((left, right) => drillTime(right) - drillTime(left))[0] ?? null;
  return {
    newest,
    newestVerified,
    newestDrilled,
    ages: {
      newestMs: ageMs(newest?.startedAt, now),
      newestVerifiedMs: ageMs(newestVerified?.startedAt, now),
      drillMs: ageMs(newestDrilled?.drilledAt, now),
    },
  };
}

function problemsOf(
  source: string,
  { newest, newestVerified, ages }: Standing<RetainedBackup>,
  { maxAgeMs, maxVerifiedAgeMs, maxDrillAgeMs }: BackupStatusOptions,
): readonly string[] {
  return [
    isTooOld(ages.newestMs, maxAgeMs) &&
      `The newest backup of ${source}, ${newest?.id}, is ${since(ages.newestMs)} old; at most ${formatAge(maxAgeMs)} are asked for.`,
    isTooOld(ages.newestVerifiedMs, maxVerifiedAgeMs) &&
      (newestVerified === null
        ? `No backup of ${source} is verified.`
        : `The newest verified backup of ${source}, ${newestVerified.id}, is ${since(ages.newestVerifiedMs)} old; at most ${formatAge(maxVerifiedAgeMs ?? 0)} are asked for.`),
    isTooOld(ages.drillMs, maxDrillAgeMs) &&
      (ages.drillMs === null
        ? `No backup of ${source} was ever restored in a drill.`
        : `The last drill with a backup of ${source} was ${since(ages.drillMs)} ago; at most ${formatAge(maxDrillAgeMs ?? 0)} are asked for.`),
  ].filter((problem) => problem !== false);
}

/** Without a limit nothing is too old; with one, nothing at all is. */
function isTooOld(age: number | null, limit: number | undefined): boolean {
  return limit !== undefined && (age === null || age > limit);
}

function since(age: number | null): string {
  return formatAge(age ?? 0);
}

function ageMs(moment: Date | null | undefined, now: Date): number | null {
  // A clock that is a little ahead makes nothing younger than new.
  return moment === null || moment === undefined
    ? null
    : Math.max(0, now.getTime() - moment.getTime());
}

function drillTime({ drilledAt }: RetainedBackup): number {
  return drilledAt?.getTime() ?? 0;
}
