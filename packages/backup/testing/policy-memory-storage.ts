import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { BackupError } from "../src/backup-error.ts";
import { compareKeys } from "../src/storage/storage-order.ts";
import type {
  ObjectContent,
  PutOptions,
  Storage,
  StorageCapabilities,
  StoredObject,
  Upload,
} from "../src/storage/storage.ts";

interface MemoryObject {
  readonly body: Uint8Array;
  readonly modifiedAt: Date;
}

/** A storage in memory whose clock a test sets, so that what is in it can be as old as the test needs. */
export class MemoryStorage implements Storage {
  readonly description = "memory";
  readonly objects: Map<string, MemoryObject>;
  /** Uploads that are not finished, by key, with when they began. */
  readonly uploads: Map<string, Date>;
  /** Keys that cannot be deleted, as under an object lock. */
  readonly locked: Set<string>;
  now: Date;

  /** An empty one, or one with the objects of another. */
  constructor(now: Date, from?: MemoryStorage) {
    this.now = now;
    this.objects = new Map(from?.objects);
    this.uploads = new Map(from?.uploads);
    this.locked = new Set(from?.locked);
  }

  async put(
    key: string,
    body: Uint8Array,
    { ifAbsent, ifMatch }: PutOptions = {},
  ): Promise<{ readonly etag: string }> {
    const found = this.objects.get(key);
    const isWrong =
      ifMatch !== undefined && (found === undefined || etagOf(found.body) !== ifMatch);
    if (isWrong || (ifAbsent === true && found !== undefined))
      throw new BackupError("CONFLICT", `${key} is not as expected.`, { key });
    this.objects.set(key, { body: Uint8Array.from(body), modifiedAt: this.now });
    return await Promise.resolve({ etag: etagOf(body) });
  }

  async get(key: string): Promise<ObjectContent | undefined> {
    const found = this.objects.get(key);
    return await Promise.resolve(found && { body: found.body, etag: etagOf(found.body) });
  }

  /** Policies write no large objects. */
  async openUpload(key: string): Promise<Upload> {
    return await Promise.reject(new Error(`An upload of ${key} is not expected.`));
  }

  async openRead(key: string): Promise<Readable> {
    return await Promise.resolve(Readable.from([this.objects.get(key)?.body ?? Buffer.alloc(0)]));
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const found = this.objects.get(key);
    return await Promise.resolve(found && storedObject(key, found));
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    await Promise.resolve();
    const sorted = [...this.objects].toSorted(([left], [right]) => compareKeys(left, right));
    for (const [key, object] of sorted) if (key.startsWith(prefix)) yield storedObject(key, object);
  }

  async delete(keys: readonly string[]): Promise<void> {
    await Promise.resolve();
    for (const key of keys) {
      if (this.locked.has(key))
        throw new BackupError("STORAGE_DENIED", `${key} is locked.`, { key });
      this.objects.delete(key);
    }
  }

  async sweepUploads(
    prefix: string,
    before: Date,
  ): Promise<{ readonly removed: number; readonly sizeBytes: number }> {
    const old = [...this.uploads].filter(
      ([key, begun]) => key.startsWith(prefix) && begun < before,
    );
    for (const [key] of old) this.uploads.delete(key);
    return await Promise.resolve({ removed: old.length, sizeBytes: old.length });
  }

  async probe(): Promise<StorageCapabilities> {
    return await Promise.resolve({
      conditionalCreate: true,
      conditionalUpdate: true,
      checksums: true,
    });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function storedObject(key: string, { body, modifiedAt }: MemoryObject): StoredObject {
  return { key, sizeBytes: body.length, modifiedAt };
}

function etagOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
