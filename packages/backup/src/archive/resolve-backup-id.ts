import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";
import { isBackupId } from "./backup-id.ts";
import { listBackups, type ListBackupsOptions } from "./list-backups.ts";

/**
 * The id that a person means: a whole one, the beginning of one that no other begins with, or `latest` for the newest that is valid.
 *
 * @throws {BackupError} NOT_FOUND when there is none; INVALID_OPTIONS when there are several.
 */
export async function resolveBackupId(
  storage: Storage,
  text: string,
  options: ListBackupsOptions = {},
): Promise<string> {
  if (isBackupId(text)) return text;
  const backups = await listBackups(storage, options);
  if (text === "latest") {
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

function notFound(message: string): BackupError {
  return new BackupError("NOT_FOUND", message, {
    hint: "`ctb-data backup list` shows those that there are; `ctb-data backup create` makes one.",
  });
}
