import { PostgresError, type Connection } from "@ctb-data/postgres";

/**
 * Runs a statement of a file. What it returns is nobody's business: a value that the driver cannot read, because the
 * file has set a DateStyle of its own, does not make a failure of a statement that the server has done.
 */
export async function runStatement(
  connection: Connection,
  sql: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await connection.query(sql, [], signal ? { signal } : {});
  } catch (error) {
    if (!isUnreadableValue(error)) throw error;
  }
}

/** Every error of the server has an SQLSTATE, and every lost connection a code of its own. */
function isUnreadableValue(error: unknown): boolean {
  return (
    error instanceof PostgresError &&
    error.sqlState === undefined &&
    error.cause instanceof Error &&
    error.cause.name === "ModelError"
  );
}
