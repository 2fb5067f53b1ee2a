import { archiveNames, backupKey } from "../archive/archive-layout.ts";
import { archiveFormat, type CommitRecord, type Manifest } from "../archive/backup-manifest.ts";
import { sha256Of } from "../archive/evidence.ts";
import { recordComment } from "../archive/read-backup.ts";
import { restoreInstructions } from "../archive/restore-instructions.ts";
import type { BackupEncryption } from "../backup-encryption.ts";
import { BackupError } from "../backup-error.ts";
import { signMessage } from "../minisign/sign-message.ts";
import type { PartRecord } from "../part/part.ts";
import type { Storage } from "../storage/storage.ts";
import { toolVersion } from "../tool-version.ts";
import { writePart, type RecordingSink } from "./recording-sink.ts";

/** What a backup is made of when all of its data are stored. */
export interface FinishedData {
  readonly storage: Storage;
  readonly sink: RecordingSink;
  readonly manifest: Manifest;
  readonly startedAt: Date;
  readonly source: CommitRecord["source"];
  readonly previous: string | null;
  readonly encryption: BackupEncryption;
  readonly signing: { readonly secretKey: string; readonly publicKey: string };
  readonly warnings: readonly string[];
  readonly now: () => Date;
  /** Called right before the record is written, for a last look at whether it may be. */
  readonly beforeCommit: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a backup of stored parts: manifest, instructions and checksums, then the signature, and last, where nothing may be yet,
 * the commit record. Before that last step there is no backup; after it there is one.
 *
 * @throws {BackupError} CONFLICT when somebody else wrote a record of this id.
 */
export async function commitBackup(data: FinishedData): Promise<CommitRecord> {
  const { storage, manifest, signal } = data;
  const { id } = manifest;
  const manifestRecord = await writePart(
    data.sink,
    archiveNames.manifest,
    Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`),
  );
  const head = recordHead(data, manifestRecord);
  const instructions = Buffer.from(restoreInstructions(head, manifest));
  const clear = [
    ...data.sink.records.map(storedPart),
    await putClear(data, archiveNames.instructions, instructions),
  ];
  const sums = clear.map(({ key, sha256 }) => `${sha256}  ${key}\n`).join("");
  const parts = [...clear, await putClear(data, archiveNames.checksums, Buffer.from(sums))];
  const record: CommitRecord = { ...head, finishedAt: data.now().toISOString(), parts };
  const body = Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`);
  const signature = signMessage({
    message: body,
    secretKey: data.signing.secretKey,
    trustedComment: recordComment(id),
  });
  await storage.put(backupKey(id, archiveNames.signature), Buffer.from(signature), { signal });
  await data.beforeCommit();
  const key = backupKey(id, archiveNames.commitRecord);
  await storage.put(key, body, { ifAbsent: true, signal });
  const stored = await storage.get(key, { signal });
  if (stored === undefined || !body.equals(stored.body)) {
    throw new BackupError(
      "STORAGE_FAILED",
      `${storage.description} took ${key} and does not give it back as it was.`,
      { key, backup: id },
    );
  }
  return record;
}

function recordHead(
  data: FinishedData,
  manifest: PartRecord,
): Omit<CommitRecord, "parts" | "finishedAt"> {
  const { postgres, firestore, pairing, id } = data.manifest;
  const tables = postgres?.tables ?? [];
  const { records } = data.sink;
  return {
    format: archiveFormat,
    id,
    tool: toolVersion,
    startedAt: data.startedAt.toISOString(),
    source: data.source,
    previous: data.previous,
    encryption:
      data.encryption.kind === "age"
        ? { kind: "age", recipients: [...data.encryption.recipients] }
        : { kind: "none" },
    signedBy: data.signing.publicKey,
    pairing: pairing && {
      skewMs: pairing.skewMs,
      changedRows: pairing.changedRows.count,
      changedDocuments: pairing.changedDocuments.count,
    },
    totals: {
      tables: tables.length,
      rows: sumOf(tables.map(({ rows }) => rows)),
      documents: firestore?.documents ?? 0,
      plainBytes: sumOf(records.map(({ plainBytes }) => plainBytes)),
      storedBytes: sumOf(records.map(({ sizeBytes }) => sizeBytes)),
    },
    manifest,
    warnings: [...data.warnings],
  };
}

async function putClear(
  { storage, manifest, signal }: FinishedData,
  name: string,
  body: Uint8Array,
): Promise<CommitRecord["parts"][number]> {
  await storage.put(backupKey(manifest.id, name), body, { signal });
  return { key: name, sizeBytes: body.length, sha256: sha256Of(body) };
}

function storedPart({ key, sizeBytes, sha256 }: PartRecord): CommitRecord["parts"][number] {
  return { key, sizeBytes, sha256 };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
