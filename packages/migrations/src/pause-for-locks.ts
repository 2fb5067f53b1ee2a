import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "@ctb-data/postgres";
import { nameOf, type MigrationJob } from "./migration-job.ts";
import type { MigrationSession } from "./migration-session.ts";

const defaultLockAttempts = 10;
const pauseMs = { first: 250, most: 10_000 };

/**
 * Waits before the next try of what the locks of others have stopped, a little longer each time. False, at once, when
 * there is no next try: it was another error, the last attempt, or a signal. Call it behind the ROLLBACK.
 */
export async function pauseForLocks(
  { options, report }: MigrationSession,
  job: MigrationJob,
  { error, attempt }: { readonly error: unknown; readonly attempt: number },
): Promise<boolean> {
  const { lockAttempts = defaultLockAttempts, signal } = options;
  const sqlState = waitable(error);
  if (sqlState === undefined || attempt >= lockAttempts || signal?.aborted === true) return false;
  const delayMs = Math.round(
    Math.min(pauseMs.first * 2 ** (attempt - 1), pauseMs.most) * (0.5 + Math.random() / 2),
  );
  report({ kind: "retrying", migration: nameOf(job), attempt, delayMs, sqlState });
  await sleep(delayMs, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  return true;
}

/** 55P03 lock not available, 40P01 deadlock. */
function waitable(error: unknown): string | undefined {
  const sqlState = error instanceof PostgresError ? error.sqlState : undefined;
  return sqlState === "55P03" || sqlState === "40P01" ? sqlState : undefined;
}
