import { PostgresError, type Queryable } from "@ctb-data/postgres";
import { historyFailed, historyTable, type RecordedState } from "./history-table.ts";
import { lockHolderSql, migrationLock } from "./migration-lock.ts";
import type { Direction, LockHolder } from "./run-options.ts";

/** The newest row of one version. */
export interface HistoryEntry {
  readonly run: string;
  readonly version: number;
  readonly name: string;
  readonly direction: Direction;
  readonly state: RecordedState;
  readonly transactional: boolean;
  readonly checksum: string | null;
  readonly tokenChecksum: string | null;
  readonly done: number;
  readonly total: number | null;
  readonly statementChecksums: readonly string[];
  /** What the statement behind `done` may have left, invalid. */
  readonly build: RecordedBuild | undefined;
  readonly error: string | null;
  readonly sqlState: string | null;
  readonly line: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly by: string;
  readonly toolVersion: string;
  readonly forced: readonly string[];
}

/** As {@link import("./history-table.ts").BuildSql}, read back. */
export interface RecordedBuild {
  /** OIDs, separated by commas. */
  readonly before: string;
  readonly table: string;
  readonly index: string | null;
}

export interface History {
  /** False when the table does not exist yet. */
  readonly initialised: boolean;
  /** By version, ascending. */
  readonly entries: ReadonlyMap<number, HistoryEntry>;
}

/** How the server hands out a row: only types that every driver reads the same way. */
interface RawRow {
  readonly run: string | null;
  readonly version: string;
  readonly name: string;
  readonly direction: Direction;
  readonly state: RecordedState;
  readonly transactional: boolean;
  readonly checksum: string | null;
  readonly tokenChecksum: string | null;
  readonly done: number;
  readonly total: number | null;
  readonly statementChecksums: string;
  readonly buildTable: string | null;
  readonly buildIndex: string | null;
  readonly indexesBefore: string | null;
  readonly error: string | null;
  readonly sqlState: string | null;
  readonly line: number | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly by: string;
  readonly toolVersion: string;
  readonly forced: string;
}

const iso = (column: string): string =>
  `pg_catalog.to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const newestSql = `SELECT DISTINCT ON (version) run::text, version::text, name, direction, state, transactional, checksum,
  token_checksum AS "tokenChecksum", done, total,
  pg_catalog.array_to_string(statement_checksums, ',') AS "statementChecksums",
  build_table::text AS "buildTable", build_index AS "buildIndex",
  pg_catalog.array_to_string(indexes_before, ',') AS "indexesBefore",
  error, sqlstate AS "sqlState", line, ${iso("started_at")} AS "startedAt", ${iso("finished_at")} AS "finishedAt",
  pg_catalog.round(EXTRACT(epoch FROM finished_at - started_at) * 1000)::float8 AS "durationMs",
  applied_by AS "by", tool_version AS "toolVersion", pg_catalog.array_to_string(forced, ',') AS forced
FROM ${historyTable} ORDER BY version, id DESC`;

/**
 * Reads the newest state of every version, in one round trip.
 *
 * @throws {MigrationError} HISTORY_FAILED
 */
export async function readHistory(db: Queryable): Promise<History> {
  const rows = await readOrUndefined(async () => (await db.query<RawRow>(newestSql)).rows);
  return historyOf(rows);
}

/** {@link readHistory}, and who holds the lock. */
export async function readHistoryAndLock(
  db: Queryable,
): Promise<History & { readonly lock: LockHolder | undefined }> {
  type Row = RawRow & { readonly lock: string | null };
  const sql = `SELECT h.*, (SELECT pg_catalog.row_to_json(holder)::text FROM (${lockHolderSql}) AS holder LIMIT 1) AS lock
FROM (SELECT 1) AS one LEFT JOIN (${newestSql}) AS h ON true`;
  const rows = await readOrUndefined(async () => (await db.query<Row>(sql)).rows);
  const lock = rows === undefined || rows[0]?.lock ? await migrationLock(db) : undefined;
  return { ...historyOf(rows), lock };
}

async function readOrUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof PostgresError) || error.sqlState === undefined) throw error;
    if (error.sqlState === "42P01" || error.sqlState === "3F000") return undefined;
    throw historyFailed("read", error);
  }
}

function historyOf(rows: readonly RawRow[] | undefined): History {
  const entries = (rows ?? []).flatMap((row) => (row.run === null ? [] : [entryOf(row, row.run)]));
  return {
    initialised: rows !== undefined,
    entries: new Map(
      entries.toSorted((a, b) => a.version - b.version).map((entry) => [entry.version, entry]),
    ),
  };
}

function entryOf(row: RawRow, run: string): HistoryEntry {
  const { buildTable, buildIndex, indexesBefore, statementChecksums, forced, ...rest } = row;
  return {
    ...rest,
    run,
    version: Number(row.version),
    statementChecksums: listOf(statementChecksums),
    forced: listOf(forced),
    build:
      buildTable === null || indexesBefore === null
        ? undefined
        : { before: indexesBefore, table: buildTable, index: buildIndex },
  };
}

function listOf(joined: string): readonly string[] {
  return joined === "" ? [] : joined.split(",");
}

/** Whether the schema has it, as far as the history knows. */
export function isApplied(entry: HistoryEntry | undefined): boolean {
  return entry !== undefined && ["applied", "baselined", "repaired"].includes(entry.state);
}

/** Whether a file without a transaction stopped in its middle, on its way up or down. */
export function isUnfinished(entry: HistoryEntry | undefined): boolean {
  return (
    entry !== undefined &&
    !entry.transactional &&
    (entry.state === "running" || entry.state === "failed")
  );
}
