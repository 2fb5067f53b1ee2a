import { openBackup, type OpenedBackup } from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import { restoreFirestore } from "../firestore/restore-firestore.ts";
import { refuseDamaged } from "./refuse-damaged.ts";
import type { RestoreBackupOptions, RestoreReport } from "./restore-options.ts";
import { endPostgresRestore, restorePostgres } from "./restore-postgres.ts";

/**
 * Restores a backup, or a part of it, into the stores that are given: first the rows, then the documents. What is damaged is never
 * restored: a part that cannot be read to its end leaves nothing behind.
 *
 * A restore that was stopped or killed is run again with the same options: it ends with what a restore in one go ends with.
 *
 * @throws {BackupError} NOT_FOUND, BAD_SIGNATURE, CORRUPT, WRONG_KEY, NOT_EMPTY, LOCKED, REFUSED, INVALID_OPTIONS, DATABASE_FAILED,
 * FIRESTORE_FAILED, CANCELLED
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<RestoreReport> {
  const { storage, id, postgres, firestore, tables, collection } = options;
  if (postgres === undefined && firestore === undefined) {
    throw new BackupError("INVALID_OPTIONS", "No store was given to restore into.", {
      hint: "Give postgres, firestore, or both.",
    });
  }
  const backup = await openBackup(storage, id, options);
  // A single collection is no wish for rows, and the other way round.
  const wantsRows = postgres !== undefined && (collection === undefined || tables !== undefined);
  const wantsDocuments =
    firestore !== undefined && (tables === undefined || collection !== undefined);
  checkHolds(backup, { wantsRows, wantsDocuments });
  // Documents come after the rows, and rows that were replaced are gone by then.
  if (wantsRows && wantsDocuments && (options.mode ?? "empty") !== "empty")
    await refuseDamaged(backup, "firestore", options);
  const rows = wantsRows ? await restorePostgres(backup, { ...options, postgres }) : null;
  const documents = wantsDocuments
    ? await restoreDocuments(backup, { ...options, firestore })
    : null;
  if (wantsRows) await endPostgresRestore(postgres);
  return { id, postgres: rows, firestore: documents };
}

function checkHolds(
  { manifest, record }: OpenedBackup,
  { wantsRows, wantsDocuments }: { readonly wantsRows: boolean; readonly wantsDocuments: boolean },
): void {
  for (const [wants, store, name] of [
    [wantsRows, manifest.postgres, "PostgreSQL"],
    [wantsDocuments, manifest.firestore, "Firestore"],
  ] as const) {
    if (!wants || store !== null) continue;
    throw new BackupError("NOT_FOUND", `The backup ${record.id} has nothing of ${name}.`, {
      backup: record.id,
      hint: `Restore without ${name}, or choose a backup that has both.`,
    });
  }
}

async function restoreDocuments(
  { manifest, parts }: OpenedBackup,
  options: RestoreBackupOptions & {
    readonly firestore: NonNullable<RestoreBackupOptions["firestore"]>;
  },
): Promise<RestoreReport["firestore"]> {
  const { firestore, mode = "empty", collection, ramp, onProgress, signal } = options;
  if (manifest.firestore === null) return null;
  onProgress?.({ kind: "step", step: "documents" });
  return await restoreFirestore({
    firestore,
    manifest: manifest.firestore,
    parts,
    mode,
    resume: mode === "empty",
    ...(collection === undefined ? {} : { collection }),
    ...(ramp === undefined ? {} : { ramp }),
    onProgress,
    signal,
  });
}
