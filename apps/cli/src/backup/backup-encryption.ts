import type { BackupEncryption } from "@ctb-data/backup";
import { CliError } from "../cli-error.ts";
import type { Settings } from "../config/settings.ts";
import type { BackupKeys } from "./backup-keys.ts";
import type { BackupSettingFlags } from "./open-backup-storage.ts";

/**
 * How backups are encrypted, by flags and settings.
 *
 * @throws {CliError} USAGE or INVALID_CONFIG when recipients are named and nothing is to be encrypted.
 */
export function encryptionOf(settings: Settings, flags: BackupSettingFlags = {}): BackupEncryption {
  const { BACKUP_ENCRYPTION: kind, BACKUP_RECIPIENTS: recipients = [] } = settings;
  if (kind === "age") {
    return { kind, recipients };
  }
  // A flag is meant for this run alone; in the settings the two contradict each other.
  if (recipients.length > 0 && (flags.encryption === undefined || flags.recipient !== undefined)) {
    throw new CliError(
      flags.recipient === undefined ? "INVALID_CONFIG" : "USAGE",
      "There are recipients to encrypt to, and encryption is none.",
      { hint: "Take away one of the two: BACKUP_RECIPIENTS or BACKUP_ENCRYPTION=none." },
    );
  }
  return { kind };
}

/**
 * Checks keys before databases are opened for nothing.
 *
 * @throws {BackupError} NO_RECIPIENT, NO_SIGNING_KEY, INVALID_KEY
 * @throws {CliError} INVALID_CONFIG when this very project would not trust what it signs.
 */
export async function checkKeys(encryption: BackupEncryption, keys: BackupKeys): Promise<void> {
  const { BackupError, exportKeys } = await import("@ctb-data/backup");
  const recipients = encryption.kind === "age" ? encryption.recipients : [];
  const { signingKey, trustedKeys } = keys;
  if (encryption.kind === "age" && recipients.length === 0) {
    throw new BackupError(
      "NO_RECIPIENT",
      "There is nobody that the backup could be encrypted to.",
      {
        hint: "Make keys: ctb-data backup keys create, and set BACKUP_RECIPIENTS. Or say that the backup is to be in the clear: --encryption none",
      },
    );
  }
  if (signingKey === undefined) {
    throw new BackupError("NO_SIGNING_KEY", "There is no key to sign the backup with.", {
      hint: "Make keys: ctb-data backup keys create, and set BACKUP_SIGNING_KEY_PATH.",
    });
  }
  const [publicKey = ""] = exportKeys({ recipients, signingKey }).publicKeys;
  if (!trustedKeys.includes(publicKey)) {
    throw new CliError(
      "INVALID_CONFIG",
      `The public key of the signing key, ${publicKey}, is not in BACKUP_PUBLIC_KEY: what it signs would not be trusted here.`,
      { hint: "Add it to BACKUP_PUBLIC_KEY, or sign with the key that is there." },
    );
  }
}
