import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Queryable } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";

/** The key of the advisory lock. PostgreSQL itself keeps the keys of different databases apart. */
const key = BigInt.asIntN(
  64,
  createHash("sha256").update("ctb-data integrity fix").digest().readBigUInt64BE(),
);
const unsigned = BigInt.asUintN(64, key);

/** `pg_locks` shows the key in two halves. SQL for the sessions that hold the lock in this database. */
export const lockHolders: string = `(SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.classid = ${unsigned >> 32n} AND l.objid = ${unsigned & 0xffffffffn}
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))`;

interface Holder {
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  readonly address: string | null;
  readonly since: string | null;
}

/**
 * Takes the lock of fixes and undos. It is the session's, so that it lives exactly as long as the work: when the program is
 * killed, its server process may go on for a while with the statement that it was given.
 *
 * @throws {IntegrityError} LOCKED, with who holds it, CANCELLED
 */
export async function takeFixLock(
  connection: Connection,
  { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const end = performance.now() + waitMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    const { rows } = await connection.query<{ readonly locked: boolean }>(
      `SELECT pg_catalog.pg_try_advisory_lock(${key}) AS locked`,
    );
    if (rows[0]?.locked === true) return;
    if (performance.now() + pauseMs > end) throw locked(await holderOf(connection));
    await sleep(pauseMs, undefined, { signal }).catch(() => {
      throw new IntegrityError(
        "CANCELLED",
        "Stopped while waiting for another fix; nothing was touched.",
      );
    });
  }
}

/** Gives it back. Closing the session does so too, but a moment later. */
export async function releaseFixLock(connection: Connection): Promise<void> {
  if (connection.lost) return;
  await connection.query(`SELECT pg_catalog.pg_advisory_unlock(${key})`).catch(() => undefined);
}

async function holderOf(db: Queryable): Promise<Holder | undefined> {
  const { rows } =
    await db.query<Holder>(`SELECT a.pid, a.application_name AS application, a.usename::pg_catalog.text AS user,
    pg_catalog.host(a.client_addr) AS address, pg_catalog.to_char(a.backend_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
    FROM pg_catalog.pg_stat_activity a WHERE a.pid IN ${lockHolders}`);
  return rows[0];
}

function locked(holder: Holder | undefined): IntegrityError {
  if (!holder) {
    return new IntegrityError("LOCKED", "Another fix or undo ran until a moment ago.", {
      hint: "Run the command again.",
    });
  }
  const facts = [
    holder.application,
    holder.user && `user ${holder.user}`,
    holder.address && `from ${holder.address}`,
    holder.since && `since ${holder.since}`,
  ].filter(Boolean);
  return new IntegrityError(
    "LOCKED",
    `Another fix or undo runs in this database: process ${holder.pid} (${facts.join(", ")}).`,
    {
      hint: `Nothing was touched. Wait for it and run the command again. If it is known to be dead: SELECT pg_terminate_backend(${holder.pid});`,
    },
  );
}
