import type { Connection } from "@ctb-data/postgres";

/** What decides how a server is spoken to. */
export interface ServerFacts {
  readonly database: string;
  /** `18.4` */
  readonly version: string;
  /** `180004` */
  readonly versionNumber: number;
  readonly encoding: string;
  readonly blockBytes: number;
  /** How long a session waits before it looks for deadlocks. */
  readonly deadlockTimeoutMs: number;
  /** How many locks all sessions together can hold. */
  readonly lockSlots: number;
}

/** @throws {PostgresError} */
export async function readServerFacts(connection: Connection): Promise<ServerFacts> {
  const { rows } = await connection.query<ServerFacts>(`SELECT current_database() AS database,
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS "versionNumber",
    pg_encoding_to_char(encoding) AS encoding,
    current_setting('block_size')::int AS "blockBytes",
    (SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout') AS "deadlockTimeoutMs",
    current_setting('max_locks_per_transaction')::int
      * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS "lockSlots"
    FROM pg_database WHERE datname = current_database()`);
  const [facts] = rows;
  if (!facts) throw new Error("pg_database has no row of this database");
  return { ...facts, version: facts.version.split(" ")[0] ?? facts.version };
}
