import { BackupError } from "../src/backup-error.ts";
import type { ReadOptions, Storage } from "../src/storage/storage.ts";

/** The code of the error that a piece of work ends with; `done` without one. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
}

/** The error that a piece of work ends with. */
export async function errorOf(work: Promise<unknown>): Promise<BackupError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

/** The keys that a list has, in its order. */
export async function keysOf(
  storage: Storage,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix, { signal })) keys.push(key);
  return keys;
}

/** The whole of an object, by its stream. */
export async function allBytes(
  storage: Storage,
  key: string,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await storage.openRead(key, options))
    if (chunk instanceof Uint8Array) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** A small object as text; undefined when there is none. */
export async function textAt(storage: Storage, key: string): Promise<string | undefined> {
  const found = await storage.get(key);
  return found && Buffer.from(found.body).toString();
}

/** Writes an object as a large one. */
export async function uploadOf(storage: Storage, key: string, body: Uint8Array): Promise<void> {
  const upload = await storage.openUpload(key);
  await upload.write(body);
  await upload.complete();
}
