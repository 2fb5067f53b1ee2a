/** What the rules about backups need to know of one: the summaries of `listBackups` have this shape. */
export interface RetainedBackup {
  readonly id: string;
  /** Backups of one source are one series: rules count within it. Empty when the record cannot be read. */
  readonly sourceId: string;
  /** By the signed record, never by the storage. */
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** As stored. */
  readonly sizeBytes: number;
  /** When every stored byte was last found right; null when it never was, or a later verification failed. */
  readonly verifiedAt: Date | null;
  /** When it was last restored in a drill and compared. */
  readonly drilledAt: Date | null;
  /** The record can be read and its signature is right. */
  readonly valid: boolean;
  readonly problem?: string;
}

/** By how much clocks of two machines may differ before a date counts as one of the future: 5 minutes. */
export const clockMarginMs = 300_000;

/** True for a backup that can be counted on: its record is right, and so was every stored byte of it. */
export function isVerified({ valid, verifiedAt }: RetainedBackup): boolean {
  return valid && verifiedAt !== null;
}

/** True when the backup says that it was begun, or looked at, later than now. */
export function isOfTheFuture(backup: RetainedBackup, now: Date): boolean {
  const limit = now.getTime() + clockMarginMs;
  const dates = [backup.startedAt, backup.finishedAt, backup.verifiedAt, backup.drilledAt];
  return dates.some((date) => date !== null && date.getTime() > limit);
}

/** Sorts the newest first. Two of the same moment are in the order of their ids, so that every order is total. */
export function newestFirst(left: RetainedBackup, right: RetainedBackup): number {
  const apart = right.startedAt.getTime() - left.startedAt.getTime();
  if (apart !== 0) return apart;
  if (left.id === right.id) return 0;
  return left.id < right.id ? 1 : -1;
}
