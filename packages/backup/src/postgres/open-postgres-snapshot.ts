import { isPooledHost, type Postgres } from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";
import type { PartSink } from "../part/part.ts";
import type { OnBackupProgress } from "../progress.ts";
import { checkTables } from "./check-tables.ts";
import { asDatabaseWork } from "./database-failure.ts";
import { listSequences } from "./dump-sequences.ts";
import { lockTables, type LockedSessions } from "./lock-tables.ts";
import { LockedSnapshot } from "./locked-snapshot.ts";
import type { PostgresSnapshot } from "./postgres-snapshot.ts";
import { readServerFacts, type ServerFacts } from "./server-facts.ts";
import { readSnapshotFacts } from "./snapshot-facts.ts";

export type { PostgresSnapshot } from "./postgres-snapshot.ts";

export interface PostgresSnapshotOptions {
  /** Its pool must have at least 3 connections; two more than jobs, or there are fewer jobs. */
  readonly postgres: Postgres;
  /** Where the rows go. */
  readonly parts: PartSink;
  /** Sessions that read at once, besides the one that holds the snapshot. Fewer when the server has too few locks. Default 2. */
  readonly jobs?: number;
  /** Tables larger than this, with TOAST, are cut into parts of about this size, bytes. Default 256 MiB. */
  readonly splitBytes?: number;
  /** How long one try waits for a lock. Default: 0.8 of the server's `deadlock_timeout`, so that no migration is ended for us. */
  readonly lockTimeoutMs?: number;
  /** How often the locks are tried, half a second apart. Default 60. */
  readonly lockTries?: number;
  readonly onProgress?: OnBackupProgress | undefined;
  /** Ends the whole snapshot. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Locks every table against TRUNCATE, ALTER and DROP (reading and writing goes on), and takes a snapshot of the database that
 * several sessions share.
 *
 * @throws {BackupError} POOLED_HOST for a transaction pooler; LOCK_TIMEOUT when a table stays locked by others; DATABASE_FAILED
 * for a table that may not be read, or that policies hide rows of; INVALID_OPTIONS, CANCELLED.
 */
export async function openPostgresSnapshot(
  options: PostgresSnapshotOptions,
): Promise<PostgresSnapshot> {
  const { postgres, signal } = options;
  const { jobs = 2, splitBytes = 256 * 2 ** 20, lockTries = 60 } = options;
  checkNumbers({ jobs, splitBytes, lockTries });
  refusePooler(postgres);
  try {
    return await take(options, { jobs, splitBytes, lockTries });
  } catch (error) {
    if (signal?.aborted !== true || error instanceof BackupError) throw error;
    throw new BackupError("CANCELLED", "The backup was stopped.", { cause: signal.reason });
  }
}

async function take(
  options: PostgresSnapshotOptions,
  { jobs, splitBytes, lockTries }: Readonly<Record<"jobs" | "splitBytes" | "lockTries", number>>,
): Promise<PostgresSnapshot> {
  const { postgres, signal } = options;
  return await asDatabaseWork({ doing: "Taking the snapshot" }, async () => {
    const server = await postgres.withConnection(readServerFacts);
    const lockTimeoutMs = options.lockTimeoutMs ?? Math.ceil(server.deadlockTimeoutMs * 0.8);
    const workers = await workersFor(jobs, postgres, server);
    const sessions = await lockTables({
      postgres,
      facts: server,
      workers,
      lockTimeoutMs,
      lockTries,
      signal,
      check: checkTables,
    });
    return await openOn(sessions, { ...options, jobs: workers, splitBytes, server });
  });
}

async function openOn(
  sessions: LockedSessions,
  options: PostgresSnapshotOptions & {
    readonly jobs: number;
    readonly splitBytes: number;
    readonly server: ServerFacts;
  },
): Promise<PostgresSnapshot> {
  const { connection } = sessions.lead;
  try {
    const facts = await readSnapshotFacts(connection, sessions.tables, options.server);
    const sequences = await listSequences(connection);
    checkTables([], sequences);
    return new LockedSnapshot({ ...options, sessions, facts, sequences });
  } catch (error) {
    await Promise.all(
      [sessions.lead, ...sessions.workers].map(async (held) => await held.release()),
    );
    throw error;
  }
}

/** Every session holds a lock on every table, and others need some, too; every one is a connection of the pool. */
async function workersFor(jobs: number, postgres: Postgres, facts: ServerFacts): Promise<number> {
  const { rows } = await postgres.query<{ tables: number }>(
    "SELECT count(*)::int AS tables FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p')",
  );
  const { pool } = await postgres.health().then((health) => (health.ok ? health : noPool));
  if (pool.size < 3) {
    throw new BackupError("INVALID_OPTIONS", "A snapshot needs a pool of at least 3 connections.", {
      hint: "Raise poolSize (DATABASE_POOL_SIZE).",
    });
  }
  const byLocks = Math.floor(facts.lockSlots / 2 / Math.max(1, rows[0]?.tables ?? 1)) - 1;
  return Math.max(1, Math.min(jobs, byLocks, pool.size - 2));
}

/** A server that does not answer says so itself, with the next query. */
const noPool = { pool: { size: Number.MAX_SAFE_INTEGER } };

function refusePooler({ description }: Postgres): void {
  const { pooled, directHost } = isPooledHost(`postgres://${description}`);
  if (!pooled) return;
  throw new BackupError(
    "POOLED_HOST",
    `${description} is a transaction pooler: its sessions have no snapshot that lasts.`,
    { hint: `Use the host ${directHost}, which reaches PostgreSQL itself.` },
  );
}

function checkNumbers(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new BackupError("INVALID_OPTIONS", `${name} is not a whole number from 1.`);
  }
}
