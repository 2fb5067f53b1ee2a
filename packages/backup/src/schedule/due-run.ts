import { createHash } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import { clockMarginMs } from "../retention/retained-backup.ts";
import type { Schedule } from "./parse-schedule.ts";
import { lastRun, nextRuns } from "./schedule-times.ts";

/** What decides whether a backup is due. */
export interface DueOptions {
  readonly schedule: Pick<Schedule, "pattern" | "timeZone">;
  /** When the backups of the source began that are committed; in any order. Those of the future are passed over. */
  readonly startedAts: readonly Date[];
  readonly now: Date;
  /**
   * Spreads the sources over so long a time behind each scheduled time; milliseconds, at most a day. Default 0, as it must be
   * when something else wakes the program: it would come too early, and not again.
   */
  readonly jitterMs?: number | undefined;
  /** What the source's place in that time is derived from: the id of the source. */
  readonly key?: string | undefined;
}

/** Whether a backup is due. */
export interface DueRun {
  readonly due: boolean;
  /** The last scheduled time whose turn has come; null when there was none yet. */
  readonly scheduledAt: Date | null;
  /** When the next one's turn comes, jitter included; null where the calendar ends. */
  readonly nextAt: Date | null;
}

const mostJitterMs = 86_400_000;

/**
 * Says whether a backup is due: when none has begun since the last scheduled time. However many times were missed, that is one
 * backup; and whoever asks, and how often, the answer comes from what is in the storage. Without any backup it is due at once.
 *
 * @throws {BackupError} INVALID_OPTIONS for a jitter that is out of range.
 */
export function dueRun({ schedule, startedAts, now, jitterMs = 0, key = "" }: DueOptions): DueRun {
  const delayMs = delayOf(key, jitterMs);
  const turn = new Date(now.getTime() - delayMs);
  const scheduledAt = lastRun(schedule, turn) ?? null;
  const next = nextRuns(schedule, 1, turn)[0];
  const limit = now.getTime() + clockMarginMs;
  const hasBegun = startedAts.some(
    (startedAt) => startedAt.getTime() <= limit && scheduledAt !== null && startedAt >= scheduledAt,
  );
  return {
    due: scheduledAt !== null && !hasBegun,
    scheduledAt,
    nextAt: next === undefined ? null : new Date(next.getTime() + delayMs),
  };
}

function delayOf(key: string, jitterMs: number): number {
  if (!Number.isSafeInteger(jitterMs) || jitterMs < 0 || jitterMs > mostJitterMs) {
    throw new BackupError("INVALID_OPTIONS", `The jitter is ${jitterMs} ms.`, {
      hint: "Give from 0 to 86400000 milliseconds: at most a day.",
    });
  }
  return jitterMs === 0 ? 0 : createHash("sha256").update(key).digest().readUIntBE(0, 6) % jitterMs;
}
