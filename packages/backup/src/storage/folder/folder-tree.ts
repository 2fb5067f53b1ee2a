import { lstat, mkdir, open, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackupError } from "../../backup-error.ts";
import { fileErrorCode } from "./folder-error.ts";

/** Where an object is, or would be. */
export interface FolderPlace {
  /** The folder that holds it. */
  readonly folder: string;
  /** Its name in that folder. */
  readonly name: string;
}

/**
 * The folders below one root. A symbolic link is never followed, so that nobody who may write here leads the storage to files
 * elsewhere; the root itself may be reached by links.
 */
export class FolderTree {
  readonly root: string;

  /** @param root an absolute path. */
  constructor(root: string) {
    this.root = root;
  }

  /**
   * The place of a key; undefined when its folder does not exist.
   *
   * @throws {BackupError} STORAGE_DENIED when something that is no folder is in the way.
   */
  async find(key: string): Promise<FolderPlace | undefined> {
    const { folders, name } = partsOf(key);
    let folder = this.root;
    for (const part of folders) {
      folder = join(folder, part);
      if (!(await isFolder(folder, key))) return undefined;
    }
    return { folder, name };
  }

  /** The place of a key, its folders made where they are missing (0700). They are on the disk before it returns. */
  async make(key: string): Promise<FolderPlace> {
    const { folders, name } = partsOf(key);
    let folder = this.root;
    for (const part of folders) {
      const parent = folder;
      folder = join(folder, part);
      if (await isFolder(folder, key)) continue;
      await makeFolder(folder);
      await syncFolder(parent);
    }
    return { folder, name };
  }

  /** Removes folders that became empty, from this one up to the root, which stays. */
  async prune(folder: string): Promise<void> {
    for (let at = folder; at !== this.root && at.startsWith(this.root); at = dirname(at)) {
      try {
        await rmdir(at);
      } catch {
        return;
      }
    }
  }
}

/** Makes what was made or removed in a folder survive a loss of power, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, "r");
    await handle.sync();
  } catch (error) {
    // Windows and some network file systems cannot; a folder that is gone again needs it no more.
    if (
      !["EINVAL", "ENOTSUP", "EPERM", "EISDIR", "EBADF", "ENOENT"].includes(
        fileErrorCode(error) ?? "",
      )
    )
      throw error;
  }
}

function partsOf(key: string): { readonly folders: readonly string[]; readonly name: string } {
  const parts = key.split("/");
  return { folders: parts.slice(0, -1), name: parts.at(-1) ?? "" };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (fileErrorCode(error) !== "EEXIST") throw error;
  }
}

async function isFolder(path: string, key: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return true;
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return false;
    throw error;
  }
  throw new BackupError(
    "STORAGE_DENIED",
    `${path} is no folder, and links are not followed here.`,
    {
      hint: "Remove it, or name the folder that it leads to as the storage.",
      key,
    },
  );
}
