import { FirestoreError } from "@ctb-data/firestore";
import { BackupError, type BackupErrorDetails } from "../backup-error.ts";

/** Whatever Firestore threw, as an error of this package. Anything else is given back as it is. */
export function toBackupError(error: unknown): unknown {
  if (!(error instanceof FirestoreError)) return error;
  const details: BackupErrorDetails = { cause: error, hint: error.hint, path: error.path };
  const { code, message } = error;
  if (code === "READ_TIME_UNAVAILABLE")
    return new BackupError(
      "READ_TIME_EXPIRED",
      `Firestore does not keep what was there at the read time any more: ${message}`,
      {
        ...details,
        hint: "It keeps one hour. Switch on point-in-time recovery, with which a whole minute of the last seven days can be read, or use more jobs.",
      },
    );
  const same = code === "CANCELLED" || code === "INVALID_OPTIONS";
  return new BackupError(same ? code : "FIRESTORE_FAILED", message, details);
}

/** Does something, and throws errors of this package only. */
export async function withBackupErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toBackupError(error);
  }
}
