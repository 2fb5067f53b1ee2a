import { createHash } from "node:crypto";
import { backupFolder } from "../archive/archive-layout.ts";
import type { CommitRecord } from "../archive/backup-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";
import type { WorkOptions } from "../workflow-options.ts";

/** What a check looked at and what it found wrong. */
export interface CheckResult {
  readonly parts: number;
  readonly storedBytes: number;
  /** Full sentences; none when all is right. */
  readonly findings: readonly string[];
}

type Part = CommitRecord["parts"][number];

/** Checks that every part is there and of the right size. One listing; nothing is read. */
export async function checkStored(
  storage: Storage,
  record: CommitRecord,
  { signal }: Pick<WorkOptions, "signal"> = {},
): Promise<CheckResult> {
  const folder = backupFolder(record.id);
  const sizes = new Map<string, number>();
  for await (const { key, sizeBytes } of storage.list(folder, { signal }))
    sizes.set(key.slice(folder.length), sizeBytes);
  const findings: string[] = [];
  let storedBytes = 0;
  for (const { key, sizeBytes } of record.parts) {
    const found = sizes.get(key);
    if (found === undefined) findings.push(`${key} is missing.`);
    else if (found !== sizeBytes)
      findings.push(`${key} has ${found} bytes; ${sizeBytes} were written.`);
    storedBytes += found ?? 0;
  }
  return { parts: record.parts.length, storedBytes, findings };
}

/** How many parts are read at once: one is read while the hash of another is made. */
const concurrency = 2;

/** Reads every stored byte and compares its hash with what the signed record says. Needs no secret key. */
export async function checkHashes(
  storage: Storage,
  record: CommitRecord,
  { signal, onProgress }: WorkOptions = {},
): Promise<CheckResult> {
  const findings: string[] = [];
  let storedBytes = 0;
  const waiting = [...record.parts];
  onProgress?.({ kind: "step", step: "hashes" });
  onProgress?.({
    kind: "total",
    store: "storage",
    items: record.parts.length,
    bytes: record.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
  const work = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const result = await hashOf(storage, `${backupFolder(record.id)}${part.key}`, signal);
      storedBytes += result.sizeBytes;
      const finding =
        result.missing === true ? `${part.key} is missing.` : differenceOf(part, result);
      if (finding !== undefined) findings.push(finding);
      onProgress?.({
        kind: "count",
        store: "storage",
        name: part.key,
        items: 1,
        bytes: result.sizeBytes,
      });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { parts: record.parts.length, storedBytes, findings: findings.toSorted() };
}

interface StoredHash {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly missing?: true;
}

async function hashOf(
  storage: Storage,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredHash> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    const stream = await storage.openRead(key, { signal });
    for await (const chunk of stream) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError(`${key} is not read as bytes`);
      sizeBytes += chunk.length;
      hash.update(chunk);
    }
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== "NOT_FOUND") throw error;
    return { sizeBytes: 0, sha256: "", missing: true };
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

function differenceOf(part: Part, { sizeBytes, sha256 }: StoredHash): string | undefined {
  if (sizeBytes !== part.sizeBytes)
    return `${part.key} has ${sizeBytes} bytes; ${part.sizeBytes} were written.`;
  if (sha256 !== part.sha256)
    return `${part.key} is damaged: its bytes do not have the hash that was recorded.`;
  return undefined;
}
