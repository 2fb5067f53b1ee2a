import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isKeyPart } from "../storage-key.ts";
import { compareKeys } from "../storage-order.ts";
import type { StoredObject } from "../storage.ts";
import { fileErrorCode } from "./folder-error.ts";
import { ObjectVersions, versionsFolder } from "./object-versions.ts";

/**
 * The objects below a root in the order of S3. What cannot be an object is passed over: links, pipes, drafts, and names that
 * are no part of a key. A folder that vanishes meanwhile is empty.
 */
export async function* listFiles(root: string, prefix: string): AsyncGenerator<StoredObject> {
  const cut = prefix.lastIndexOf("/") + 1;
  let folder = root;
  for (const part of prefix.slice(0, cut).split("/").filter(Boolean)) {
    folder = join(folder, part);
    if (!(await isRealFolder(folder))) return;
  }
  yield* walk(folder, prefix.slice(0, cut), prefix.slice(cut));
}

async function* walk(folder: string, path: string, start: string): AsyncGenerator<StoredObject> {
  const versioned = new Set(
    (await entriesOf(join(folder, versionsFolder))).map(({ name }) => name),
  );
  const found = new Map<string, boolean>([...versioned].map((name) => [name, false]));
  for (const entry of await entriesOf(folder)) {
    const name = await nameOf(folder, entry.name);
    if (name !== undefined && (entry.isDirectory() || entry.isFile()))
      found.set(name, entry.isDirectory());
  }
  // A folder sorts as its name with the slash that follows in the keys: `a.b` before `a/b`.
  const names = [...found]
    .filter(([name]) => isKeyPart(name) && name.startsWith(start))
    .map(([name, isFolder]) => (isFolder ? `${name}/` : name))
    .toSorted(compareKeys);
  for (const name of names) {
    if (name.endsWith("/")) {
      yield* walk(join(folder, name.slice(0, -1)), path + name, "");
      continue;
    }
    const object = await statObject(folder, name, versioned.has(name));
    if (object) yield { key: path + name, ...object };
  }
}

/** Size and time of an object, without its key. */
export async function statObject(
  folder: string,
  name: string,
  isVersioned: boolean,
): Promise<Omit<StoredObject, "key"> | undefined> {
  const file = isVersioned
    ? (await new ObjectVersions({ folder, name }).state()).file
    : join(folder, name);
  if (file === undefined) return undefined;
  try {
    const found = await lstat(file);
    return found.isFile() ? { sizeBytes: found.size, modifiedAt: found.mtime } : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(fileErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** HFS+ gives names in another normal form than they were made with. */
async function nameOf(folder: string, name: string): Promise<string | undefined> {
  const normal = name.normalize("NFC");
  if (normal === name) return name;
  try {
    await lstat(join(folder, normal));
    return normal;
  } catch {
    return undefined;
  }
}

/** What is in a folder; nothing when there is none. */
export async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(fileErrorCode(error) ?? "")) return [];
    throw error;
  }
}

async function isRealFolder(folder: string): Promise<boolean> {
  try {
    return (await lstat(folder)).isDirectory();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(fileErrorCode(error) ?? "")) return false;
    throw error;
  }
}
