import { FirestoreError } from "@ctb-data/firestore";
import { PostgresError } from "@ctb-data/postgres";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import { stopped } from "../runs/persistently.ts";

const again = "What was done stays done. Run it again, or retry the run: it goes on from there.";
const tooSlow =
  "The role allows its statements, or waiting for a lock, less time than a batch takes. Take fewer documents together (batch), or let an administrator run ALTER ROLE … SET statement_timeout (or lock_timeout) with more. Then run it again: it goes on where it was.";

/** What ended the stage, in words of this package. */
export function toMiddleError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof PipelineError) return error;
  if (signal?.aborted === true) return stopped(signal);
  if (!(error instanceof FirestoreError))
    return databaseError(error, "Documents could not be promoted", {
      hint: isTooSlow(error) ? tooSlow : again,
    });
  const { code, message, path, hint } = error;
  const isDenied = code === "PERMISSION_DENIED" || code === "AUTHENTICATION_FAILED";
  return new PipelineError(
    isDenied ? "DENIED" : "FIRESTORE_FAILED",
    `The intake documents could not be read or marked: ${message}`,
    { path, hint: isDenied ? hint : again, cause: error },
  );
}

/** `statement_timeout` and `lock_timeout`. */
function isTooSlow(error: unknown): boolean {
  return error instanceof PostgresError && error.code === "TIMEOUT" && error.sqlState !== undefined;
}
