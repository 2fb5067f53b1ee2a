import { parseRecipient } from "../age/age-keys.ts";
import type { CommitRecord } from "../archive/backup-manifest.ts";
import type { BackupEncryption } from "../backup-encryption.ts";
import { BackupError } from "../backup-error.ts";
import { parseSigningKey } from "../minisign/signing-key.ts";
import { readMarker } from "../restore/postgres-target.ts";
import type { CreateBackupOptions } from "./create-options.ts";
import { sourceIdOf } from "./source-id-of.ts";

/** What {@link createBackup} works with once its options are known to be right. */
export interface CheckedOptions {
  readonly encryption: BackupEncryption;
  readonly signing: { readonly secretKey: string; readonly publicKey: string };
  readonly source: CommitRecord["source"];
}

/**
 * Checks the options before anything is touched.
 *
 * @throws {BackupError} INVALID_OPTIONS, NO_RECIPIENT, NO_SIGNING_KEY, INVALID_KEY, REFUSED
 */
export async function checkCreateOptions(options: CreateBackupOptions): Promise<CheckedOptions> {
  const { postgres, firestore } = options;
  if (postgres === undefined && firestore === undefined) {
    throw new BackupError("INVALID_OPTIONS", "There is nothing to back up: no store was given.", {
      hint: "Give postgres, firestore, or both.",
    });
  }
  checkWhole("jobs", options.jobs, [1, 64]);
  checkWhole("level", options.level, [-7, 19]);
  checkWhole("splitBytes", options.splitBytes, [65_536, Number.MAX_SAFE_INTEGER]);
  const encryption = checkEncryption(options.encryption);
  const signing = checkSigningKey(options.signingKey);
  const source = await sourceOf(options);
  await refuseUnfinishedRestore(options);
  return { encryption, signing, source };
}

function checkEncryption(encryption: BackupEncryption | undefined): BackupEncryption {
  if (encryption?.kind === "none") return encryption;
  if (encryption === undefined || encryption.recipients.length === 0) {
    throw new BackupError(
      "NO_RECIPIENT",
      "There is nobody that the backup could be encrypted to.",
      {
        hint: "Make keys with `ctb-data backup keys create` and name their recipients (age1…), or say in so many words that the backup is to be in the clear: encryption none.",
      },
    );
  }
  for (const recipient of encryption.recipients) parseRecipient(recipient);
  return encryption;
}

function checkSigningKey(signingKey: string | undefined): CheckedOptions["signing"] {
  if (signingKey === undefined) {
    throw new BackupError("NO_SIGNING_KEY", "There is no key to sign the backup with.", {
      hint: "Make keys with `ctb-data backup keys create`, and name the file of the signing key. Without a signature nobody could tell a backup of yours from one that was put there.",
    });
  }
  return { secretKey: signingKey, publicKey: parseSigningKey(signingKey).publicKey };
}

function checkWhole(
  name: string,
  value: number | undefined,
  [min, max]: readonly [number, number],
): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min && value <= max)) return;
  throw new BackupError("INVALID_OPTIONS", `${name} must be a whole number from ${min} to ${max}.`);
}

async function sourceOf({
  postgres,
  firestore,
  source,
  signal,
}: CreateBackupOptions): Promise<CommitRecord["source"]> {
  const database = await postgres?.query<{ database: string; serverVersion: string }>(
    `SELECT pg_catalog.current_database() AS database, pg_catalog.current_setting('server_version') AS "serverVersion"`,
    [],
    signal === undefined ? {} : { signal },
  );
  const row = database?.rows[0] ?? null;
  const documents =
    firestore === undefined
      ? null
      : { projectId: firestore.projectId, databaseId: firestore.databaseId };
  const id = source ?? sourceIdOf({ database: row?.database, firestore: documents ?? undefined });
  return { id, postgres: row, firestore: documents };
}

/** Half a database must not become the newest backup. */
async function refuseUnfinishedRestore({ postgres }: CreateBackupOptions): Promise<void> {
  const marker = postgres === undefined ? undefined : await readMarker(postgres);
  if (marker === undefined) return;
  throw new BackupError(
    "REFUSED",
    `The restore of ${marker.backup} into this database, begun ${marker.startedAt}, was not finished.`,
    {
      hint: "Run that restore again: it drops what it had made, starts over and ends what was begun.",
      backup: marker.backup,
    },
  );
}
