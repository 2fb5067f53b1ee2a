import { archiveNames, backupFolder, backupKey } from "../archive/archive-layout.ts";
import { newBackupId } from "../archive/backup-id.ts";
import { archiveFormat, type Manifest } from "../archive/backup-manifest.ts";
import { listBackups } from "../archive/list-backups.ts";
import { BackupError } from "../backup-error.ts";
import { openPartSink } from "../part/open-part-sink.ts";
import { objectsOf } from "../retention/delete-objects.ts";
import { tombstoneKey } from "../retention/tombstone.ts";
import { acquireLease, type Lease } from "../storage/lease.ts";
import type { Storage } from "../storage/storage.ts";
import { checkClock } from "./check-clock.ts";
import { checkCreateOptions, type CheckedOptions } from "./check-create-options.ts";
import { commitBackup } from "./commit-backup.ts";
import type { CreateBackupOptions, CreatedBackup } from "./create-options.ts";
import { dumpStores } from "./dump-stores.ts";
import { recordingSink } from "./recording-sink.ts";

/** How long a lease lasts after its holder was last heard of. */
const leaseMs = 60_000;

/**
 * Backs up PostgreSQL, Firestore or both into one new archive. It is listed when this returns, and not before: a run that is stopped
 * or killed leaves parts without a commit record, which gc removes.
 *
 * The two stores are read as of two moments, as near to each other as can be; how near is in the manifest.
 *
 * @throws {BackupError} INVALID_OPTIONS, NO_RECIPIENT, NO_SIGNING_KEY, INVALID_KEY, POOLED_HOST, LOCKED, LEASE_LOST, LOCK_TIMEOUT,
 * SCHEMA_CHANGED, NOT_COVERED, REFUSED, DATABASE_FAILED, FIRESTORE_FAILED, READ_TIME_EXPIRED, STORAGE_FAILED, STORAGE_FULL,
 * STORAGE_DENIED, CONFLICT, CANCELLED
 */
export async function createBackup(options: CreateBackupOptions): Promise<CreatedBackup> {
  const checked = await checkCreateOptions(options);
  const { storage } = options;
  const lease = await acquireLease(storage, {
    key: `locks/create-${encodeURIComponent(checked.source.id)}.json`,
    ttlMs: leaseMs,
    // Without a guard two may be made at once. Each has a name of its own, so that no harm is done.
    unguarded: "accept",
    signal: options.signal,
  });
  try {
    return await createUnder(lease, { ...options, signal: signalOf(options, lease) }, checked);
  } finally {
    await lease.release();
  }
}

async function createUnder(
  lease: Lease,
  options: CreateBackupOptions,
  checked: CheckedOptions,
): Promise<CreatedBackup> {
  const { storage, signal, onProgress, now = (): Date => new Date() } = options;
  const startedAt = now();
  const before = await listBackups(storage, { source: checked.source.id, signal });
  const clockWarnings = checkClock(before, startedAt);
  const id = newBackupId(startedAt);
  const sink = recordingSink(
    openPartSink({
      storage,
      folder: backupFolder(id),
      encryption: checked.encryption,
      level: options.level ?? 1,
      signal,
    }),
  );
  let mayBeCommitted = false;
  try {
    const dumped = await dumpStores({ ...options, sink });
    const manifest: Manifest = { format: archiveFormat, id, ...dumped };
    onProgress?.({ kind: "step", step: "commit" });
    const record = await commitBackup({
      storage,
      sink,
      manifest,
      startedAt,
      source: checked.source,
      previous: before.findLast(({ valid }) => valid)?.id ?? null,
      encryption: checked.encryption,
      signing: checked.signing,
      warnings: [...leaseWarnings(lease), ...clockWarnings, ...warningsOf(manifest)],
      now,
      beforeCommit: async () => {
        await lease.check();
        await refuseCollected(storage, id, signal);
        mayBeCommitted = true;
      },
      signal,
    });
    await takeBackIfCollected(storage, id);
    return { id, record, manifest };
  } catch (error) {
    // A commit that was asked for may still happen: then its parts must be there. gc looks after what is left.
    if (!mayBeCommitted) await removeParts(storage, id);
    throw error;
  }
}

/** How long a run that failed tries to clean up behind itself. */
const cleanUpMs = 15_000;

/** Removes what a run has stored that is no backup. What cannot be removed is left to gc. */
async function removeParts(storage: Storage, id: string): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpMs);
  try {
    const objects = await objectsOf(storage, backupFolder(id), signal);
    await storage.delete(
      objects.map(({ key }) => key),
      { signal },
    );
  } catch (error) {
    // Why the run failed is what must be told.
    if (!(error instanceof BackupError)) throw error;
  }
}

/** gc leaves its word before it looks for the record: of the two, one sees the other. */
async function takeBackIfCollected(storage: Storage, id: string): Promise<void> {
  try {
    await refuseCollected(storage, id, undefined);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== "CONFLICT") return;
    await storage.delete([backupKey(id, archiveNames.commitRecord)]);
    throw error;
  }
}

/** gc takes a run for dead whose folder is old; it says so before it removes anything. */
async function refuseCollected(
  storage: Storage,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = tombstoneKey(id);
  if ((await storage.head(key, { signal })) === undefined) return;
  throw new BackupError("CONFLICT", `gc took the backup ${id} for dead while it was made.`, {
    key,
    backup: id,
    hint: "Make the backup again, and give gc a longer --older-than.",
  });
}

function warningsOf({ postgres, firestore }: Manifest): readonly string[] {
  return [...(postgres?.warnings ?? []), ...(firestore?.warnings ?? [])];
}

function leaseWarnings({ isGuarded }: Lease): readonly string[] {
  if (isGuarded) return [];
  return [
    "The storage has no conditional writes: nothing keeps two backups from being made at once.",
  ];
}

function signalOf({ signal }: CreateBackupOptions, lease: Lease): AbortSignal {
  return signal === undefined ? lease.signal : AbortSignal.any([signal, lease.signal]);
}
