import {
  isPooledHost,
  PostgresError,
  quoteIdentifier,
  type Connection,
  type Postgres,
  holdConnection,
  type HeldConnection,
} from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { asRowsWork } from "./rows-failure.ts";
import { snapshotSettings } from "./snapshot-settings.ts";

export interface SnapshotOptions {
  /** How many sessions. Default 4; never more than the pool has but one, and one where the server exports no snapshot. */
  readonly connections?: number | undefined;
  /** The server cancels any statement after this time; 0 for never. Default: what the session has. */
  readonly statementTimeoutMs?: number | undefined;
  /** Where names are looked for first. Default: the schema of the registry that the database was opened with, or none. */
  readonly schema?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sessions that all see the database as it was at one moment, in transactions that cannot write. */
export interface Snapshot {
  /** When it was taken, by the server's clock: ISO 8601 in UTC. */
  readonly takenAt: string;
  /** At least one. */
  readonly connections: readonly Connection[];
}

/**
 * Gives `fn` one snapshot in several sessions: REPEATABLE READ READ ONLY, with texts of values that do not depend on the session,
 * `row_security = off` (a policy is an error, not fewer rows) and plans that read tables and not their indexes, which may be
 * corrupt. The sessions are closed when `fn` has ended. Works on a read replica.
 *
 * @throws {IntegrityError} POOLED_HOST for a transaction pooler; INVALID_OPTIONS; CANCELLED; DATABASE_FAILED.
 */
export async function withSnapshot<T>(
  postgres: Postgres,
  options: SnapshotOptions,
  fn: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  checkOptions(options);
  refusePooler(postgres);
  const held: HeldConnection[] = [];
  try {
    const work = { doing: "Taking the snapshot" };
    const takenAt = await asRowsWork(work, async () => await openSessions(held, postgres, options));
    return await fn({ takenAt, connections: held.map(({ connection }) => connection) });
  } catch (error) {
    if (options.signal?.aborted !== true || error instanceof IntegrityError) throw error;
    throw new IntegrityError("CANCELLED", "The check was stopped.", { cause: options.signal.reason }); // prettier-ignore
  } finally {
    await Promise.all(held.map(async (one) => await one.release()));
  }
}

/** Fills `held`. @returns when the snapshot was taken. */
async function openSessions(
  held: HeldConnection[],
  postgres: Postgres,
  options: SnapshotOptions,
): Promise<string> {
  const { signal } = options;
  const wanted = await sessionsFor(postgres, options.connections ?? 4);
  const lead = await holdConnection(postgres, signal);
  held.push(lead);
  const settings = settingsFor(await versionOf(lead.connection), postgres, options);
  const { takenAt, id } = await leadSnapshot(lead.connection, settings, wanted > 1);
  const others = id === undefined ? 0 : wanted - 1;
  for (let number = 0; number < others; number += 1) {
    const one = await holdConnection(postgres, signal);
    held.push(one);
    await one.connection.query(`${begin}; SET TRANSACTION SNAPSHOT '${id}'`);
    await one.connection.query(settings);
  }
  return takenAt;
}

const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** Without `id` where the server exports no snapshot, as one that only speaks PostgreSQL's protocol. */
async function leadSnapshot(
  connection: Connection,
  settings: string,
  share: boolean,
): Promise<{ readonly takenAt: string; readonly id?: string | undefined }> {
  await connection.query(`${begin}; ${settings}`);
  const shared = share ? ", pg_catalog.pg_export_snapshot() AS id" : "";
  try {
    const { rows } = await connection.query<{ takenAt: string; id?: string }>(
      `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "takenAt"${shared}`,
    );
    return { takenAt: rows[0]?.takenAt ?? "", id: rows[0]?.id };
  } catch (error) {
    if (!share || !(error instanceof PostgresError) || connection.lost) throw error;
    await connection.query("ROLLBACK");
    return await leadSnapshot(connection, settings, false);
  }
}

async function versionOf(connection: Connection): Promise<number> {
  const { rows } = await connection.query<{ version: number }>(
    "SELECT pg_catalog.current_setting('server_version_num')::int AS version",
  );
  return rows[0]?.version ?? 0;
}

function settingsFor(version: number, postgres: Postgres, options: SnapshotOptions): string {
  const schema = options.schema ?? postgres.registry?.schema;
  return snapshotSettings({
    version,
    statementTimeoutMs: options.statementTimeoutMs,
    schema: schema === undefined ? undefined : quoteIdentifier(schema),
  });
}

async function sessionsFor(postgres: Postgres, wanted: number): Promise<number> {
  const health = await postgres.health();
  return health.ok ? Math.max(1, Math.min(wanted, health.pool.size - 1)) : 1;
}

function refusePooler({ description }: Postgres): void {
  const { pooled, directHost } = isPooledHost(`postgres://${description}`);
  if (!pooled) return;
  throw new IntegrityError(
    "POOLED_HOST",
    `${description} is a transaction pooler: its sessions have no snapshot that lasts.`,
    { hint: `Use the host ${directHost}, which reaches PostgreSQL itself.` },
  );
}

function checkOptions({ connections = 1, statementTimeoutMs = 0 }: SnapshotOptions): void {
  if (!isWhole(connections, 1))
    throw new IntegrityError("INVALID_OPTIONS", "connections is not a whole number from 1.");
  if (!isWhole(statementTimeoutMs, 0))
    throw new IntegrityError("INVALID_OPTIONS", "statementTimeoutMs is not a whole number from 0.");
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1;
}
