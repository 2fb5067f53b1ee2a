import { PostgresError } from "@ctb-data/postgres";
import { MigrationError, type MigrationErrorCode } from "./migration-error.ts";

/** Runs the body of a public function: what it throws is a {@link MigrationError}, unless it is a defect of this package. */
export async function asMigrationErrors<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    throw new MigrationError(codeOf(error), error.message, {
      cause: error,
      hint: error.hint ?? "See the message of the server, and run the command again.",
      sqlState: error.sqlState,
    });
  }
}

function codeOf({ code }: PostgresError): MigrationErrorCode {
  return code === "CONNECTION_LOST" || code === "CANCELLED" ? code : "DATABASE_FAILED";
}
