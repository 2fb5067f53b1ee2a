import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError, type Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";

/** How a transaction waits, and what stops it. */
export interface LockedOptions {
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs?: number | undefined;
  readonly readOnly?: boolean;
  /** Rolls back in the end, whatever was done. */
  readonly discard?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** For the error. */
  readonly what: string;
  readonly run?: string | undefined;
}

const attempts = 3;

/**
 * Runs `fn` in a transaction of this session. When others hold its tables for longer than the time-out, or in a deadlock, all of it is
 * rolled back and tried again, three times in all.
 *
 * @throws {IntegrityError} LOCK_TIMEOUT after that, CANCELLED; and what `fn` throws, rolled back
 */
export async function lockedTransaction<T>(
  connection: Connection,
  options: LockedOptions,
  fn: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    throwIfStopped(options);
    try {
      await connection.query(beginSql(options));
      const result = await fn();
      throwIfStopped(options);
      await connection.query(options.discard === true ? "ROLLBACK" : "COMMIT");
      return result;
    } catch (error) {
      if (connection.lost) throw error;
      await connection.query("ROLLBACK");
      if (!isBusy(error)) throw error;
      if (attempt >= attempts) throw busy(error, options);
    }
    await sleep(50 * attempt, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function beginSql({ readOnly = false, lockTimeoutMs, statementTimeoutMs }: LockedOptions): string {
  return [
    `BEGIN ISOLATION LEVEL READ COMMITTED ${readOnly ? "READ ONLY" : "READ WRITE"}`,
    `SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}`,
    // A policy that hides rows is an error then, and not a row that is not found.
    "SET LOCAL row_security = off",
    ...(statementTimeoutMs === undefined
      ? []
      : [`SET LOCAL statement_timeout = ${Math.ceil(statementTimeoutMs)}`]),
  ].join("; ");
}

function throwIfStopped({ signal, what, run }: LockedOptions): void {
  if (signal?.aborted !== true) return;
  throw new IntegrityError("CANCELLED", `Stopped before ${what} was committed.`, {
    run,
    cause: signal.reason,
    hint: "What was committed before stays, and can be undone.",
  });
}

/** lock_not_available, deadlock_detected, serialization_failure */
function isBusy(error: unknown): error is PostgresError {
  return (
    error instanceof PostgresError && ["55P03", "40P01", "40001"].includes(error.sqlState ?? "")
  );
}

function busy(cause: PostgresError, { what, lockTimeoutMs, run }: LockedOptions): IntegrityError {
  return new IntegrityError(
    "LOCK_TIMEOUT",
    `Others kept tables or rows locked through ${attempts} tries of ${lockTimeoutMs} ms: ${what} was not done.`,
    {
      cause,
      run,
      hint: "Try again when less is going on, or with a longer lock timeout. Who holds the lock: SELECT * FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(pid)).",
    },
  );
}
