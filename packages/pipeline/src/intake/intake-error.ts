import { FirestoreError } from "@ctb-data/firestore";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";

const again = "Take the file in again: what was taken in is not taken in twice.";

/** What ended an intake, in words of this package. */
export function toIntakeError(
  error: unknown,
  file: string,
  signal: AbortSignal | undefined,
): unknown {
  if (error instanceof PipelineError) return error;
  if (signal?.aborted === true) return stopped(file, signal.reason);
  if (!(error instanceof FirestoreError))
    return databaseError(error, "The keys of the file could not be compared", { hint: again });
  const { code, message, path, hint } = error;
  const isDenied = code === "PERMISSION_DENIED" || code === "AUTHENTICATION_FAILED";
  return new PipelineError(
    isDenied ? "DENIED" : "FIRESTORE_FAILED",
    `The documents of ${file} could not be written: ${message}`,
    { file, path, hint: isDenied ? hint : again, cause: error },
  );
}

function stopped(file: string, reason: unknown): PipelineError {
  if (reason instanceof PipelineError) return reason;
  return new PipelineError("CANCELLED", `Taking in ${file} was stopped.`, {
    file,
    hint: again,
    cause: reason,
  });
}
