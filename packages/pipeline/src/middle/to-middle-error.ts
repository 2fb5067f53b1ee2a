import { FirestoreError } from "@ctb-data/firestore";
import { PipelineError } from "../pipeline-error.ts";
import { databaseError } from "../runs/database-error.ts";
import { stopped } from "../runs/persistently.ts";

const again = "What was done stays done. Run it again, or retry the run: it goes on from there.";

/** What ended the stage, in words of this package. */
export function toMiddleError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof PipelineError) return error;
  if (signal?.aborted === true) return stopped(signal);
  if (!(error instanceof FirestoreError))
    return databaseError(error, "Documents could not be promoted", { hint: again });
  const { code, message, path, hint } = error;
  const isDenied = code === "PERMISSION_DENIED" || code === "AUTHENTICATION_FAILED";
  return new PipelineError(
    isDenied ? "DENIED" : "FIRESTORE_FAILED",
    `The intake documents could not be read or marked: ${message}`,
    { path, hint: isDenied ? hint : again, cause: error },
  );
}
