import { createHash } from "node:crypto";
import type { AgeDecryptor } from "../age/age-decryptor.ts";
import type { BackupError } from "../backup-error.ts";
import { corruptPart } from "./corrupt-part.ts";
import type { PartRecord } from "./part.ts";
import { ZstdFrame } from "./zstd-frame.ts";

/** Checks the stored bytes of a part, and decrypts them: from the storage to zstd. */
export class StoredBytes {
  readonly #part: PartRecord;
  readonly #decryptor: AgeDecryptor | undefined;
  readonly #hash = createHash("sha256");
  readonly #frame = new ZstdFrame();
  #sizeBytes = 0;

  /** Without a decryptor, the part was stored in the clear. */
  constructor(part: PartRecord, decryptor: AgeDecryptor | undefined) {
    this.#part = part;
    this.#decryptor = decryptor;
  }

  /** The compressed bytes within. @throws {BackupError} CORRUPT, WRONG_KEY */
  update(stored: Uint8Array): Uint8Array {
    this.#count(stored);
    return this.#checkFrame(
      this.#decryptor === undefined ? [stored] : this.#decryptor.update(stored),
    );
  }

  /** Counts and hashes without looking inside; gives nothing. @throws {BackupError} CORRUPT */
  skip(stored: Uint8Array): Uint8Array {
    this.#count(stored);
    return Buffer.alloc(0);
  }

  /**
   * The last compressed bytes; may be none. With `failure` it is thrown, unless the stored bytes are not right in the first
   * place.
   *
   * @throws {BackupError} CORRUPT, WRONG_KEY
   */
  final(failure: BackupError | undefined): Uint8Array {
    this.#checkStored();
    if (failure !== undefined) throw failure;
    const last = this.#checkFrame(this.#decryptor?.final() ?? []);
    if (!this.#frame.isComplete) throw corruptPart(this.#part, "its zstd frame has no end");
    return last;
  }

  #checkStored(): void {
    const { sizeBytes, sha256 } = this.#part;
    if (this.#sizeBytes !== sizeBytes) {
      throw corruptPart(this.#part, `${this.#sizeBytes} bytes are stored of ${sizeBytes}`);
    }
    if (this.#hash.digest("hex") !== sha256) {
      throw corruptPart(this.#part, "the SHA-256 of what is stored is another");
    }
  }

  #count(stored: Uint8Array): void {
    this.#sizeBytes += stored.length;
    if (this.#sizeBytes > this.#part.sizeBytes) {
      throw corruptPart(this.#part, `more is stored than its ${this.#part.sizeBytes} bytes`);
    }
    this.#hash.update(stored);
  }

  #checkFrame(pieces: readonly Uint8Array[]): Uint8Array {
    for (const piece of pieces) {
      const problem = this.#frame.update(piece);
      if (problem !== undefined) throw corruptPart(this.#part, `its zstd frame is bad: ${problem}`);
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }
}
