import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { etagOf } from "./draft-file.ts";
import { fileErrorCode } from "./folder-error.ts";
import type { FolderPlace } from "./folder-tree.ts";
import { ObjectVersions } from "./object-versions.ts";

/** Opens a plain file for reading. Undefined when it is missing, a link, a folder or anything else. */
export async function openPlain(file: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would hold us for ever.
    handle = await open(
      file,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    if (["ENOENT", "ELOOP", "EMLINK", "ENXIO"].includes(fileErrorCode(error) ?? ""))
      return undefined;
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/** Opens what counts of an object. */
export async function openObject(place: FolderPlace): Promise<FileHandle | undefined> {
  const versions = new ObjectVersions(place);
  for (;;) {
    const { generation, file } = await versions.state();
    if (file === undefined) return undefined;
    const handle = await openPlain(file);
    if (handle !== undefined || generation === 0) return handle;
  }
}

/** The etag of a plain file; undefined when there is none. */
export async function readEtag(file: string): Promise<string | undefined> {
  await using handle = await openPlain(file);
  return handle && (await etagOf(handle, await handle.readFile()));
}
