import { createHash } from "node:crypto";
import type { AgeEncryptor } from "../age/age-encryptor.ts";
import { ageMagic } from "../age/age-header.ts";
import { BackupError } from "../backup-error.ts";
import type { Upload } from "../storage/storage.ts";
import { ZstdFrame } from "./zstd-frame.ts";

/** What was stored. */
export interface StoredPart {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The way of compressed bytes into the storage: encrypted (unless `encryptor` is undefined), hashed, counted. */
export class PartOutput {
  readonly #key: string;
  readonly #upload: Upload;
  readonly #encryptor: AgeEncryptor | undefined;
  readonly #frame = new ZstdFrame();
  readonly #hash = createHash("sha256");
  #joined: Buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  constructor(key: string, upload: Upload, encryptor: AgeEncryptor | undefined) {
    this.#key = key;
    this.#upload = upload;
    this.#encryptor = encryptor;
  }

  async write(compressed: readonly Uint8Array[]): Promise<void> {
    for (const piece of compressed) {
      const problem = this.#frame.update(piece);
      if (problem !== undefined) throw this.#badFrame(problem);
    }
    await this.#store(
      this.#encryptor === undefined
        ? compressed
        : compressed.flatMap((piece) => this.#encryptor?.update(piece) ?? []),
    );
  }

  /** @throws {BackupError} STORAGE_FAILED when the storage has another number of bytes than were given to it. */
  async finish(): Promise<StoredPart> {
    if (!this.#frame.isComplete) throw this.#badFrame("it has no end");
    await this.#store(this.#encryptor?.final() ?? []);
    const stored = await this.#upload.complete();
    if (stored.sizeBytes !== this.#sizeBytes) {
      throw new BackupError(
        "STORAGE_FAILED",
        `${this.#key} was stored with ${stored.sizeBytes} bytes, but has ${this.#sizeBytes}.`,
        { key: this.#key, hint: "Try again; if it happens again, the storage cannot be trusted." },
      );
    }
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }

  async #store(pieces: readonly Uint8Array[]): Promise<void> {
    if (pieces.length === 0) return;
    const bytes = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : this.#join(pieces);
    if (this.#sizeBytes === 0 && this.#encryptor !== undefined) this.#mustBeEncrypted(bytes);
    this.#sizeBytes += bytes.length;
    this.#hash.update(bytes);
    await this.#upload.write(bytes);
  }

  /** The same memory each time: the storage needs it no longer once it has taken the bytes, and new memory is work for the collector. */
  #join(pieces: readonly Uint8Array[]): Uint8Array {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (this.#joined.length < length) this.#joined = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const piece of pieces) {
      this.#joined.set(piece, at);
      at += piece.length;
    }
    return this.#joined.subarray(0, length);
  }

  /** The last look before the bytes leave: WAL-G once stored clear text under a key that was configured (CVE-2021-38599). */
  #mustBeEncrypted(bytes: Uint8Array): void {
    if (ageMagic.equals(bytes.subarray(0, ageMagic.length))) return;
    throw new BackupError("REFUSED", `${this.#key} would have been stored without encryption.`, {
      key: this.#key,
      hint: "This is a mistake in ctb-data; please report it.",
    });
  }

  #badFrame(why: string): BackupError {
    return new BackupError("CORRUPT", `What zstd made of ${this.#key} is not one frame: ${why}.`, {
      key: this.#key,
      hint: "Use a released version of Node 24.",
    });
  }
}
