import { randomUUID } from "node:crypto";
import { BackupError } from "../../backup-error.ts";
import type { StoredObject, Upload } from "../storage.ts";
import { throwIfCancelled } from "../throw-if-cancelled.ts";
import { deleteObjects } from "./delete-objects.ts";
import { headObject } from "./head-object.ts";
import { checkStored, Multipart } from "./multipart.ts";
import type { PartBuffers } from "./part-buffers.ts";
import { putObject } from "./put-object.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import { s3Error } from "./s3-error.ts";

/** What an upload needs besides its key. */
export interface S3UploadOptions {
  readonly bucket: S3Bucket;
  readonly buffers: PartBuffers;
  readonly partBytes: number;
  readonly partsInFlight: number;
  readonly signal: AbortSignal | undefined;
}

/** A first buffer is small, since most objects are. */
const firstBytes = 256 * 1024;
/** So many parts have one size; the next ones twice of it. With 10,000 parts S3's limits never bind. */
const partsOfOneSize = 1000;

/** How many bytes a part has, from 1. */
export function partSize(number: number, partBytes: number): number {
  return partBytes * 2 ** Math.floor((number - 1) / partsOfOneSize);
}

/**
 * An object on its way into a bucket. Parts are sent only when they are whole in memory: a slow producer does not hold a
 * connection, and a part that fails is sent again from its buffer.
 */
export class S3Upload implements Upload {
  readonly #key: string;
  readonly #options: S3UploadOptions;
  readonly #writeId: string = randomUUID();
  readonly #multipart: Multipart;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #sending = new Set<Promise<void>>();
  #buffer: Buffer;
  #used = 0;
  #number = 1;
  #sizeBytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #state: "open" | "completing" | "completed" | "aborted" = "open";
  #aborting: Promise<void> | undefined;

  constructor(key: string, options: S3UploadOptions) {
    this.#key = key;
    this.#options = options;
    this.#signal = options.signal
      ? AbortSignal.any([options.signal, this.#stop.signal])
      : this.#stop.signal;
    this.#multipart = new Multipart(options.bucket, key, this.#writeId);
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(firstBytes, options.partBytes));
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#run(async () => {
      for (let at = 0; at < chunk.length;) {
        const room = this.#room();
        const piece = chunk.subarray(at, at + room);
        this.#buffer.set(piece, this.#used);
        this.#used += piece.length;
        this.#sizeBytes += piece.length;
        at += piece.length;
        if (this.#used === this.#partSize) await this.#sendPart();
      }
    });
  }

  async complete(): Promise<StoredObject> {
    return await this.#run(async () => {
      this.#state = "completing";
      const { bucket } = this.#options;
      if (this.#multipart.isStarted) {
        if (this.#used > 0) await this.#sendPart();
        await Promise.all(this.#sending);
        this.#throwFailure();
        await this.#multipart.complete(this.#signal);
      } else {
        const body = this.#buffer.subarray(0, this.#used);
        await putObject(bucket, {
          key: this.#key,
          body,
          writeId: this.#writeId,
          options: { signal: this.#signal },
        });
      }
      return await this.#check();
    });
  }

  async abort(): Promise<void> {
    if (this.#state === "completed") return;
    this.#aborting ??= this.#clean();
    await this.#aborting;
  }

  async #check(): Promise<StoredObject> {
    const { bucket } = this.#options;
    const isMultipart = this.#multipart.isStarted || this.#number > 1;
    const found = await headObject(bucket, this.#key, this.#signal);
    checkStored(found, {
      key: this.#key,
      sizeBytes: this.#sizeBytes,
      etag: isMultipart ? this.#multipart.expectedEtag : undefined,
      writeId: this.#writeId,
    });
    this.#state = "completed";
    return {
      key: this.#key,
      sizeBytes: this.#sizeBytes,
      modifiedAt: found?.modifiedAt ?? new Date(0),
    };
  }

  get #partSize(): number {
    return partSize(this.#number, this.#options.partBytes);
  }

  /** Free bytes of the buffer, which grows up to the size of its part. */
  #room(): number {
    if (this.#used === this.#buffer.length && this.#used < this.#partSize) {
      const larger = Math.min(this.#buffer.length * 4, this.#partSize);
      const next =
        larger === this.#partSize
          ? this.#options.buffers.take(larger)
          : Buffer.allocUnsafeSlow(larger);
      this.#buffer.copy(next, 0, 0, this.#used);
      this.#buffer = next;
    }
    return this.#buffer.length - this.#used;
  }

  /** Begins to send what the buffer holds, as soon as fewer than the allowed number are on their way. */
  async #sendPart(): Promise<void> {
    const { buffers, partsInFlight } = this.#options;
    if (!this.#multipart.isStarted) await this.#multipart.start(this.#signal);
    while (this.#sending.size >= partsInFlight) await Promise.race(this.#sending);
    this.#throwFailure();
    const [buffer, body, number] = [
      this.#buffer,
      this.#buffer.subarray(0, this.#used),
      this.#number,
    ];
    const sending = this.#multipart
      .send(number, { body, signal: this.#signal })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#sending.delete(sending);
        buffers.give(buffer);
      });
    this.#sending.add(sending);
    this.#number += 1;
    this.#used = 0;
    if (this.#state === "open") this.#buffer = buffers.take(this.#partSize);
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** A failure is final, and what was sent goes away at once: it costs money. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      throwIfCancelled(this.#options.signal);
      if (this.#state !== "open")
        throw new BackupError("STORAGE_FAILED", `The upload of ${this.#key} has ended.`, {
          key: this.#key,
        });
      this.#throwFailure();
      return await work();
    } catch (error) {
      await this.abort();
      throw s3Error(`Writing ${this.#key}`, error, this.#key);
    }
  }

  async #clean(): Promise<void> {
    const mayExist = this.#state === "completing";
    this.#state = "aborted";
    this.#stop.abort();
    await Promise.all(this.#sending);
    try {
      await this.#multipart.abort();
      // Its reply may have been lost. The key is ours alone.
      if (mayExist) await this.#removeOwn();
    } catch {
      // The sweep finds the rest.
    }
  }

  async #removeOwn(): Promise<void> {
    const { bucket } = this.#options;
    const found = await headObject(bucket, this.#key, undefined).catch(() => undefined);
    if (found?.writeId === undefined || found.writeId === this.#writeId)
      await deleteObjects(bucket, [this.#key], undefined);
  }
}
