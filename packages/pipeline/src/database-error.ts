import { PostgresError, type PostgresErrorCode } from "@ctb-data/postgres";
import { PipelineError, type PipelineErrorDetails } from "./pipeline-error.ts";

const passing: ReadonlySet<PostgresErrorCode> = new Set([
  "CONNECTION_FAILED",
  "CONNECTION_LOST",
  "COMMIT_UNKNOWN",
  "POOL_EXHAUSTED",
  "SERIALIZATION_FAILED",
  "RESOURCES_EXHAUSTED",
  "TIMEOUT",
]);

/** Whether PostgreSQL is likely to do the same after a pause; also when the error is only the cause of another one. */
export function isPassing(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1)
    if (at instanceof PostgresError) return passing.has(at.code);
  return false;
}

/** An error of PostgreSQL as this package's. Any other error is given back as it is. */
export function databaseError(
  error: unknown,
  what: string,
  details: PipelineErrorDetails = {},
): unknown {
  if (!(error instanceof PostgresError)) return error;
  if (error.code === "CANCELLED")
    return new PipelineError("CANCELLED", `${what}: it was stopped.`, { ...details, cause: error });
  // 25006: a standby, or a role with default_transaction_read_only.
  const denied = error.code === "PERMISSION_DENIED" || error.sqlState === "25006";
  return new PipelineError(
    denied ? "DENIED" : "DATABASE_FAILED",
    `${what}: ${error.message}`,
    denied
      ? {
          ...details,
          cause: error,
          hint: "A run writes the tables of runs and those of the schema ctb_data. Use a role that may, on a server that can be written; an administrator can GRANT them.",
        }
      : { ...details, cause: error, hint: details.hint ?? error.hint },
  );
}
