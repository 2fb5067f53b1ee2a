import { archiveFormat } from "../archive/backup-manifest.ts";
import { writeEvidence, type Evidence, type VerifyLevel } from "../archive/evidence.ts";
import {
  openBackup,
  readSignedRecord,
  type OpenBackupOptions,
  type OpenedBackup,
} from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";
import { toolVersion } from "../tool-version.ts";
import type { BackupStores, WorkOptions } from "../workflow-options.ts";
import { checkContents } from "./check-contents.ts";
import { checkHashes, checkStored } from "./check-stored.ts";
import { drill, type DrillResult } from "./drill.ts";

/** Throwaway databases for a drill. They are empty, and gone after `close`. */
export interface ScratchStores extends BackupStores {
  /** Where they are, for the evidence. */
  readonly description: string;
  close(): Promise<void>;
}

export interface VerifyBackupOptions extends OpenBackupOptions, WorkOptions {
  readonly storage: Storage;
  readonly id: string;
  readonly level: VerifyLevel;
  /** Signs the evidence. Without it none is stored: prune and status go by evidence. */
  readonly signingKey?: string | undefined;
  /** For a drill, as for `restoreBackup`. */
  readonly searchPath?: string | undefined;
  /** Opens what a drill restores into: a store for each one that the backup has. */
  readonly openScratch?: ((backup: OpenedBackup) => Promise<ScratchStores>) | undefined;
}

type Found = Pick<Evidence, "checked" | "findings" | "notes" | "target">;

/**
 * Verifies a backup, as far as `level` says. What is wrong with the backup is in `findings`, and `ok` is false then; what stands in the
 * way of looking is thrown.
 *
 * @throws {BackupError} NOT_FOUND, BAD_SIGNATURE, WRONG_KEY, INVALID_OPTIONS, STORAGE_FAILED, CANCELLED
 */
export async function verifyBackup(options: VerifyBackupOptions): Promise<Evidence> {
  const { storage, id, level, signal, now = (): Date => new Date() } = options;
  const startedAt = now();
  const { recordSha256 } = await readSignedRecord(storage, id, options);
  const found = await lookAt(options);
  signal?.throwIfAborted();
  const evidence: Evidence = {
    format: archiveFormat,
    backup: id,
    recordSha256,
    level,
    ok: found.findings.length === 0,
    startedAt: startedAt.toISOString(),
    finishedAt: now().toISOString(),
    tool: toolVersion,
    ...found,
  };
  if (options.signingKey !== undefined)
    await writeEvidence(storage, { evidence, signingKey: options.signingKey }, signal);
  return evidence;
}

async function lookAt(options: VerifyBackupOptions): Promise<Found> {
  const { storage, id, level } = options;
  const { record } = await readSignedRecord(storage, id, options);
  const stored = await checkStored(storage, record, options);
  const none = { plainBytes: 0, rows: 0, documents: 0 };
  if (level === "stored" || stored.findings.length > 0)
    return {
      checked: { ...countsOf(stored), ...none },
      findings: [...stored.findings],
      notes: [],
      target: null,
    };
  const hashes = await checkHashes(storage, record, options);
  if (level === "hashes" || hashes.findings.length > 0)
    return {
      checked: { ...countsOf(hashes), ...none },
      findings: [...hashes.findings],
      notes: [],
      target: null,
    };
  const backup = await openBackup(storage, id, options);
  const contents = await checkContents(backup, options);
  const checked = {
    ...countsOf(hashes),
    plainBytes: contents.plainBytes,
    rows: contents.rows,
    documents: contents.documents,
  };
  if (level === "contents" || contents.findings.length > 0)
    return { checked, findings: [...contents.findings], notes: [], target: null };
  const { findings, notes, target } = await drillIn(backup, options);
  return { checked, findings: [...findings], notes: [...notes], target };
}

async function drillIn(
  backup: OpenedBackup,
  options: VerifyBackupOptions,
): Promise<DrillResult & { readonly target: string }> {
  if (options.openScratch === undefined) {
    throw new BackupError("INVALID_OPTIONS", "A drill needs somewhere to restore to.", {
      hint: "Give openScratch, which opens throwaway databases.",
    });
  }
  const scratch = await options.openScratch(backup);
  try {
    return { ...(await drill(backup, scratch, options)), target: scratch.description };
  } finally {
    await scratch.close();
  }
}

function countsOf({
  parts,
  storedBytes,
}: {
  readonly parts: number;
  readonly storedBytes: number;
}): {
  readonly parts: number;
  readonly storedBytes: number;
} {
  return { parts, storedBytes };
}
