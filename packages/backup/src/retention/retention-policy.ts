import { BackupError } from "../backup-error.ts";
import { checkTimeZone } from "../schedule/check-time-zone.ts";

/** Which backups stay. Each rule keeps what it names; what no rule keeps may go. Only verified backups fill a rule's places. */
export interface RetentionPolicy {
  /** Backups that are at most this old stay. Days of 24 hours. */
  readonly retentionDays: number;
  /** Of each of the last so many days that have a verified backup, the newest stays. Default 0. */
  readonly daily?: number | undefined;
  /** As `daily`, for ISO 8601 weeks, which begin on Monday. */
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** So many of the newest verified backups of each source stay, however old. At least 1; default 3. */
  readonly minKeep?: number | undefined;
  /** Where days, weeks, months and years begin: an IANA name. Default UTC. */
  readonly timeZone?: string | undefined;
}

/** A policy with every default filled in. */
export type CompletePolicy = {
  readonly [Rule in keyof RetentionPolicy]-?: NonNullable<RetentionPolicy[Rule]>;
};

const mostDays = 36_500;

/**
 * Checks a policy and fills in its defaults.
 *
 * @throws {BackupError} INVALID_OPTIONS for a number that is out of range, or an unknown time zone.
 */
export function completePolicy(policy: RetentionPolicy): CompletePolicy {
  const { retentionDays, daily = 0, weekly = 0, monthly = 0, yearly = 0 } = policy;
  const { minKeep = 3, timeZone = "UTC" } = policy;
  checkCount("retention_days", retentionDays, 0);
  for (const [name, value] of Object.entries({ daily, weekly, monthly, yearly }))
    checkCount(`keep.${name}`, value, 0);
  checkCount("min_keep", minKeep, 1);
  checkTimeZone(timeZone);
  return { retentionDays, daily, weekly, monthly, yearly, minKeep, timeZone };
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= mostDays) return;
  throw new BackupError("INVALID_OPTIONS", `${name} is ${value}.`, {
    hint: `Give a whole number from ${least} to ${mostDays}.`,
  });
}
