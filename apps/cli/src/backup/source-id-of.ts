import type { Settings } from "../config/settings.ts";
import type { OpenedStores } from "./open-backup-stores.ts";

/** The name of the series that backups of these stores belong to: that of the settings, or the one that `createBackup` gives. */
export function sourceIdOf(
  { BACKUP_SOURCE: source }: Settings,
  { names, firestore }: OpenedStores,
): string {
  const parts = names.map(({ store, name }) =>
    store === "postgres" ? `postgres:${name}` : `firestore:${name}/${firestore?.databaseId ?? ""}`,
  );
  return source ?? parts.join("+");
}
