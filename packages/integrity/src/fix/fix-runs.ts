import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { Connection, Postgres, Queryable } from "@ctb-data/postgres";
import type { FixStrategy } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import { lockHolders } from "./fix-lock.ts";
import type { FixRun } from "./fix-options.ts";
import { hasFixTables, quarantineTable, runsTable } from "./fix-tables.ts";
import { toolVersion } from "./tool-version.ts";

interface RunRow {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly state: FixRun["state"];
  readonly strategy: FixStrategy;
  readonly rows: bigint;
  readonly documents: bigint;
  readonly kept: bigint;
}

const timeSql = (column: string): string =>
  `pg_catalog.to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A run that says it is at work is, when its session still holds the lock. */
const runSql = `SELECT r.id, ${timeSql("r.started_at")} AS "startedAt",
  ${timeSql("COALESCE(r.undone_at, r.finished_at)")} AS "finishedAt",
  CASE WHEN r.state IN ('running', 'undoing') AND r.backend NOT IN ${lockHolders} THEN 'interrupted' ELSE r.state END AS state,
  r.strategy, COALESCE(q.rows, 0) AS rows, COALESCE(q.documents, 0) AS documents, COALESCE(q.kept, 0) AS kept
FROM ${runsTable} r LEFT JOIN (SELECT run, count(*) FILTER (WHERE store = 'postgres') AS rows,
    count(*) FILTER (WHERE store = 'firestore') AS documents, count(*) FILTER (WHERE restored_at IS NULL) AS kept
  FROM ${quarantineTable} GROUP BY run) q ON q.run = r.id`;

/**
 * The runs of `fix` in a database, the newest first; none where it was never fixed.
 *
 * @throws {IntegrityError} UNKNOWN_FORMAT
 */
export async function listFixRuns(postgres: Postgres): Promise<readonly FixRun[]> {
  if (!(await hasFixTables(postgres))) return [];
  const { rows } = await postgres.query<RunRow>(`${runSql} ORDER BY r.started_at DESC, r.id DESC`);
  return rows.map(fixRun);
}

/** @throws {IntegrityError} NOT_FOUND, naming the latest ones. */
export async function findFixRun(db: Queryable, id: string): Promise<FixRun> {
  const there = await hasFixTables(db);
  const { rows } = there ? await db.query<RunRow>(`${runSql} WHERE r.id = $1`, [id]) : { rows: [] };
  if (rows[0]) return fixRun(rows[0]);
  const { rows: latest } = there
    ? await db.query<{ readonly id: string }>(
        `SELECT id FROM ${runsTable} ORDER BY started_at DESC, id DESC LIMIT 3`,
      )
    : { rows: [] };
  const names = latest.map((run) => run.id).join(", ");
  throw new IntegrityError("NOT_FOUND", `There is no run ${id} in this database.`, {
    run: id,
    hint: names === "" ? "Nothing was ever fixed here." : `The latest ones are ${names}.`,
  });
}

function fixRun(row: RunRow): FixRun {
  return {
    ...row,
    finishedAt: row.finishedAt ?? undefined,
    rows: Number(row.rows),
    documents: Number(row.documents),
    kept: Number(row.kept),
  };
}

/** `20261124T230102Z-3f9c` by the server's clock. */
async function newRunId(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ readonly now: string }>(
    `SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS now`,
  );
  return `${rows[0]?.now ?? ""}-${randomBytes(2).toString("hex")}`;
}

/** Writes a run that begins. Its id. */
export async function startRun(
  connection: Connection,
  { strategy, options }: { readonly strategy: FixStrategy; readonly options: object },
): Promise<string> {
  const id = await newRunId(connection);
  await connection.query(
    `INSERT INTO ${runsTable} (id, state, strategy, options, backend, run_by, tool_version)
    VALUES ($1, 'running', $2, $3, pg_catalog.pg_backend_pid(), $4, $5)`,
    [id, strategy, JSON.stringify(options), `${userName()}@${hostname()}`, toolVersion()],
  );
  return id;
}

/** Writes how a run, or the undo of one, goes on. */
export async function markRun(
  connection: Connection,
  id: string,
  {
    state,
    error,
  }: { readonly state: Exclude<FixRun["state"], "interrupted">; readonly error?: string },
): Promise<void> {
  const times: Readonly<Record<string, string>> = {
    done: "finished_at",
    failed: "finished_at",
    undoing: "undo_started_at",
    undone: "undone_at",
  };
  const time = times[state];
  await connection.query(
    `UPDATE ${runsTable} SET state = $2, error = $3, backend = pg_catalog.pg_backend_pid()${time === undefined ? "" : `, ${time} = pg_catalog.clock_timestamp()`} WHERE id = $1`,
    [id, state, error ?? null],
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id that has no name.
    return String(process.getuid?.() ?? "unknown");
  }
}
