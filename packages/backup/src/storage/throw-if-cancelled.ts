import { BackupError } from "../backup-error.ts";

/** @throws {BackupError} CANCELLED, with the signal's reason as its cause. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new BackupError("CANCELLED", "The work with the storage was cancelled.", {
      cause: signal.reason,
    });
  }
}
