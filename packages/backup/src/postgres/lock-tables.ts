import { setTimeout as sleep } from "node:timers/promises";
import {
  PostgresError,
  type Connection,
  type Postgres,
  holdConnection,
  type HeldConnection,
} from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";
import { listTables, type ListedTable } from "./list-tables.ts";
import { qualifiedName, someNames } from "./qualified-name.ts";
import type { ServerFacts } from "./server-facts.ts";
import { sessionSettings } from "./session-settings.ts";

export interface LockTablesOptions {
  readonly postgres: Postgres;
  readonly facts: ServerFacts;
  /** How many sessions besides the first. */
  readonly workers: number;
  readonly lockTimeoutMs: number;
  readonly lockTries: number;
  readonly signal: AbortSignal | undefined;
  /** Looks at the tables before anything is locked, and refuses. @throws {BackupError} */
  readonly check: (tables: readonly ListedTable[]) => void;
}

/** Sessions that all see the same snapshot, and hold the locks that keep it whole. */
export interface LockedSessions {
  readonly lead: HeldConnection;
  readonly workers: readonly HeldConnection[];
  readonly tables: readonly ListedTable[];
  /** Of `pg_export_snapshot()`: for other sessions, while the lead's transaction lasts. */
  readonly id: string;
}

const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const pauseMs = 500;

/**
 * Locks every table against TRUNCATE, ALTER and DROP, and takes one snapshot in several sessions.
 *
 * The locks come first: a snapshot does not protect from a table that is emptied or rewritten, and a transaction takes its
 * snapshot with its first query, not with LOCK TABLE. Every session locks for itself, before the snapshot: later its lock would
 * queue behind an ALTER that waits for the first session, and that one would never end. A try that has to wait gives up
 * everything before the server looks for deadlocks, so that it is never a migration that is chosen to die.
 *
 * @throws {BackupError} LOCK_TIMEOUT. @throws {PostgresError}
 */
export async function lockTables(options: LockTablesOptions): Promise<LockedSessions> {
  const { lockTries, signal } = options;
  let tables: readonly ListedTable[] = [];
  for (let attempt = 1; ; attempt++) {
    const held: HeldConnection[] = [];
    try {
      const lead = await hold(held, options);
      tables = await listTables(lead.connection, options.facts);
      options.check(tables);
      const locked = await tryToLock(held, tables, options);
      if (locked) return locked;
    } catch (error) {
      await releaseAll(held);
      throw error;
    }
    const blocked = await blockedTables(held, options);
    await releaseAll(held);
    if (attempt >= lockTries) throw lockTimeout(blocked, options);
    await sleep(pauseMs, undefined, { signal });
  }
}

async function hold(held: HeldConnection[], options: LockTablesOptions): Promise<HeldConnection> {
  const one = await holdConnection(options.postgres, options.signal);
  held.push(one);
  return one;
}

/** Undefined when a table is locked by others, or the tables are not those that were listed. */
async function tryToLock(
  held: HeldConnection[],
  listed: readonly ListedTable[],
  options: LockTablesOptions,
): Promise<LockedSessions | undefined> {
  const [lead] = held;
  if (!lead) return undefined;
  if (!(await lockIn(lead.connection, listed, options))) return undefined;
  for (let worker = 0; worker < options.workers; worker++) {
    const { connection } = await hold(held, options);
    if (!(await lockIn(connection, listed, options))) return undefined;
  }
  const { rows } = await lead.connection.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
  const id = rows[0]?.id ?? "";
  const tables = await listTables(lead.connection, options.facts);
  if (!isSame(listed, tables)) return undefined;
  const workers = held.slice(1);
  for (const { connection } of workers) {
    await connection.query(`SET TRANSACTION SNAPSHOT '${id}'`);
    await connection.query("SET LOCAL lock_timeout = 0");
  }
  await lead.connection.query("SET LOCAL lock_timeout = 0");
  return { lead, workers, tables, id };
}

/** Begins, and locks. False when that has to wait, or something is gone. */
async function lockIn(
  connection: Connection,
  tables: readonly ListedTable[],
  { facts, lockTimeoutMs, signal }: LockTablesOptions,
): Promise<boolean> {
  await connection.query(
    `${begin}; ${sessionSettings(facts.versionNumber)} SET LOCAL lock_timeout = ${lockTimeoutMs}`,
  );
  const names = tables.filter(canBeLocked).map((table) => `ONLY ${qualifiedName(table)}`);
  if (names.length === 0) return true;
  try {
    await connection.query(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`, [], {
      ...(signal && { signal }),
    });
    return true;
  } catch (error) {
    if (error instanceof PostgresError && passes.has(error.sqlState ?? "")) return false;
    throw error;
  }
}

/** A lock that was not free in time, a deadlock, a table or schema that is gone. */
const passes: ReadonlySet<string> = new Set(["55P03", "40P01", "42P01", "3F000"]);

/** A parent of partitions has no rows; that it stays what it is matters, but not whether it may be read. */
function canBeLocked(table: ListedTable): boolean {
  return table.kind !== "f" && table.readable;
}

/** A table that was made between the list and the snapshot is not locked. */
function isSame(before: readonly ListedTable[], after: readonly ListedTable[]): boolean {
  const known = new Set(before.map((table) => `${table.oid} ${qualifiedName(table)}`));
  return (
    before.length === after.length &&
    after.every((table) => known.has(`${table.oid} ${qualifiedName(table)}`))
  );
}

interface BlockedTable {
  readonly table: string;
  readonly holder: string;
}

/** Which tables others hold, or wait for, in a way that keeps us out. Asked while we are still waiting to be let go. */
async function blockedTables(
  held: readonly HeldConnection[],
  { postgres, signal }: LockTablesOptions,
): Promise<readonly BlockedTable[]> {
  const ours = held.map(({ connection }) => connection.processId);
  const { rows } = await postgres.query<BlockedTable>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS "table", CASE WHEN l.pid IS NULL
        THEN 'a prepared transaction (pg_prepared_xacts), which no process holds'
      ELSE format('process %s%s, in a transaction since %s', l.pid, ' (' || nullif(a.application_name, '') || ')',
        to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS" UTC"')) END AS holder
      FROM pg_catalog.pg_locks AS l
      JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
      WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND (l.pid IS NULL OR NOT l.pid = ANY ($1::int[]))
      ORDER BY l.granted DESC, 1`,
    [ours],
    { ...(signal && { signal }) },
  );
  return rows;
}

function lockTimeout(
  blocked: readonly BlockedTable[],
  { lockTries }: LockTablesOptions,
): BackupError {
  const [first] = blocked;
  const names = someNames([...new Set(blocked.map(({ table }) => table))]);
  if (!first)
    return new BackupError(
      "LOCK_TIMEOUT",
      `The tables changed under every one of ${lockTries} tries to lock them.`,
      { hint: "Run the backup when no migration runs." },
    );
  return new BackupError(
    "LOCK_TIMEOUT",
    `${names} stayed locked through ${lockTries} tries, by ${first.holder}.`,
    {
      table: first.table,
      hint: "Wait for that transaction, or end it with pg_terminate_backend (a prepared one with ROLLBACK PREPARED or COMMIT PREPARED); or raise the number of tries.",
    },
  );
}

async function releaseAll(held: readonly HeldConnection[]): Promise<void> {
  await Promise.all(held.map(async (one) => await one.release()));
}
