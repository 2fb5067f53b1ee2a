import { BackupError } from "../backup-error.ts";
import type { RetainedBackup } from "../retention/retained-backup.ts";
import type { Storage } from "../storage/storage.ts";
import { archiveNames, archiveRoots, backupFolder } from "./archive-layout.ts";
import { isBackupId, startOfBackupId } from "./backup-id.ts";
import type { CommitRecord } from "./backup-manifest.ts";
import { readEvidence, type StoredEvidence } from "./evidence.ts";
import { readSignedRecord, type SignatureTrust, type SignedRecord } from "./read-backup.ts";

/** What a list shows of one backup. `problem` is why it is not valid, or what the last verification found. */
export interface BackupSummary extends RetainedBackup {
  /** The signature is of a key that the caller trusts. */
  readonly trusted: boolean;
  readonly record?: CommitRecord;
}

/** Which backups. */
export interface ListBackupsOptions extends SignatureTrust {
  /** Only those of this series. Those whose record cannot be read are of none, and always listed. */
  readonly source?: string;
  readonly signal?: AbortSignal | undefined;
}

const concurrency = 8;

/** All backups of a storage, oldest first: also those whose record or signature is wrong, which say so. */
export async function listBackups(
  storage: Storage,
  options: ListBackupsOptions = {},
): Promise<readonly BackupSummary[]> {
  const ids: string[] = [];
  for await (const { key } of storage.list(archiveRoots.backups, { signal: options.signal })) {
    const [, id = "", name, ...rest] = key.split("/");
    if (name === archiveNames.commitRecord && rest.length === 0 && isBackupId(id)) ids.push(id);
  }
  const summaries: BackupSummary[] = [];
  for (let start = 0; start < ids.length; start += concurrency) {
    const group = ids.slice(start, start + concurrency);
    summaries.push(
      ...(await Promise.all(group.map(async (id) => await summaryOf(storage, id, options)))),
    );
  }
  return summaries
    .filter(
      ({ sourceId }) =>
        options.source === undefined || sourceId === "" || sourceId === options.source,
    )
    .toSorted(
      (left, right) =>
        left.startedAt.getTime() - right.startedAt.getTime() || left.id.localeCompare(right.id),
    );
}

async function summaryOf(
  storage: Storage,
  id: string,
  options: ListBackupsOptions,
): Promise<BackupSummary> {
  let signed: SignedRecord;
  try {
    signed = await readSignedRecord(storage, id, options);
  } catch (error) {
    if (!(error instanceof BackupError) || !isAboutTheBackup(error, id)) throw error;
    return unreadable(id, error.message);
  }
  const { record, recordSha256, trusted } = signed;
  const { trustedKeys = [], signal } = options;
  const publicKeys = trustedKeys.length === 0 ? [record.signedBy] : trustedKeys;
  const evidence = await readEvidence(storage, { backup: id, recordSha256, publicKeys }, signal);
  return {
    id,
    sourceId: record.source.id,
    startedAt: new Date(record.startedAt),
    finishedAt: new Date(record.finishedAt),
    sizeBytes: record.totals.storedBytes,
    ...provenBy(evidence),
    valid: true,
    trusted,
    record,
  };
}

/**
 * The last word counts: a backup that was right once and is not now is not verified. A good word is the later one only when it is by its
 * own time and by the storage's: a clock that is ahead does not make up for damage.
 */
function provenBy(
  stored: readonly StoredEvidence[],
): Pick<BackupSummary, "verifiedAt" | "drilledAt" | "problem"> {
  const failures = stored.filter(({ evidence }) => !evidence.ok);
  const standing = stored
    .filter((good) => good.evidence.ok && failures.every((bad) => isBehind(good, bad)))
    .map(({ evidence }) => evidence);
  const verified = standing.findLast(({ level }) => level !== "stored");
  const drilled = standing.findLast(({ level }) => level === "drill");
  const finding = failures.at(-1)?.evidence.findings[0];
  return {
    verifiedAt: verified === undefined ? null : new Date(verified.finishedAt),
    drilledAt: drilled === undefined ? null : new Date(drilled.finishedAt),
    ...(verified === undefined && finding !== undefined ? { problem: finding } : {}),
  };
}

function isBehind(good: StoredEvidence, bad: StoredEvidence): boolean {
  return (
    good.evidence.finishedAt > bad.evidence.finishedAt &&
    good.storedAt.getTime() >= bad.storedAt.getTime()
  );
}

function isAboutTheBackup({ code, key }: BackupError, id: string): boolean {
  // Whoever can write there must not be able to stop the list by an object that is too large to be read.
  if (code === "INVALID_OPTIONS") return key?.startsWith(backupFolder(id)) === true;
  return ["NOT_FOUND", "BAD_SIGNATURE", "CORRUPT", "UNKNOWN_FORMAT", "INVALID_KEY"].includes(code);
}

function unreadable(id: string, problem: string): BackupSummary {
  const startedAt = startOfBackupId(id) ?? new Date(0);
  return {
    id,
    sourceId: "",
    startedAt,
    finishedAt: startedAt,
    sizeBytes: 0,
    verifiedAt: null,
    drilledAt: null,
    valid: false,
    problem,
    trusted: false,
  };
}
