import { Readable } from "node:stream";
import { BackupError } from "../src/backup-error.ts";
import type { Storage, Upload } from "../src/storage/storage.ts";

/** A storage in memory that a test may look into and damage, with what a part needs of one. */
export interface MemoryStorage {
  readonly storage: Pick<Storage, "openUpload" | "openRead">;
  /** What is stored, by key. */
  readonly objects: Map<string, Buffer>;
  /** Uploads and reads that are open now. */
  readonly open: () => number;
  /** Bytes that were read so far. */
  readonly readBytes: () => number;
}

export interface MemoryStorageFaults {
  /** Called with each piece that is written; what it throws, or waits for, the upload does. */
  readonly onWrite?: (bytes: Uint8Array) => Promise<void> | void;
  /** Called when an upload is completed. */
  readonly onComplete?: () => Promise<void> | void;
  /** Length of the pieces that a read gives. */
  readonly readBytes?: number;
  /** After so many pieces, a read fails. */
  readonly failReadAfter?: number;
}

export function createMemoryStorage(faults: MemoryStorageFaults = {}): MemoryStorage {
  const objects = new Map<string, Buffer>();
  let open = 0;
  let readBytes = 0;
  const openUpload = async (key: string): Promise<Upload> => {
    const pieces: Buffer[] = [];
    let isOpen = true;
    open += 1;
    const close = (): void => {
      if (isOpen) open -= 1;
      isOpen = false;
    };
    return {
      write: async (bytes) => {
        await faults.onWrite?.(bytes);
        pieces.push(Buffer.from(bytes));
      },
      complete: async () => {
        await faults.onComplete?.();
        const body = Buffer.concat(pieces);
        objects.set(key, body);
        close();
        return { key, sizeBytes: body.length, modifiedAt: new Date() };
      },
      abort: async () => close(),
    };
  };
  const openRead = async (key: string): Promise<Readable> => {
    const body = objects.get(key);
    if (body === undefined) throw new BackupError("NOT_FOUND", `There is no ${key}.`, { key });
    const size = faults.readBytes ?? 64 * 1024;
    let start = 0;
    open += 1;
    return new Readable({
      read() {
        if (start >= (faults.failReadAfter ?? Infinity) * size) {
          this.destroy(new BackupError("STORAGE_FAILED", "The connection broke.", { key }));
          return;
        }
        readBytes += Math.min(size, Math.max(0, body.length - start));
        this.push(start < body.length ? Buffer.from(body.subarray(start, start + size)) : null);
        start += size;
      },
      destroy(error, callback) {
        open -= 1;
        callback(error);
      },
    });
  };
  return {
    storage: { openUpload, openRead },
    objects,
    open: () => open,
    readBytes: () => readBytes,
  };
}
