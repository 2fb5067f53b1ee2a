import type { OnBackupProgress, PruneResult, Storage } from "@ctb-data/backup";
import type { Settings } from "../config/settings.ts";
import { retentionOf } from "./retention-of.ts";

interface PruneOptions {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly trustedKeys: readonly string[];
  readonly allowMany?: boolean;
  /** Only says what would be done. */
  readonly dryRun?: boolean;
  readonly onProgress?: OnBackupProgress;
  readonly signal: AbortSignal;
}

/**
 * Deletes the backups that the settings do not keep, while nobody else does.
 *
 * @throws {BackupError} LOCKED, REFUSED, CLOCK_WRONG and what else `pruneBackups` throws.
 */
export async function pruneStorage(options: PruneOptions): Promise<PruneResult> {
  const { settings, storage, trustedKeys, signal, dryRun = false, allowMany = false } = options;
  const { acquireLease, listBackups, pruneBackups } = await import("@ctb-data/backup");
  const prune = async (lease?: Awaited<ReturnType<typeof acquireLease>>): Promise<PruneResult> => {
    const stop = lease === undefined ? signal : AbortSignal.any([signal, lease.signal]);
    return await pruneBackups({
      storage,
      backups: await listBackups(storage, { trustedKeys, signal: stop }),
      policy: retentionOf(settings),
      dryRun,
      allowMany,
      lease,
      signal: stop,
      onProgress: options.onProgress,
    });
  };
  if (dryRun) {
    return await prune();
  }
  await using lease = await acquireLease(storage, { key: "locks/prune.json", signal });
  return await prune(lease);
}
