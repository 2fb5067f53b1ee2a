import type { Readable } from "node:stream";

/** An object of the storage. */
export interface StoredObject {
  /** Its key below the storage's folder or prefix, with `/` between the parts. */
  readonly key: string;
  readonly sizeBytes: number;
  /** When the storage says that it was written. For gc only: its clock is not ours. */
  readonly modifiedAt: Date;
}

/** What a small object holds. */
export interface ObjectContent {
  readonly body: Uint8Array;
  /** Changes with every write; for {@link PutOptions.ifMatch}. */
  readonly etag: string;
}

/** At most one of the two conditions. */
export interface PutOptions {
  /** Writes only where nothing is: of many who try at once, one succeeds. */
  readonly ifAbsent?: true;
  /** Writes only over what has this etag. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A large object on its way. It appears whole with `complete`, or not at all. */
export interface Upload {
  /** Takes the bytes; the buffer may be used again when the promise is fulfilled. */
  write(chunk: Uint8Array): Promise<void>;
  /** @throws {BackupError} STORAGE_FAILED when what is stored is not what was written. */
  complete(): Promise<StoredObject>;
  /** Leaves nothing behind, as far as the storage lets. Never rejects. May follow a failed `complete`. */
  abort(): Promise<void>;
}

/** What a storage can do, found out by trying. */
export interface StorageCapabilities {
  /** `ifAbsent` holds: of many writers one succeeds. */
  readonly conditionalCreate: boolean;
  /** `ifMatch` holds. */
  readonly conditionalUpdate: boolean;
  /** A body that was damaged on its way is refused. */
  readonly checksums: boolean;
}

export interface ReadOptions {
  /** The first byte, from 0. */
  readonly start?: number;
  /** One behind the last byte. */
  readonly end?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A place for archives: a folder, or a bucket. Keys are relative, have no `.`/`..` parts and at most 900 bytes. Everything that
 * fails for a reason that passes is tried again inside.
 *
 * @throws {BackupError} STORAGE_FAILED, STORAGE_FULL, STORAGE_DENIED, CANCELLED from every method.
 */
export interface Storage extends AsyncDisposable {
  /** Where it is, without credentials: `./backups`, `s3://bucket/prefix`. */
  readonly description: string;
  /**
   * Writes a small object (at most 64 MiB) in one go.
   *
   * @throws {BackupError} CONFLICT when the condition does not hold. After a lost reply it is found out who wrote it.
   */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<{ readonly etag: string }>;
  /** A small object (at most 64 MiB), whole; undefined when there is none. */
  get(
    key: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ObjectContent | undefined>;
  /** Starts a large object of a key that nobody has used before. */
  openUpload(key: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Upload>;
  /** The bytes of an object. A broken connection goes on where it was. @throws {BackupError} NOT_FOUND */
  openRead(key: string, options?: ReadOptions): Promise<Readable>;
  head(
    key: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<StoredObject | undefined>;
  /** All objects whose key starts with the prefix, in the order of their keys. */
  list(
    prefix: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncIterable<StoredObject>;
  /** Removes objects; one that is not there is no error. */
  delete(
    keys: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
  /** Removes unfinished uploads (parts of a multipart upload, temporary files) below the prefix that began before then. */
  sweepUploads(
    prefix: string,
    before: Date,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly removed: number; readonly sizeBytes: number }>;
  /** Tries out what the storage really does, with objects that it removes again. */
  probe(options?: { readonly signal?: AbortSignal | undefined }): Promise<StorageCapabilities>;
  close(): Promise<void>;
}
