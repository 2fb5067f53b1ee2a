import { FirestoreError } from "@ctb-data/firestore";
import { IntegrityError } from "../integrity-error.ts";
import { rowsFailure } from "../rows/rows-failure.ts";

/** Runs the work of a check; what the stores throw is an {@link IntegrityError}. */
export async function asIntegrityErrors<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IntegrityError) throw error;
    if (signal?.aborted === true)
      throw new IntegrityError("CANCELLED", "The check was stopped.", { cause: signal.reason });
    if (error instanceof FirestoreError)
      throw new IntegrityError("FIRESTORE_FAILED", `Reading documents failed: ${error.message}`, {
        hint: error.hint,
        cause: error,
      });
    throw rowsFailure(error, { doing: "The check" });
  }
}
