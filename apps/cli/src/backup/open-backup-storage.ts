import { join } from "node:path";
import type { Storage } from "@ctb-data/backup";
import { CliError } from "../cli-error.ts";
import { type CommandContext, flagLayer } from "../command-context.ts";
import type { Layer } from "../config/layer.ts";
import { type LoadedSettings, settingPath } from "../config/load-settings.ts";
import type { Settings } from "../config/settings.ts";
import { shownPath } from "../project/shown-path.ts";
import { makeStateFolder } from "../project/state-folder.ts";

/** What flags of the commands of `backup` say instead of the settings. */
export interface BackupSettingFlags {
  readonly storage?: string | undefined;
  readonly recipient?: readonly string[] | undefined;
  readonly encryption?: "age" | "none" | undefined;
}

/** The settings with the flags of a command of `backup` on top. */
export async function backupSettings(
  context: CommandContext,
  flags: BackupSettingFlags,
): Promise<LoadedSettings> {
  return await context.settings(layerOf(flags));
}

function layerOf({ storage, recipient, encryption }: BackupSettingFlags): Layer {
  return flagLayer({
    BACKUP_STORAGE: { flag: "--storage", value: storage },
    BACKUP_RECIPIENTS: { flag: "--recipient", value: recipient?.join(",") },
    BACKUP_ENCRYPTION: { flag: "--encryption", value: encryption },
  });
}

/**
 * Opens the storage that the settings name.
 *
 * @throws {CliError} INVALID_CONFIG for half of an account.
 * @throws {BackupError} INVALID_OPTIONS, NOT_INSTALLED, STORAGE_DENIED, STORAGE_FAILED
 */
export async function openBackupStorage(
  context: CommandContext,
  settings: Settings,
): Promise<Storage> {
  const { openStorage } = await import("@ctb-data/backup");
  const { BACKUP_S3_ENDPOINT: endpoint, BACKUP_S3_REGION: region } = settings;
  const url = await storagePlace(context, settings);
  return await openStorage({ url, endpoint, region, credentials: credentialsOf(settings) });
}

/** The folder or bucket, as `openStorage` takes it. */
async function storagePlace(context: CommandContext, settings: Settings): Promise<string> {
  const { BACKUP_STORAGE: place } = settings;
  if (place === "local") {
    return shownPath(join(await makeStateFolder(context, settings), "backups"));
  }
  return /^[a-z][a-z\d+.-]+:\/\//iu.test(place)
    ? place
    : shownPath(settingPath(context.dir, place));
}

function credentialsOf(settings: Settings):
  | {
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    }
  | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = settings;
  if (accessKeyId === undefined && secretAccessKey === undefined) {
    return undefined;
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const [there, missing] =
      secretAccessKey === undefined
        ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        : ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"];
    throw new CliError("INVALID_CONFIG", `${there} is set, and ${missing} is not.`, {
      hint: "Set both, or neither: the AWS SDK then looks for an account by itself.",
    });
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}
