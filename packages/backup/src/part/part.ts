import type { BackupEncryption } from "../backup-encryption.ts";
import type { Storage } from "../storage/storage.ts";

/** What is known of a stored part: enough to check every byte of it, stored and plain. */
export interface PartRecord {
  /** Its key below the folder of the backup, as in `postgres/data/public.clients/0000.copy.zst.age`. */
  readonly key: string;
  /** As stored: compressed and encrypted. */
  readonly sizeBytes: number;
  /** Of what is stored, hexadecimal. */
  readonly sha256: string;
  readonly plainBytes: number;
  /** Of the plain bytes, hexadecimal. */
  readonly plainSha256: string;
}

/** Writes one part: plain bytes in, compressed, encrypted and hashed on their way into the storage. */
export interface PartWriter {
  /** The buffer may be used again when the promise is fulfilled. Large chunks (256 KiB and more) are faster. */
  write(chunk: Uint8Array): Promise<void>;
  /** Waits until the part is stored. */
  finish(): Promise<PartRecord>;
  /** Leaves nothing behind. Never rejects. */
  abort(): Promise<void>;
}

/** Where the parts of one backup go. */
export interface PartSink {
  /**
   * Starts a part. `name` is the key without the suffixes of compression and encryption: `postgres/pre-data.sql` is stored
   * as `postgres/pre-data.sql.zst.age`.
   */
  open(name: string): Promise<PartWriter>;
}

/** Where the parts of one backup come from. */
export interface PartSource {
  /**
   * The plain bytes of a part, at their own pace. It throws CORRUPT at the end, or before, unless every byte is what was
   * written: stored hash, encryption, compression, plain hash and length.
   *
   * @throws {BackupError} CORRUPT, WRONG_KEY, NOT_FOUND
   */
  read(
    part: PartRecord,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncIterable<Uint8Array>;
}

export interface PartSinkOptions {
  readonly storage: Pick<Storage, "openUpload">;
  /** `backups/<id>/` */
  readonly folder: string;
  readonly encryption: BackupEncryption;
  /** zstd's, from -7 (fastest) to 19. Default 1: as small as 3 on data like this, and twice as fast. */
  readonly level?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface PartSourceOptions {
  readonly storage: Pick<Storage, "openRead">;
  readonly folder: string;
  /** Secret keys, `AGE-SECRET-KEY-1…`. None for a backup that is not encrypted. */
  readonly identities: readonly string[];
  readonly signal?: AbortSignal | undefined;
}
