import {
  archiveNames,
  archiveRoots,
  backupFolder,
  backupKey,
  evidenceFolder,
} from "../src/archive/archive-layout.ts";
import type { RetainedBackup } from "../src/retention/retained-backup.ts";
import type { Storage } from "../src/storage/storage.ts";

/** Keys below the folder of every backup of the tests. Some sort before the commit record, some behind it. */
const parts = [
  "0000.copy",
  archiveNames.checksums,
  "firestore/data/clients/0000.ndjson",
  "postgres/pre-data.sql",
];

/**
 * Stores a backup with parts that hold nothing: policies look at names, times and the commit record only. The record holds what the
 * list says of it, unsigned; the signature's place is taken.
 */
export async function storeBackup(storage: Storage, backup: RetainedBackup): Promise<void> {
  const { id } = backup;
  for (const part of parts) await storage.put(backupKey(id, part), Buffer.from(`${part} of ${id}`));
  await storage.put(backupKey(id, archiveNames.signature), Buffer.from("signature"));
  await storage.put(backupKey(id, archiveNames.commitRecord), Buffer.from(JSON.stringify(backup)), {
    ifAbsent: true,
  });
  await storage.put(
    `${evidenceFolder(id)}2026-11-24T00-00-00-000Z-00000000.json`,
    Buffer.from("evidence"),
  );
}

/** The backups that have a commit record, as they were stored. */
export async function storedBackups(storage: Storage): Promise<readonly RetainedBackup[]> {
  const backups: RetainedBackup[] = [];
  for (const key of await keysOf(storage, archiveRoots.backups)) {
    const [, id = "", name] = key.split("/");
    if (name !== archiveNames.commitRecord) continue;
    const content = await storage.get(backupKey(id, name));
    if (content !== undefined)
      backups.push(JSON.parse(Buffer.from(content.body).toString(), reviveDates));
  }
  return backups;
}

/** True when nothing of a listed backup is missing. */
export async function isWhole(storage: Storage, id: string): Promise<boolean> {
  const keys = await keysOf(storage, backupFolder(id));
  return [...parts, archiveNames.signature, archiveNames.commitRecord].every((name) =>
    keys.includes(backupKey(id, name)),
  );
}

export async function keysOf(storage: Storage, prefix = ""): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys;
}

function reviveDates(name: string, value: unknown): unknown {
  return name.endsWith("At") && typeof value === "string" ? new Date(value) : value;
}
