import { BackupError } from "../backup-error.ts";
import type { Storage, StoredObject } from "../storage/storage.ts";

/** What became of objects that were to be deleted. */
export interface Deletion {
  readonly objects: number;
  readonly sizeBytes: number;
  /** Keys that the storage would not let go, as under an object lock or without the right to delete. */
  readonly denied: readonly string[];
}

const batchKeys = 500;

/** Deletes objects. What the storage denies is told, and does not stop the rest. @throws {BackupError} what else fails. */
export async function deleteObjects(
  storage: Storage,
  objects: readonly StoredObject[],
): Promise<Deletion> {
  const denied: string[] = [];
  for (let start = 0; start < objects.length; start += batchKeys) {
    const keys = objects.slice(start, start + batchKeys).map(({ key }) => key);
    if (await isDenied(storage, keys)) {
      // One of them may be locked and the others not.
      for (const key of keys) if (await isDenied(storage, [key])) denied.push(key);
    }
  }
  const refused = new Set(denied);
  const gone = objects.filter(({ key }) => !refused.has(key));
  return {
    objects: gone.length,
    sizeBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    denied,
  };
}

async function isDenied(storage: Storage, keys: readonly string[]): Promise<boolean> {
  try {
    await storage.delete(keys);
    return false;
  } catch (error) {
    if (error instanceof BackupError && error.code === "STORAGE_DENIED") return true;
    throw error;
  }
}

/** All objects of a prefix, in the order of their keys. */
export async function objectsOf(
  storage: Storage,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of storage.list(prefix, { signal }))
    if (object.key.startsWith(prefix)) objects.push(object);
  return objects;
}
