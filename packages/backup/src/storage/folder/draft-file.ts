import { createHash, randomUUID } from "node:crypto";
import { link, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { reservedStart } from "../storage-key.ts";
import { fileErrorCode } from "./folder-error.ts";

const draftStart = `${reservedStart}tmp-`;

/** Whether a file is an object that is not there yet, or the rest of one that will never be. */
export function isDraft(name: string): boolean {
  return name.startsWith(draftStart);
}

/** A name beside the object, so that it is in the same file system. */
export function draftIn(folder: string): string {
  return join(folder, `${draftStart}${randomUUID()}`);
}

/** Opens a new file, readable and writable for its owner alone. */
export async function openDraft(draft: string): Promise<FileHandle> {
  return await open(draft, "wx", 0o600);
}

/** Writes a whole draft, down to the disk. On an error nothing is left. Returns its etag. */
export async function writeDraft(draft: string, body: Uint8Array): Promise<string> {
  try {
    await using handle = await openDraft(draft);
    await handle.writeFile(body);
    await handle.sync();
    return await etagOf(handle, body);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Differs between any two writes, also of the same bytes: each has a file of its own. */
export async function etagOf(handle: FileHandle, body: Uint8Array): Promise<string> {
  const { ino, mtimeNs } = await handle.stat({ bigint: true });
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 32);
  return `${ino.toString(36)}-${mtimeNs.toString(36)}-${hash}`;
}

/** Gives the draft its name where nothing has that name. `unsupported` on file systems without hard links. */
export async function linkDraft(
  draft: string,
  file: string,
): Promise<"linked" | "exists" | "unsupported"> {
  try {
    await link(draft, file);
    return "linked";
  } catch (error) {
    const code = fileErrorCode(error) ?? "";
    if (code === "EEXIST") return "exists";
    // EPERM: Linux says so for file systems such as exFAT. Where links work, a folder that is not writable is EACCES.
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) return "unsupported";
    throw error;
  }
}

/** Puts what the draft holds in the place of the file, and keeps the draft. */
export async function replaceByLink(draft: string, file: string, beside: string): Promise<void> {
  const second = draftIn(beside);
  await link(draft, second);
  try {
    await rename(second, file);
  } finally {
    // Renaming one name of a file to another of its names does nothing (POSIX).
    await rm(second, { force: true }).catch(() => undefined);
  }
}
