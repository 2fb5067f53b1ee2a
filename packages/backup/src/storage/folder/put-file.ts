import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../../backup-error.ts";
import type { PutOptions } from "../storage.ts";
import { draftIn, linkDraft, replaceByLink, writeDraft } from "./draft-file.ts";
import { syncFolder, type FolderPlace } from "./folder-tree.ts";
import { ObjectVersions, type ObjectState } from "./object-versions.ts";
import { readEtag } from "./read-file.ts";

/** One try to put an object in its place; undefined when others moved it meanwhile and it must be looked at again. */
type Outcome = "done" | "conflict" | undefined;

interface PutWork {
  readonly key: string;
  readonly place: FolderPlace;
  /** Written and synced. */
  readonly draft: string;
  readonly versions: ObjectVersions;
  readonly options: PutOptions;
}

/**
 * Writes a small object whole, under its condition. Returns its etag.
 *
 * @throws {BackupError} CONFLICT; UNSUPPORTED for `ifMatch` where the file system has no hard links.
 */
export async function putFile(
  key: string,
  place: FolderPlace,
  { body, options }: { readonly body: Uint8Array; readonly options: PutOptions },
): Promise<string> {
  const draft = draftIn(place.folder);
  const etag = await writeDraft(draft, body);
  const work = { key, place, draft, versions: new ObjectVersions(place), options };
  try {
    let outcome: Outcome;
    while (outcome === undefined) {
      const state = await work.versions.state();
      outcome = state.generation === 0 ? await putPlain(work) : await putVersion(work, state);
    }
    if (outcome === "conflict") throw conflict(key, options);
    await syncFolder(place.folder);
    return etag;
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** As far as was seen, the object has no versions. */
async function putPlain(work: PutWork): Promise<Outcome> {
  const { place, draft, versions, options } = work;
  const file = join(place.folder, place.name);
  if (options.ifMatch !== undefined) return await beginVersions(work, file);
  if (options.ifAbsent) {
    const linked = await linkDraft(draft, file);
    if (linked === "exists") return "conflict";
    if (linked === "unsupported") return await renameIfAbsent(draft, file);
    // Versions that began with our file are of those who came after us.
    if ((await versions.numbers()).length === 0 || (await versions.beganWith(draft))) return "done";
    return undefined;
  }
  if (!(await replaced(draft, file, place.folder))) return "done";
  return (await versions.numbers()).length === 0 ? "done" : undefined;
}

async function beginVersions(
  { key, place, draft, versions, options }: PutWork,
  file: string,
): Promise<Outcome> {
  if ((await readEtag(file)) !== options.ifMatch) {
    // The version that it had may be of those who began meanwhile.
    return (await versions.numbers()).length === 0 ? "conflict" : undefined;
  }
  const probe = draftIn(place.folder);
  const linked = await linkDraft(draft, probe);
  await rm(probe, { force: true });
  if (linked === "unsupported") throw withoutLinks(key);
  await versions.begin();
  return (await versions.numbers()).length === 0 ? "conflict" : undefined;
}

async function putVersion(work: PutWork, state: ObjectState): Promise<Outcome> {
  const { place, draft, versions, options } = work;
  const file = join(place.folder, place.name);
  const { ifAbsent, ifMatch } = options;
  const fits =
    ifMatch === undefined
      ? !ifAbsent || state.file === undefined
      : state.file !== undefined && (await readEtag(state.file)) === ifMatch;
  if (!fits) return "conflict";
  if (!(await versions.append(state.generation, draft))) return undefined;
  await replaceByLink(draft, file, place.folder);
  return "done";
}

/** False when the file system has no hard links: then the draft itself was moved, and there are no versions. */
async function replaced(draft: string, file: string, folder: string): Promise<boolean> {
  const second = draftIn(folder);
  if ((await linkDraft(draft, second)) === "unsupported") {
    await rename(draft, file);
    return false;
  }
  try {
    await rename(second, file);
    return true;
  } catch (error) {
    await rm(second, { force: true });
    throw error;
  }
}

/** Whole, but two at once may both succeed: `probe` says so. */
async function renameIfAbsent(draft: string, file: string): Promise<Outcome> {
  if ((await readEtag(file)) !== undefined) return "conflict";
  await rename(draft, file);
  return "done";
}

function conflict(key: string, { ifMatch }: PutOptions): BackupError {
  const why = ifMatch === undefined ? "is there already" : "is not the one that was read before";
  return new BackupError("CONFLICT", `The object ${key} ${why}.`, {
    hint: "Somebody else wrote it. Read it again and decide anew.",
    key,
  });
}

function withoutLinks(key: string): BackupError {
  return new BackupError(
    "UNSUPPORTED",
    `The object ${key} cannot be replaced safely: the file system of the storage has no hard links.`,
    { hint: "Use a folder on ext4, XFS, Btrfs, ZFS, APFS, NTFS or NFS, or a bucket.", key },
  );
}
