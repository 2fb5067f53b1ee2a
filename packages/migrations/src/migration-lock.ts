import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Queryable } from "@ctb-data/postgres";
import { historyTable } from "./history-table.ts";
import { MigrationError } from "./migration-error.ts";
import type { LockHolder, RunOptions } from "./run-options.ts";

/**
 * The key of the advisory lock: from the name of the history table. PostgreSQL itself keeps the keys of different
 * databases apart.
 */
const key = createHash("sha256")
  .update(`ctb-data migrate ${historyTable}`)
  .digest()
  .readBigInt64BE();
const unsigned = BigInt.asUintN(64, key);

/** `pg_locks` shows the key in two halves. */
const isOurKey = `locktype = 'advisory' AND classid = ${unsigned >> 32n} AND objid = ${unsigned & 0xffffffffn} AND objsubid = 1`;

/**
 * SQL that is true when this session has the lock: it takes it once more, which costs nothing while it holds it. When a
 * function of a file has released it, the lock is taken back, and it is false only when another runner was faster.
 */
export const keepLockSql: string = `pg_catalog.pg_try_advisory_lock(${key})`;

/** SQL that releases the lock, however often it was taken. */
export const releaseLockSql = "SELECT pg_catalog.pg_advisory_unlock_all()";

/** SQL that releases every advisory lock of this session but the runner's; each up to 64 times, as often as it was taken. */
export const releaseOtherLocksSql: string = `SELECT CASE
  WHEN objsubid = 1 AND mode = 'ExclusiveLock' THEN pg_catalog.pg_advisory_unlock((classid::bigint << 32) | objid::bigint)
  WHEN objsubid = 1 THEN pg_catalog.pg_advisory_unlock_shared((classid::bigint << 32) | objid::bigint)
  WHEN mode = 'ExclusiveLock' THEN pg_catalog.pg_advisory_unlock(classid::bigint::bit(32)::integer, objid::bigint::bit(32)::integer)
  ELSE pg_catalog.pg_advisory_unlock_shared(classid::bigint::bit(32)::integer, objid::bigint::bit(32)::integer)
END FROM pg_catalog.pg_locks CROSS JOIN pg_catalog.generate_series(1, 64)
WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND NOT (${isOurKey})`;

/** A table with one row for the session that holds the lock in this database. */
export const lockHolderSql: string = `SELECT a.pid, a.application_name AS application, a.usename::text AS "user",
  pg_catalog.host(a.client_addr) AS address,
  pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since, a.state AS activity
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
WHERE ${isOurKey} AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`;

interface LockAttempt {
  readonly locked: boolean;
  readonly hasTable: boolean;
  readonly hasSchema: boolean;
}

const pollMs = { first: 50, most: 1000 };
const reportEveryMs = 5000;

/** The session that holds the migration lock of this database right now, if any. */
export async function migrationLock(db: Queryable): Promise<LockHolder | undefined> {
  const { rows } = await db.query<LockHolder>(lockHolderSql);
  return rows[0];
}

/**
 * Takes the lock, waiting for another runner up to `lockWaitMs`. It polls: a session that blocks in
 * `pg_advisory_lock` holds a snapshot, for which CREATE INDEX CONCURRENTLY of the other runner would wait for ever.
 *
 * @throws {MigrationError} LOCKED, with the holder in the message.
 */
export async function takeLock(
  connection: Connection,
  {
    lockWaitMs = 60_000,
    onProgress,
    signal,
  }: Pick<RunOptions, "lockWaitMs" | "onProgress" | "signal">,
): Promise<Omit<LockAttempt, "locked">> {
  const start = performance.now();
  let reported = -reportEveryMs;
  for (let pause = pollMs.first; ; pause = Math.min(pause * 1.5, pollMs.most)) {
    const attempt = await tryLock(connection);
    if (attempt.locked) return attempt;
    const waitedMs = Math.round(performance.now() - start);
    if (waitedMs >= lockWaitMs) throw locked(await migrationLock(connection), waitedMs);
    if (onProgress && waitedMs - reported >= reportEveryMs) {
      reported = waitedMs;
      onProgress({ kind: "waiting", holder: await migrationLock(connection), waitedMs });
    }
    const jittered = pause * (0.5 + Math.random() / 2);
    await sleep(Math.min(jittered, Math.max(lockWaitMs - waitedMs, 1)), undefined, {
      signal,
    }).catch(() => {
      throw new MigrationError(
        "CANCELLED",
        "Stopped while waiting for the migration lock; nothing was touched.",
      );
    });
  }
}

async function tryLock(connection: Connection): Promise<LockAttempt> {
  const { rows } = await connection.query<LockAttempt>(
    // The store has settings of its own; files are to find the database's, as with psql, the first file like the others.
    `RESET ALL; SELECT pg_catalog.pg_try_advisory_lock(${key}) AS locked, pg_catalog.to_regclass('${historyTable}') IS NOT NULL AS "hasTable", pg_catalog.to_regnamespace('ctb_data') IS NOT NULL AS "hasSchema"`,
  );
  return rows[0] ?? { locked: false, hasTable: false, hasSchema: false };
}

/** `process 4711 (ctb-data, user app, from 10.0.0.7, since 2026-01-15T10:00:00Z)` */
export function describeHolder(holder: LockHolder): string {
  const facts = [
    holder.application || "no application name",
    holder.user && `user ${holder.user}`,
    holder.address && `from ${holder.address}`,
    holder.since && `since ${holder.since}`,
  ].filter(Boolean);
  return `process ${holder.pid} (${facts.join(", ")})`;
}

function locked(holder: LockHolder | undefined, waitedMs: number): MigrationError {
  const waited = waitedMs > 0 ? ` after ${(waitedMs / 1000).toFixed(1)} s` : "";
  return holder
    ? new MigrationError(
        "LOCKED",
        `Another runner still holds the migration lock${waited}: ${describeHolder(holder)}.`,
        {
          hint: `Wait for it and run the command again. If it is known to be dead: SELECT pg_terminate_backend(${holder.pid});`,
        },
      )
    : new MigrationError("LOCKED", `Other runners held the migration lock${waited}.`, {
        hint: "Run the command again.",
      });
}
