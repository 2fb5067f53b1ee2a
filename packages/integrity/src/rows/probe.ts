import { PostgresError, type Connection } from "@ctb-data/postgres";

/**
 * Whether the server understands a statement: it is planned and not run. The connection is in a transaction.
 *
 * @returns what the server says against it.
 * @throws {PostgresError} for anything that is not about the statement: a lost connection, a limit of time, a denied table.
 */
export async function probe(connection: Connection, sql: string): Promise<string | undefined> {
  await connection.query("SAVEPOINT ctb_probe");
  try {
    await connection.query(`EXPLAIN ${sql}`);
  } catch (error) {
    if (!isAboutStatement(error)) throw error;
    await connection.query("ROLLBACK TO SAVEPOINT ctb_probe; RELEASE SAVEPOINT ctb_probe");
    return error.message;
  }
  await connection.query("RELEASE SAVEPOINT ctb_probe");
  return undefined;
}

/** Syntax and names (but not rights), values that were computed while planning, and what the server does not do. */
function isAboutStatement(error: unknown): error is PostgresError {
  if (!(error instanceof PostgresError)) return false;
  const { sqlState = "" } = error;
  return sqlState !== "42501" && ["42", "22", "0A", "2B"].includes(sqlState.slice(0, 2));
}
