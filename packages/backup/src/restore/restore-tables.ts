import type { OpenedBackup } from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import type { PostgresPart, RestoredRows } from "./restore-options.ts";
import type { PostgresRestoreOptions } from "./restore-postgres.ts";

export async function restoreTables(
  _backup: OpenedBackup,
  _manifest: PostgresPart,
  _options: PostgresRestoreOptions,
): Promise<RestoredRows> {
  throw new BackupError("UNSUPPORTED", "not yet");
}
