import { archiveRoots } from "../archive/archive-layout.ts";
import type { Storage } from "../storage/storage.ts";
import { throwIfCancelled } from "../storage/throw-if-cancelled.ts";
import type { WorkOptions } from "../workflow-options.ts";
import { checkHours } from "./check-hours.ts";
import { collectFolders } from "./collect-folders.ts";
import { collectRecords } from "./collect-records.ts";
import { objectsOf } from "./delete-objects.ts";
import { GarbageList, type GarbageReport } from "./garbage-list.ts";
import { isCreating } from "./is-creating.ts";
import { checkStorageClock, clockProbePrefix } from "./storage-clock.ts";

export interface CollectGarbageOptions extends WorkOptions {
  readonly storage: Storage;
  /** What is younger is left, by its name and by the storage's clock. Default 48. */
  readonly olderThanHours?: number | undefined;
  /** How long evidence and tombstones of backups that are gone are kept. Default 400 days. */
  readonly evidenceDays?: number | undefined;
  /** Only says what would be done, and writes nothing. Unfinished uploads are not counted then. */
  readonly dryRun?: boolean | undefined;
  /** How far this machine's clock and the storage's may be apart. Default one hour; Infinity asks nothing. */
  readonly maxSkewMs?: number | undefined;
}

/**
 * Removes what no backup needs: folders without a commit record (of runs that were killed), what prune did not finish, unfinished
 * uploads, old evidence and tombstones. Never anything of a listed backup.
 *
 * A folder that was never committed is older than `olderThanHours` by its name and by the storage, and goes only while nobody makes
 * a backup. It gets a tombstone first: a run that commits after that finds it, and gives up. Leases are left: they end by themselves.
 *
 * @throws {BackupError} INVALID_OPTIONS, CLOCK_WRONG, CANCELLED, STORAGE_FAILED
 */
export async function collectGarbage(options: CollectGarbageOptions): Promise<GarbageReport> {
  const { storage, dryRun = false, signal, onProgress, now = (): Date => new Date() } = options;
  const hours = checkHours("olderThanHours", options.olderThanHours ?? 48);
  const evidenceHours = checkHours("evidenceDays", options.evidenceDays ?? 400) * 24;
  throwIfCancelled(signal);
  const start = now();
  if (!dryRun) await checkStorageClock(storage, start, options.maxSkewMs);
  const garbage = new GarbageList({ storage, dryRun, onProgress });
  const before = beforeHours(start, hours);
  const job = { storage, dryRun, signal, garbage, before, now: start };
  onProgress?.({ kind: "step", step: "garbage" });
  const isBusy = await isCreating(storage, start, signal);
  const committed = await collectFolders({ ...job, isBusy });
  await collectRecords({ ...job, committed, evidenceBefore: beforeHours(start, evidenceHours) });
  const probes = await objectsOf(storage, clockProbePrefix, signal);
  await garbage.remove(
    "probe",
    clockProbePrefix,
    probes.filter(({ modifiedAt }) => modifiedAt < before),
  );
  if (isBusy) garbage.keep("uploads", "A backup is being made.");
  else if (!dryRun) await sweep(options, before, garbage);
  return garbage.report();
}

async function sweep(
  { storage, signal }: CollectGarbageOptions,
  before: Date,
  garbage: GarbageList,
): Promise<void> {
  for (const root of Object.values(archiveRoots)) {
    const { removed, sizeBytes } = await storage.sweepUploads(root, before, { signal });
    if (removed > 0) garbage.add({ kind: "upload", name: root, objects: removed, sizeBytes });
  }
}

function beforeHours(now: Date, hours: number): Date {
  return new Date(now.getTime() - hours * 3_600_000);
}
