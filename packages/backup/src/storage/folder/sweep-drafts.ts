import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { isKeyPart } from "../storage-key.ts";
import { isDraft } from "./draft-file.ts";
import { fileErrorCode } from "./folder-error.ts";
import { entriesOf } from "./list-files.ts";

/** What was removed. */
export interface Swept {
  readonly removed: number;
  readonly sizeBytes: number;
}

/**
 * Removes drafts that nobody wrote to since then, in the folders whose path starts with the prefix. `leave` is told each
 * folder, when all in it was looked at.
 */
export async function sweepDrafts(
  root: string,
  {
    prefix,
    before,
    leave,
  }: {
    readonly prefix: string;
    readonly before: Date;
    readonly leave: (folder: string) => Promise<void>;
  },
): Promise<Swept> {
  let removed = 0;
  let sizeBytes = 0;
  const visit = async (folder: string, path: string): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const file = join(folder, entry.name);
      if (entry.isDirectory() && isKeyPart(entry.name)) {
        const below = `${path}${entry.name}/`;
        if (below.startsWith(prefix) || prefix.startsWith(below)) await visit(file, below);
      } else if (entry.isFile() && isDraft(entry.name) && path.startsWith(prefix)) {
        const size = await removeOlder(file, before);
        if (size === undefined) continue;
        removed += 1;
        sizeBytes += size;
      }
    }
    await leave(folder);
  };
  await visit(root, "");
  return { removed, sizeBytes };
}

async function removeOlder(file: string, before: Date): Promise<number | undefined> {
  try {
    const { mtime, size } = await lstat(file);
    if (mtime >= before) return undefined;
    await rm(file);
    return size;
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
