import { toPostgresError } from "./classify-error.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Health } from "./postgres.ts";

const sql = `
  SELECT pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_database() AS database,
    current_user AS "user",
    NOT pg_catalog.pg_is_in_recovery() AND NOT pg_catalog.current_setting('transaction_read_only')::bool AS writable`;

/** Asks the server once, without tries and waits of its own. */
export async function checkHealth(
  pool: ConnectionPool,
  { timeoutMs = 5000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
): Promise<Health> {
  const start = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const limit = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const { description } = pool;
  try {
    const session = await pool.acquire({ retries: 0, signal: limit });
    try {
      const { rows } = await session.run({ text: sql }, { signal: limit });
      const latencyMs = performance.now() - start;
      const { version, database, user, writable } = rows[0];
      return {
        ok: true,
        description,
        latencyMs,
        version: String(version).split(" ")[0] ?? "",
        database,
        user,
        writable,
        encrypted: "encrypted" in session.client.connection.stream,
        pool: pool.state,
      };
    } finally {
      session.release();
    }
  } catch (error) {
    const { code, message, hint } = toPostgresError(error, { description });
    const latencyMs = performance.now() - start;
    return {
      ok: false,
      description,
      latencyMs,
      error: { code, message, ...(hint !== undefined && { hint }) },
    };
  }
}
