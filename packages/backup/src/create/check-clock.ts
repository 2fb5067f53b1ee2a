import type { BackupSummary } from "../archive/list-backups.ts";
import { clockMarginMs } from "../retention/retained-backup.ts";

/**
 * A backup is made whatever the clock says: it is worth more than its date. But whoever looks at the list must know that the dates
 * cannot be relied on.
 */
export function checkClock(before: readonly BackupSummary[], now: Date): readonly string[] {
  const newest = before.findLast(({ valid }) => valid);
  if (newest === undefined || newest.startedAt.getTime() <= now.getTime() + clockMarginMs)
    return [];
  return [
    `This machine's clock says ${now.toISOString()}, but the backup ${newest.id} was begun later: one of the two clocks is wrong.`,
  ];
}
