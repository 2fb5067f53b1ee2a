import { checkKeys, encryptionOf } from "../backup/backup-encryption.ts";
import { loadBackupKeys } from "../backup/backup-keys.ts";
import { openBackupStorage } from "../backup/open-backup-storage.ts";
import type { CommandContext } from "../command-context.ts";
import type { LoadedSettings } from "../config/load-settings.ts";
import { countOf } from "../terminal/count-of.ts";
import { type Check, failed } from "./check.ts";

/** Looks at what backups need: keys, the schedule and the storage. Nothing where nobody has set up backups. */
export async function checkBackup(
  context: CommandContext,
  { settings }: LoadedSettings,
): Promise<readonly Check[]> {
  const isSetUp =
    settings.BACKUP_ENABLED ||
    settings.BACKUP_STORAGE !== "local" ||
    settings.BACKUP_RECIPIENTS !== undefined;
  if (!isSetUp) {
    return [];
  }
  return [
    await attempt(context, "backup keys", async () => await checkBackupKeys(context, settings)),
    await attempt(context, "backup schedule", async () => await checkSchedule(settings)),
    await attempt(context, "backup storage", async () => await checkStorage(context, settings)),
  ];
}

type Settings = LoadedSettings["settings"];

async function attempt(
  { signal }: CommandContext,
  name: string,
  check: () => Promise<Omit<Check, "name">>,
): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    signal.throwIfAborted();
    return failed(name, error);
  }
}

async function checkBackupKeys(
  context: CommandContext,
  settings: Settings,
): Promise<Omit<Check, "name">> {
  const encryption = encryptionOf(settings);
  const keys = await loadBackupKeys(context, settings, { withIdentities: true });
  await checkKeys(encryption, keys);
  if (encryption.kind === "none") {
    return {
      result: "warn",
      found: "backups are stored in the clear",
      todo: "Make keys: ctb-data backup keys create, and take BACKUP_ENCRYPTION=none away.",
    };
  }
  const found = countOf(encryption.recipients.length, "recipient");
  return encryption.recipients.length > 1
    ? { result: "ok", found }
    : {
        result: "warn",
        found,
        todo: "If its secret key is lost, so are the backups: add the public key of a second one, kept elsewhere, to BACKUP_RECIPIENTS.",
      };
}

async function checkSchedule(settings: Settings): Promise<Omit<Check, "name">> {
  const { parseSchedule } = await import("@ctb-data/backup");
  const { pattern, timeZone, warnings } = parseSchedule({
    pattern: settings.BACKUP_SCHEDULE,
    timeZone: settings.BACKUP_TIMEZONE,
  });
  const found = `${pattern} (${timeZone})${settings.BACKUP_ENABLED ? "" : ", switched off"}`;
  return warnings.length === 0
    ? { result: "ok", found }
    : { result: "warn", found, todo: warnings.join(" ") };
}

async function checkStorage(
  context: CommandContext,
  settings: Settings,
): Promise<Omit<Check, "name">> {
  await using storage = await openBackupStorage(context, settings);
  const { conditionalCreate, conditionalUpdate } = await storage.probe({ signal: context.signal });
  const found = storage.description;
  return conditionalCreate && conditionalUpdate
    ? { result: "ok", found: `${found}: written, read and removed` }
    : {
        result: "fail",
        found: `${found} lets two write the same object: it has no conditional writes`,
        todo: "Two backups at once could not be kept apart. Take a storage that has them, as Amazon S3 or Cloudflare R2.",
      };
}
