import { PostgresError } from "@ctb-data/postgres";
import { BackupError, type BackupErrorDetails } from "../backup-error.ts";

/** What was being done, for the message: `Reading public.users`. */
export interface FailedWork extends BackupErrorDetails {
  readonly doing: string;
}

/** The error of a database, as this package's. A `BackupError`, and what is no error of the database, stay what they are. */
export function databaseFailure(error: unknown, work: FailedWork): unknown {
  if (!(error instanceof PostgresError)) return error;
  const { doing, hint = error.hint, ...place } = work;
  const details = { ...place, hint, cause: error };
  if (error.code === "CANCELLED")
    return new BackupError("CANCELLED", `${doing} was stopped.`, details);
  return new BackupError("DATABASE_FAILED", `${doing} failed: ${error.message}`, details);
}

/** Runs `fn`; its errors come as {@link databaseFailure} makes them. */
export async function asDatabaseWork<T>(work: FailedWork, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw databaseFailure(error, work);
  }
}
