import type { Manifest } from "../archive/backup-manifest.ts";
import type { OpenedBackup } from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import { checkContents } from "../verify/check-contents.ts";
import type { WorkOptions } from "../workflow-options.ts";

/**
 * Reads everything that is to be restored of one store to its end, before what is there now is given up for it.
 *
 * @throws {BackupError} CORRUPT when anything of it is damaged; WRONG_KEY, CANCELLED, STORAGE_FAILED
 */
export async function refuseDamaged(
  backup: OpenedBackup,
  store: "postgres" | "firestore",
  options: WorkOptions,
): Promise<void> {
  const nothing = { postgres: null, firestore: null };
  const manifest: Manifest = { ...backup.manifest, ...nothing, [store]: backup.manifest[store] };
  const { findings } = await checkContents({ ...backup, manifest }, options);
  if (findings.length === 0) return;
  throw new BackupError(
    "CORRUPT",
    `The backup ${backup.record.id} is damaged, and nothing was changed: ${findings.slice(0, 3).join(" ")}`,
    {
      backup: backup.record.id,
      hint: "Restore an older backup. `ctb-data backup list` shows which are verified.",
    },
  );
}
