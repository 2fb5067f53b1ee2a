import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";
import { isBackupId } from "./backup-id.ts";
import { listBackups, type BackupSummary, type ListBackupsOptions } from "./list-backups.ts";

/**
 * The id that a person means: a whole one, the beginning of one that no other begins with, or `latest` for the newest that is valid.
 * `latest` of a storage that several series share is a question of `options.source`.
 *
 * @throws {BackupError} NOT_FOUND when there is none; INVALID_OPTIONS when there are several, or several series.
 */
export async function resolveBackupId(
  storage: Storage,
  text: string,
  options: ListBackupsOptions = {},
): Promise<string> {
  if (isBackupId(text)) return text;
  const backups = await listBackups(storage, options);
  if (text === "latest") {
    refuseSeveralSeries(backups);
    const newest = backups.findLast(({ valid }) => valid);
    if (newest !== undefined) return newest.id;
    throw notFound(`There is no valid backup in ${storage.description}.`);
  }
  const found = backups.filter(({ id }) => text !== "" && id.startsWith(text));
  const [only, second] = found;
  if (only === undefined)
    throw notFound(`No backup in ${storage.description} begins with ${text}.`);
  if (second === undefined) return only.id;
  throw new BackupError("INVALID_OPTIONS", `${found.length} backups begin with ${text}.`, {
    hint: `Write more of it: ${only.id}, ${second.id}${found.length > 2 ? ", …" : ""}`,
  });
}

/** The newest of another database is nobody's `latest`. */
function refuseSeveralSeries(backups: readonly BackupSummary[]): void {
  const newest = new Map(
    backups.filter(({ valid }) => valid).map(({ sourceId, id }) => [sourceId, id]),
  );
  if (newest.size < 2) return;
  const each = [...newest].map(([source, id]) => `${id} of ${source}`);
  throw new BackupError("INVALID_OPTIONS", "`latest` of which series? The storage has several.", {
    hint: `Name the series (BACKUP_SOURCE), or the backup: ${each.join(", ")}.`,
  });
}

function notFound(message: string): BackupError {
  return new BackupError("NOT_FOUND", message, {
    hint: "`ctb-data backup list` shows those that there are; `ctb-data backup create` makes one.",
  });
}
