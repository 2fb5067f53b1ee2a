import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3StorageOptions } from "../src/storage/s3/s3-options.ts";
import { openS3Storage } from "../src/storage/s3/s3-storage.ts";
import type { Storage } from "../src/storage/storage.ts";
import { startS3Server, type S3Server, type S3ServerOptions } from "./s3-server.ts";

/** A new folder, deleted with all that is in it when disposed of. */
export interface StorageFolder extends AsyncDisposable {
  readonly path: string;
}

export function storageFolder(): StorageFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "ctb-backup-storage-")));
  return {
    path,
    [Symbol.asyncDispose]: async () =>
      rmSync(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** The size of the parts in which {@link s3Place} sends. */
export const partBytes = 64 * 1024;

/** A server of S3 that goes wrong, and a storage on it. */
export interface S3Place extends AsyncDisposable {
  readonly server: S3Server;
  readonly storage: Storage;
  open(options?: Partial<S3StorageOptions>): Promise<Storage>;
}

/** Retries without waiting; small parts, which the server takes. */
export async function s3Place(options: S3ServerOptions = {}): Promise<S3Place> {
  const server = await startS3Server({ minPartBytes: partBytes, ...options });
  const { bucket, credentials, endpoint } = server;
  const opened: Storage[] = [];
  const open = async (more: Partial<S3StorageOptions> = {}): Promise<Storage> => {
    const storage = await openS3Storage({
      bucket,
      credentials,
      endpoint,
      prefix: "some/prefix",
      partBytes,
      retryDelayMs: 1,
      ...more,
    });
    opened.push(storage);
    return storage;
  };
  return {
    server,
    storage: await open(),
    open,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map(async (storage) => await storage.close()));
      await server[Symbol.asyncDispose]();
    },
  };
}
