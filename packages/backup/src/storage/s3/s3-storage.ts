import type { Readable } from "node:stream";
import { BackupError } from "../../backup-error.ts";
import { checkSmall, maxSmallBytes } from "../small-object.ts";
import { checkStorageKey, checkStoragePrefix } from "../storage-key.ts";
import type {
  ObjectContent,
  PutOptions,
  ReadOptions,
  Storage,
  StorageCapabilities,
  StoredObject,
  Upload,
} from "../storage.ts";
import { throwIfCancelled } from "../throw-if-cancelled.ts";
import { deleteObjects } from "./delete-objects.ts";
import { headObject } from "./head-object.ts";
import { listObjects } from "./list-objects.ts";
import { PartBuffers } from "./part-buffers.ts";
import { probeBucket, probeConditions } from "./probe-bucket.ts";
import { putObject, type BucketConditions } from "./put-object.ts";
import { getObject, readObject } from "./read-object.ts";
import { loadS3Sdk, S3Bucket } from "./s3-bucket.ts";
import type { S3StorageOptions } from "./s3-options.ts";
import { S3Upload } from "./s3-upload.ts";
import { sweepMultiparts } from "./sweep-multiparts.ts";

const mebibyte = 1024 ** 2;
const maxPrefixBytes = 120;

/** What can stop a single operation. */
interface Stop {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a bucket of AWS S3 or of anything that speaks its protocol, through `@aws-sdk/client-s3`, which is loaded here and nowhere
 * else. Nothing is sent before the first operation. The first conditional write of a storage tries out with an object of its
 * own (`.ctb-probe/…`) whether the bucket enforces conditions.
 *
 * @throws {BackupError} NOT_INSTALLED without the SDK; INVALID_OPTIONS
 */
export async function openS3Storage(options: S3StorageOptions): Promise<Storage> {
  checkOptions(options);
  return new S3Storage(new S3Bucket(await loadS3Sdk(), options), options);
}

class S3Storage implements Storage {
  readonly description: string;
  readonly #bucket: S3Bucket;
  readonly #options: S3StorageOptions;
  readonly #buffers = new PartBuffers();
  #conditions: Promise<BucketConditions> | undefined;

  constructor(bucket: S3Bucket, options: S3StorageOptions) {
    this.description = `s3://${bucket.name}/${bucket.prefix.replace(/\/$/u, "")}`;
    this.#bucket = bucket;
    this.#options = options;
  }

  async put(
    key: string,
    body: Uint8Array,
    options: PutOptions = {},
  ): Promise<{ readonly etag: string }> {
    checkStorageKey(key);
    checkSmall(key, body);
    const isConditional = options.ifAbsent === true || options.ifMatch !== undefined;
    const conditions = isConditional ? await this.#knownConditions(options.signal) : undefined;
    return { etag: await putObject(this.#bucket, { key, body, options, conditions }) };
  }

  async get(key: string, { signal }: Stop = {}): Promise<ObjectContent | undefined> {
    checkStorageKey(key);
    return await getObject(this.#bucket, key, { maxBytes: maxSmallBytes, signal });
  }

  async openUpload(key: string, { signal }: Stop = {}): Promise<Upload> {
    checkStorageKey(key);
    throwIfCancelled(signal);
    const { partBytes = 8 * mebibyte, partsInFlight = 2 } = this.#options;
    return new S3Upload(key, {
      bucket: this.#bucket,
      buffers: this.#buffers,
      partBytes,
      partsInFlight,
      signal,
    });
  }

  async openRead(key: string, options: ReadOptions = {}): Promise<Readable> {
    checkStorageKey(key);
    return await readObject(this.#bucket, key, options);
  }

  async head(key: string, { signal }: Stop = {}): Promise<StoredObject | undefined> {
    checkStorageKey(key);
    const found = await headObject(this.#bucket, key, signal);
    return found && { key, sizeBytes: found.sizeBytes, modifiedAt: found.modifiedAt };
  }

  list(prefix: string, { signal }: Stop = {}): AsyncIterable<StoredObject> {
    checkStoragePrefix(prefix);
    return listObjects(this.#bucket, prefix, signal);
  }

  async delete(keys: readonly string[], { signal }: Stop = {}): Promise<void> {
    keys.forEach(checkStorageKey);
    await deleteObjects(this.#bucket, keys, signal);
  }

  async sweepUploads(
    prefix: string,
    before: Date,
    { signal }: Stop = {},
  ): Promise<{ readonly removed: number; readonly sizeBytes: number }> {
    checkStoragePrefix(prefix);
    return await sweepMultiparts(this.#bucket, { prefix, before, signal });
  }

  async probe({ signal }: Stop = {}): Promise<StorageCapabilities> {
    const { capabilities, conditions } = await probeBucket(this.#bucket, signal);
    this.#conditions = Promise.resolve(conditions);
    return capabilities;
  }

  async close(): Promise<void> {
    this.#bucket.client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #knownConditions(signal: AbortSignal | undefined): Promise<BucketConditions> {
    this.#conditions ??= probeConditions(this.#bucket, signal);
    try {
      return await this.#conditions;
    } catch (error) {
      this.#conditions = undefined;
      throw error;
    }
  }
}

function checkOptions({
  bucket,
  prefix = "",
  partBytes,
  endpoint,
  partsInFlight = 2,
}: S3StorageOptions): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/u.test(bucket))
    throw new BackupError("INVALID_OPTIONS", `${JSON.stringify(bucket)} is no name of a bucket.`);
  if (prefix !== "") checkStorageKey(prefix.replace(/\/+$/u, ""));
  if (Buffer.byteLength(prefix) > maxPrefixBytes)
    throw new BackupError(
      "INVALID_OPTIONS",
      `The prefix of the bucket is longer than ${maxPrefixBytes} bytes.`,
    );
  if (
    partBytes !== undefined &&
    (partBytes < 64 * 1024 || partBytes > 64 * mebibyte || !Number.isInteger(partBytes))
  )
    throw new BackupError("INVALID_OPTIONS", "partBytes is a whole number from 64 KiB to 64 MiB.");
  if (!Number.isInteger(partsInFlight) || partsInFlight < 1 || partsInFlight > 16)
    throw new BackupError("INVALID_OPTIONS", "partsInFlight is a whole number from 1 to 16.");
  if (endpoint !== undefined && !/^https?:$/u.test(URL.parse(endpoint)?.protocol ?? ""))
    throw new BackupError("INVALID_OPTIONS", "The endpoint of the bucket is no http or https URL.");
}
