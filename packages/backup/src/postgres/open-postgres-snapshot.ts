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
  /** Its pool must have two connections more than there are jobs. */
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

/** Every session holds a lock on every table; others need some, too. */
async function workersFor(jobs: number, postgres: Postgres, facts: ServerFacts): Promise<number> {
  const { rows } = await postgres.query<{ tables: number }>(
    "SELECT count(*)::int AS tables FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p')",
  );
  const perSession = Math.max(1, rows[0]?.tables ?? 1);
  return Math.max(1, Math.min(jobs, Math.floor(facts.lockSlots / 2 / perSession) - 1));
}

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
