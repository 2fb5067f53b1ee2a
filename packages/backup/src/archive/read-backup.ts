import { BackupError } from "../backup-error.ts";
import { verifySignature } from "../minisign/verify-signature.ts";
import { openPartSource } from "../part/open-part-source.ts";
import type { PartSource } from "../part/part.ts";
import type { Storage } from "../storage/storage.ts";
import { archiveNames, backupFolder, backupKey } from "./archive-layout.ts";
import { isBackupId } from "./backup-id.ts";
import {
  commitRecordSchema,
  manifestSchema,
  type CommitRecord,
  type Manifest,
} from "./backup-manifest.ts";
import { sha256Of } from "./evidence.ts";
import { parseRecord } from "./parse-record.ts";

/** Which signatures count. */
export interface SignatureTrust {
  /**
   * minisign public keys. With none, a signature must fit the key that the record names: that shows that nothing was damaged,
   * not who made it.
   */
  readonly trustedKeys?: readonly string[];
}

/** The commit record of a backup, with its signature checked. */
export interface SignedRecord {
  readonly record: CommitRecord;
  /** Of the bytes of BACKUP.json. */
  readonly recordSha256: string;
  /** True when the signature is of a key that the caller trusts. */
  readonly trusted: boolean;
}

/** What the signature of a commit record says that it is for. */
export function recordComment(id: string): string {
  return `ctb-data backup ${id}`;
}

/**
 * Reads `BACKUP.json` and checks its signature.
 *
 * @throws {BackupError} NOT_FOUND, BAD_SIGNATURE, CORRUPT, UNKNOWN_FORMAT
 */
export async function readSignedRecord(
  storage: Storage,
  id: string,
  options: SignatureTrust & { readonly signal?: AbortSignal | undefined } = {},
): Promise<SignedRecord> {
  const { trustedKeys = [], signal } = options;
  const key = backupKey(id, archiveNames.commitRecord);
  const place = { key, backup: id };
  const content = isBackupId(id) ? await storage.get(key, { signal }) : undefined;
  if (content === undefined) {
    throw new BackupError("NOT_FOUND", `There is no backup ${id} in ${storage.description}.`, {
      ...place,
      hint: "`ctb-data backup list` shows those that there are.",
    });
  }
  const signature = await storage.get(backupKey(id, archiveNames.signature), { signal });
  if (signature === undefined)
    throw new BackupError("BAD_SIGNATURE", `The backup ${id} has no signature.`, place);
  const record = parseRecord(commitRecordSchema, content.body, place);
  const { trustedComment } = verifySignature({
    message: content.body,
    signature: Buffer.from(signature.body).toString(),
    publicKeys: trustedKeys.length === 0 ? [record.signedBy] : trustedKeys,
  });
  if (record.id !== id || trustedComment !== recordComment(id)) {
    throw new BackupError(
      "BAD_SIGNATURE",
      `The record in ${key} is that of ${record.id}: it was put there from somewhere else.`,
      place,
    );
  }
  return { record, recordSha256: sha256Of(content.body), trusted: trustedKeys.length > 0 };
}

/** A backup that can be read: its record, and its parts. */
export interface OpenedBackup extends SignedRecord {
  readonly manifest: Manifest;
  readonly parts: PartSource;
}

/** How to open a backup. */
export interface OpenBackupOptions extends SignatureTrust {
  /** Secret keys, `AGE-SECRET-KEY-1…`; none for a backup that is not encrypted. */
  readonly identities?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a backup: its record is checked, its manifest decrypted.
 *
 * @throws {BackupError} as {@link readSignedRecord}, and WRONG_KEY when no identity opens it.
 */
export async function openBackup(
  storage: Storage,
  id: string,
  options: OpenBackupOptions = {},
): Promise<OpenedBackup> {
  const signed = await readSignedRecord(storage, id, options);
  const { record } = signed;
  const { identities = [], signal } = options;
  if (record.encryption.kind === "age" && identities.length === 0) {
    throw new BackupError(
      "WRONG_KEY",
      `The backup ${id} is encrypted, and no identity was given.`,
      {
        backup: id,
        hint: `Give the file of an identity, with --identity or BACKUP_IDENTITY_PATH: that of one of ${record.encryption.recipients.join(", ")}.`,
      },
    );
  }
  const parts = openPartSource({ storage, folder: backupFolder(id), identities, signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of parts.read(record.manifest, { signal }))
    chunks.push(Uint8Array.from(chunk));
  const place = { key: backupKey(id, record.manifest.key), backup: id };
  const manifest = parseRecord(manifestSchema, Buffer.concat(chunks), place);
  if (manifest.id !== id)
    throw new BackupError("CORRUPT", `The manifest of ${id} is that of ${manifest.id}.`, place);
  return { ...signed, manifest, parts };
}
