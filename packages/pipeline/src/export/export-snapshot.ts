import {
  PostgresError,
  setLocal,
  textSettings,
  type Connection,
  type LocalSetting,
  type Postgres,
} from "@ctb-data/postgres";
import { exportFailure } from "./export-failure.ts";

/**
 * What the text of values depends on; `row_security = off` makes a policy an error instead of fewer rows; the transaction may wait for a
 * slow disk.
 */
const settings: readonly LocalSetting[] = [
  ...textSettings,
  ["row_security", "off"],
  ["search_path", "''"],
  ["array_nulls", "on"],
  ["synchronize_seqscans", "off"],
  ["idle_in_transaction_session_timeout", "0"],
  ["transaction_timeout", "0", 170_000],
];

/** At most 64 MiB: a sort that goes to the disk in parts is slower. */
const workMemory = `SELECT pg_catalog.set_config('work_mem', greatest(
  pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')),
  least(67108864, pg_catalog.pg_size_bytes(pg_catalog.current_setting('effective_cache_size')) / 64)) / 1024 || 'kB', true)`;

export interface SessionOptions {
  /** What is done, for messages: `Reading the rows`. */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives `fn` a session of its own in one transaction with pinned settings: `read` sees the database as it was at one moment
 * (REPEATABLE READ READ ONLY, also on a replica), `write` is READ COMMITTED. It is committed when `fn` returns, and rolled back when
 * it throws.
 *
 * @throws {PipelineError} DENIED, DATABASE_FAILED, CANCELLED, … What `fn` throws that is not PostgreSQL's comes as it is.
 */
export async function inSession<T>(
  postgres: Postgres,
  mode: "read" | "write",
  options: SessionOptions & { readonly fn: (connection: Connection) => Promise<T> },
): Promise<T> {
  const { signal, doing, fn } = options;
  try {
    return await postgres.withConnection(
      async (connection) => {
        const version = await versionOf(connection);
        await connection.query(
          `BEGIN ${modes[mode]}; ${setLocal(settings, version)} ${workMemory}`,
        );
        const result = await fn(connection);
        await commit(connection);
        return result;
      },
      { destroy: true, ...(signal && { signal }) },
    );
  } catch (error) {
    throw exportFailure(error, { doing, signal });
  }
}

const modes = {
  read: "ISOLATION LEVEL REPEATABLE READ READ ONLY",
  write: "ISOLATION LEVEL READ COMMITTED READ WRITE",
} as const;

async function versionOf(connection: Connection): Promise<number> {
  const { rows } = await connection.query<{ version: number }>(
    "SELECT pg_catalog.current_setting('server_version_num')::int AS version",
  );
  return rows[0]?.version ?? 0;
}

/** A COMMIT of a failed transaction is answered with ROLLBACK, which is no error of the server's. */
async function commit(connection: Connection): Promise<void> {
  const { command } = await connection.query("COMMIT");
  if (command !== "COMMIT")
    throw new PostgresError("TRANSACTION_ABORTED", "The transaction was rolled back.");
}
