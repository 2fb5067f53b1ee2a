import {
  archiveNames,
  backupFolder,
  backupKey,
  evidenceFolder,
} from "../archive/archive-layout.ts";
import { isBackupId } from "../archive/backup-id.ts";
import type { CommitRecord } from "../archive/backup-manifest.ts";
import type { Lease } from "../storage/lease.ts";
import type { Storage, StoredObject } from "../storage/storage.ts";
import { throwIfCancelled } from "../storage/throw-if-cancelled.ts";
import { checkStored } from "../verify/check-stored.ts";
import type { WorkOptions } from "../workflow-options.ts";
import { deleteObjects, objectsOf, type Deletion } from "./delete-objects.ts";
import { planPrune, refusalOf, type PruneDecision } from "./plan-prune.ts";
import type { RetainedBackup } from "./retained-backup.ts";
import type { RetentionPolicy } from "./retention-policy.ts";
import { checkStorageClock } from "./storage-clock.ts";
import { tombstoneKey, writeTombstone } from "./tombstone.ts";

type ListedBackup = RetainedBackup & { readonly record?: CommitRecord };

export interface PruneBackupsOptions extends WorkOptions {
  readonly storage: Storage;
  /** All backups of the storage, as `listBackups` gives them. With its record, it is seen whether the parts of one are still there. */
  readonly backups: readonly ListedBackup[];
  readonly policy: RetentionPolicy;
  /** Only says what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Lets more than half of a source's backups go. */
  readonly allowMany?: boolean | undefined;
  /** What becomes of the evidence that a deleted backup was verified. Default `keep`: gc removes it when it is old. */
  readonly evidence?: "keep" | "delete" | undefined;
  /** Checked before each deletion. */
  readonly lease?: Pick<Lease, "check"> | undefined;
  /** How far this machine's clock and the storage's may be apart. Default one hour; Infinity asks nothing. */
  readonly maxSkewMs?: number | undefined;
}

/** A backup of which something was not deleted, though the policy says so. */
export interface NotDeleted {
  readonly id: string;
  /** A full sentence. */
  readonly why: string;
}

/** What prune did, or would do. */
export interface PruneResult {
  readonly dryRun: boolean;
  readonly decisions: readonly PruneDecision[];
  /** Why it would be refused without `allowMany`; only told by a dry run. */
  readonly refusal?: string;
  /** Ids of backups that are gone, oldest first. */
  readonly deleted: readonly string[];
  /** Those that stay after all, or left something behind; also told in `deleted` when they are listed no more. */
  readonly problems: readonly NotDeleted[];
  readonly freedObjects: number;
  readonly freedBytes: number;
}

/**
 * Deletes the backups that the policy does not keep, oldest first, each after another look at whether the verified ones that must
 * remain are there, with all their parts. First a tombstone says what goes, and why; then goes the commit record, and with it the backup; then its
 * signature, and its parts. Wherever this is stopped, a backup is whole and listed, or not listed, and gc removes the rest.
 *
 * Nothing outside of the folders of these backups is touched, but their tombstones and evidence. What the storage does not let go (object lock) is
 * told and left.
 *
 * @throws {BackupError} INVALID_OPTIONS, CLOCK_WRONG, REFUSED (before anything is touched); LEASE_LOST, CANCELLED, STORAGE_FAILED
 */
export async function pruneBackups(options: PruneBackupsOptions): Promise<PruneResult> {
  const { storage, dryRun = false, signal, onProgress, now = (): Date => new Date() } = options;
  const decisions = planPrune(options.backups, options.policy, now());
  const refusal = options.allowMany === true ? undefined : refusalOf(decisions);
  const nothing = { dryRun, decisions, deleted: [], problems: [], freedObjects: 0, freedBytes: 0 };
  if (dryRun) return refusal === undefined ? nothing : { ...nothing, refusal: refusal.message };
  if (refusal !== undefined) throw refusal;
  const doomed = decisions.filter(({ action }) => action === "delete").toReversed();
  if (doomed.length === 0) return nothing;
  throwIfCancelled(signal);
  await checkStorageClock(storage, now(), options.maxSkewMs);
  const done: PrunedBackup[] = [];
  for (const decision of doomed) {
    throwIfCancelled(signal);
    await options.lease?.check();
    onProgress?.({ kind: "step", step: "delete", detail: decision.id });
    const pruned = await pruneOne(decision, options);
    done.push(pruned);
    onProgress?.({
      kind: "count",
      store: "storage",
      name: decision.id,
      items: pruned.objects,
      bytes: pruned.sizeBytes,
    });
  }
  return {
    dryRun,
    decisions,
    deleted: done.filter(({ isGone }) => isGone).map(({ id }) => id),
    problems: done.flatMap(({ id, why }) => (why === undefined ? [] : [{ id, why }])),
    freedObjects: done.reduce((sum, { objects }) => sum + objects, 0),
    freedBytes: done.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

interface PrunedBackup {
  readonly id: string;
  readonly isGone: boolean;
  readonly why?: string | undefined;
  readonly objects: number;
  readonly sizeBytes: number;
}

async function pruneOne(
  decision: PruneDecision,
  options: PruneBackupsOptions,
): Promise<PrunedBackup> {
  const { storage, signal, now = (): Date => new Date() } = options;
  const { id, sourceId, sizeBytes, reasons } = decision;
  const kept = { id, isGone: false, objects: 0, sizeBytes: 0 };
  if (!isBackupId(id)) return { ...kept, why: `${JSON.stringify(id)} is not the id of a backup.` };
  const objects = await objectsOf(storage, backupFolder(id), signal);
  const missing = await firstMissing(options, decision.guards);
  if (missing !== undefined)
    return {
      ...kept,
      why: `The backup ${missing.id}, without which it must not be deleted, is not ${missing.gone ? "there" : "whole"} any more.`,
    };
  const isNew = await writeTombstone(storage, {
    backup: id,
    kind: "pruned",
    sourceId,
    sizeBytes,
    reasons: [...reasons],
    removedAt: now().toISOString(),
  });
  const deletions: Deletion[] = [];
  for (const step of inOrder(id, objects)) {
    const deletion = await deleteObjects(storage, step);
    deletions.push(deletion);
    if (deletion.denied.includes(backupKey(id, archiveNames.commitRecord))) {
      // It is a backup still: nothing may say that it is not.
      if (isNew)
        await deleteObjects(storage, [{ key: tombstoneKey(id), sizeBytes: 0, modifiedAt: now() }]);
      return { ...kept, why: "The storage does not let it be deleted, so it was left whole." };
    }
  }
  if (options.evidence === "delete")
    deletions.push(await deleteObjects(storage, await objectsOf(storage, evidenceFolder(id))));
  return summaryOf(id, deletions);
}

/** What is deleted after what: first that without which there is no backup. */
function inOrder(
  id: string,
  objects: readonly StoredObject[],
): readonly (readonly StoredObject[])[] {
  const first = [archiveNames.commitRecord, archiveNames.signature].map((name) =>
    backupKey(id, name),
  );
  return [
    ...first.map((key) => objects.filter((object) => object.key === key)),
    objects.filter(({ key }) => !first.includes(key)),
  ];
}

function summaryOf(id: string, deletions: readonly Deletion[]): PrunedBackup {
  const denied = deletions.flatMap((deletion) => deletion.denied);
  return {
    id,
    isGone: true,
    why:
      denied.length === 0
        ? undefined
        : `The storage does not let ${denied.length} of its objects be deleted, as ${denied[0]}; gc will try again.`,
    objects: deletions.reduce((sum, { objects }) => sum + objects, 0),
    sizeBytes: deletions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** Evidence is of the past: parts of a backup that was verified may be gone since, by a rule of the bucket or by hand. */
async function firstMissing(
  { storage, backups, signal }: PruneBackupsOptions,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly gone: boolean } | undefined> {
  for (const id of ids) {
    const found = await storage.head(backupKey(id, archiveNames.commitRecord));
    if (found === undefined) return { id, gone: true };
    const record = backups.find((backup) => backup.id === id)?.record;
    if (record === undefined) continue;
    if ((await checkStored(storage, record, { signal })).findings.length > 0)
      return { id, gone: false };
  }
  return undefined;
}
