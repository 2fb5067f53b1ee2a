import type { Settings } from "../config/settings.ts";
import type { OpenedStores } from "./open-backup-stores.ts";

/** The name of the series that backups of these stores belong to: that of the settings, or the one that `createBackup` gives. */
export async function seriesOf(
  { BACKUP_SOURCE: source }: Settings,
  { names, firestore }: OpenedStores,
): Promise<string> {
  const { sourceIdOf } = await import("@ctb-data/backup");
  const database = names.find(({ store }) => store === "postgres")?.name;
  return source ?? sourceIdOf({ database, firestore });
}

/** Which series `latest` is asked of: that of the settings, where they name one. */
export function seriesFilter({ BACKUP_SOURCE: source }: Settings): { readonly source?: string } {
  return source === undefined ? {} : { source };
}
