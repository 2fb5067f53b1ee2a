import type { BackupEncryption, CreatedBackup, Evidence, Storage } from "@ctb-data/backup";
import type { CommandContext } from "../command-context.ts";
import type { Settings } from "../config/settings.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import type { BackupKeys } from "./backup-keys.ts";
import { firestoreFiles } from "./firestore-files.ts";
import type { OpenedStores } from "./open-backup-stores.ts";

/** How a backup is made. */
export interface MakeFlags {
  readonly schema?: "auto" | "pg_dump" | "catalog" | undefined;
  readonly strict?: true | undefined;
  readonly jobs?: number | undefined;
  /** Reads everything back, and keeps evidence of it. */
  readonly verify: boolean;
}

/** Everything that making one backup takes. */
export interface BackupParts {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly opened: OpenedStores;
  readonly keys: BackupKeys;
  readonly encryption: BackupEncryption;
  readonly flags: MakeFlags;
}

/** A backup that was made, and what its verification found. */
export interface MadeBackup {
  readonly created: CreatedBackup;
  readonly evidence: Evidence | undefined;
}

/** Makes a backup, and verifies it when that is asked for. Draws its progress. */
export async function makeBackup(context: CommandContext, parts: BackupParts): Promise<MadeBackup> {
  const { settings, storage, opened, keys, encryption, flags } = parts;
  const { createBackup, verifyBackup } = await import("@ctb-data/backup");
  const { postgres, firestore } = opened;
  const { signal } = context;
  using progress = openWorkProgress(context);
  const created = await createBackup({
    storage,
    encryption,
    firestore,
    signal,
    onProgress: progress.onProgress,
    signingKey: keys.signingKey,
    source: settings.BACKUP_SOURCE,
    postgres: postgres?.db,
    schema: {
      source: flags.schema ?? "auto",
      strict: flags.strict === true,
      ...(postgres === undefined ? {} : { url: postgres.url }),
    },
    firestoreFiles: firestore === undefined ? [] : await firestoreFiles(context, settings),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
  });
  progress[Symbol.dispose]();
  if (!flags.verify) {
    return { created, evidence: undefined };
  }
  const { signingKey, trustedKeys } = keys;
  using verifying = openWorkProgress(context);
  const evidence = await verifyBackup({
    storage,
    id: created.id,
    level: "hashes",
    signingKey,
    trustedKeys,
    signal,
    onProgress: verifying.onProgress,
  });
  return { created, evidence };
}
