import { archiveNames, archiveRoots, backupFolder, backupKey } from "../archive/archive-layout.ts";
import { isBackupId, startOfBackupId } from "../archive/backup-id.ts";
import type { Storage, StoredObject } from "../storage/storage.ts";
import { throwIfCancelled } from "../storage/throw-if-cancelled.ts";
import { objectsOf } from "./delete-objects.ts";
import type { GarbageList } from "./garbage-list.ts";
import { tombstoneKey, writeTombstone } from "./tombstone.ts";

/** What every part of gc works with. */
export interface GarbageJob {
  readonly storage: Storage;
  readonly dryRun: boolean;
  readonly garbage: GarbageList;
  /** What is younger is left. */
  readonly before: Date;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

export interface FolderJob extends GarbageJob {
  /** Somebody makes a backup. */
  readonly isBusy: boolean;
}

/** Removes the folders of backups that have no commit record. Returns the ids of those that have one. */
export async function collectFolders(job: FolderJob): Promise<ReadonlySet<string>> {
  const committed = new Set<string>();
  for await (const { id, objects } of foldersOf(job)) {
    throwIfCancelled(job.signal);
    if (objects.some(({ key }) => key === backupKey(id, archiveNames.commitRecord)))
      committed.add(id);
    else if (!isBackupId(id))
      job.garbage.keep(`${archiveRoots.backups}${id}`, "Its name is not one of a backup.");
    else await collectFolder(job, id, objects);
  }
  return committed;
}

/** The objects of one folder after the other: a listing is in the order of keys, so that those of one are together. */
async function* foldersOf({
  storage,
  signal,
}: GarbageJob): AsyncGenerator<{ readonly id: string; readonly objects: readonly StoredObject[] }> {
  let id: string | undefined;
  let objects: StoredObject[] = [];
  for await (const object of storage.list(archiveRoots.backups, { signal })) {
    const [, name, ...rest] = object.key.split("/");
    // Something that lies beside the folders is nobody's.
    if (name === undefined || rest.length === 0) continue;
    if (id !== undefined && name !== id) {
      yield { id, objects };
      objects = [];
    }
    id = name;
    objects.push(object);
  }
  if (id !== undefined) yield { id, objects };
}

async function collectFolder(
  job: FolderJob,
  id: string,
  objects: readonly StoredObject[],
): Promise<void> {
  const { storage, dryRun, garbage, signal } = job;
  const tombstone = await storage.head(tombstoneKey(id), { signal });
  if (tombstone === undefined) {
    const why = whyKept(job, id, objects);
    if (why !== undefined) {
      garbage.keep(id, why);
      return;
    }
    if (!dryRun) await markNeverCommitted(job, id, objects);
  }
  // The listing may be older than a commit. Whoever commits looks for the tombstone after that: one of us sees the other.
  if (!dryRun && (await isCommitted(storage, id))) {
    if (tombstone === undefined) await storage.delete([tombstoneKey(id)]);
    garbage.keep(id, "It was committed just now.");
    return;
  }
  const kind = tombstone === undefined ? "never-committed" : "pruned";
  await garbage.remove(kind, id, objects);
  // Who committed in between, and was killed before it saw the tombstone, has left a record of parts that are gone.
  if (!dryRun && (await isCommitted(storage, id)))
    await garbage.remove(kind, id, await objectsOf(storage, backupFolder(id)));
}

function whyKept(
  { isBusy, before }: FolderJob,
  id: string,
  objects: readonly StoredObject[],
): string | undefined {
  const begun = startOfBackupId(id);
  const isOld = (date: Date): boolean => date < before;
  if (begun === undefined || !isOld(begun) || !objects.every(({ modifiedAt }) => isOld(modifiedAt)))
    return "It is not committed, but too young to be given up.";
  return isBusy ? "It is not committed, but a backup is being made." : undefined;
}

async function markNeverCommitted(
  { storage, now }: GarbageJob,
  id: string,
  objects: readonly StoredObject[],
): Promise<void> {
  await writeTombstone(storage, {
    backup: id,
    kind: "never-committed",
    sourceId: "",
    sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    reasons: ["deleted: never committed"],
    removedAt: now.toISOString(),
  });
}

/** Whether the commit record of a backup is there. */
export async function isCommitted(storage: Storage, id: string): Promise<boolean> {
  return (await storage.head(backupKey(id, archiveNames.commitRecord))) !== undefined;
}
