import { archiveRoots } from "../archive/archive-layout.ts";
import { isBackupId } from "../archive/backup-id.ts";
import type { StoredObject } from "../storage/storage.ts";
import { throwIfCancelled } from "../storage/throw-if-cancelled.ts";
import { isCommitted, type GarbageJob } from "./collect-folders.ts";

export interface RecordJob extends GarbageJob {
  /** Ids of the backups that there are. */
  readonly committed: ReadonlySet<string>;
  /** What is younger is left, of what tells about backups that are gone. */
  readonly evidenceBefore: Date;
}

/** Removes evidence and tombstones of backups that are long gone, and tombstones of backups that were not deleted after all. */
export async function collectRecords(job: RecordJob): Promise<void> {
  const { storage, garbage, signal } = job;
  const evidence = new Map<string, StoredObject[]>();
  for await (const object of storage.list(archiveRoots.evidence, { signal })) {
    const [, id = ""] = object.key.split("/");
    if (!isBackupId(id) || job.committed.has(id)) continue;
    const known = evidence.get(id);
    if (known === undefined) evidence.set(id, [object]);
    else known.push(object);
  }
  for (const [id, objects] of evidence) {
    throwIfCancelled(signal);
    const isOld = objects.every(({ modifiedAt }) => modifiedAt < job.evidenceBefore);
    if (isOld && !(await isCommitted(storage, id))) await garbage.remove("evidence", id, objects);
  }
  for await (const object of storage.list(archiveRoots.tombstones, { signal })) {
    const id = object.key.slice(archiveRoots.tombstones.length).replace(/\.json$/u, "");
    if (!isBackupId(id)) continue;
    // A tombstone beside a backup is that of a prune that was stopped right there, and nobody has gone on with it since.
    const limit = job.committed.has(id) ? job.before : job.evidenceBefore;
    if (object.modifiedAt < limit) await garbage.remove("tombstone", id, [object]);
  }
}
