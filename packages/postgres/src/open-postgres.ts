import type { Postgres, PostgresOptions } from "./postgres.ts";

/**
 * Opens a pool to one database and checks that it answers.
 *
 * @throws {PostgresError} INVALID_OPTIONS, CONNECTION_FAILED, AUTHENTICATION_FAILED, DATABASE_NOT_FOUND or TLS_FAILED.
 */
export async function openPostgres(options: PostgresOptions): Promise<Postgres> {
  throw new Error(`not yet: ${options.poolSize}`);
}
