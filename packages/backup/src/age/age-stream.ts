import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

/** Plain bytes of every chunk but the last. https://age-encryption.org/v1#payload */
export const chunkBytes: number = 64 * 1024;
const tagBytes = 16;
const sealedBytes = chunkBytes + tagBytes;
const cipher = "chacha20-poly1305";
const cipherOptions = { authTagLength: tagBytes };

/** Length of the nonce that stands before the chunks. */
export const streamNonceBytes = 16;

function streamKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/** Eleven bytes of counter, big-endian, and one that says which chunk is the last. */
class ChunkNonce {
  readonly bytes = Buffer.alloc(12);
  #counter = 0;

  next(isLast: boolean): Buffer {
    this.bytes.writeUIntBE(this.#counter, 5, 6);
    this.bytes[11] = isLast ? 1 : 0;
    this.#counter += 1;
    return this.bytes;
  }

  get isFirst(): boolean {
    return this.#counter === 0;
  }
}

/** Cuts bytes into pieces of one size, and holds the last piece back until it is known to be the last. */
class Cutter {
  readonly #held: Buffer;
  #heldBytes = 0;

  constructor(pieceBytes: number) {
    this.#held = Buffer.allocUnsafeSlow(pieceBytes);
  }

  /** Calls `take` with each piece that is whole and not the last. What it is given may change after it returns. */
  push(bytes: Uint8Array, take: (piece: Uint8Array) => void): void {
    const size = this.#held.length;
    let start = 0;
    if (this.#heldBytes > 0) {
      start = Math.min(size - this.#heldBytes, bytes.length);
      this.#hold(bytes.subarray(0, start));
      if (start === bytes.length) return;
      take(this.#held);
      this.#heldBytes = 0;
    }
    for (; bytes.length - start > size; start += size) take(bytes.subarray(start, start + size));
    this.#hold(bytes.subarray(start));
  }

  #hold(bytes: Uint8Array): void {
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes += bytes.length;
  }

  rest(): Uint8Array {
    return this.#held.subarray(0, this.#heldBytes);
  }
}

/** Encrypts the payload: STREAM of ChaCha20-Poly1305 in chunks of 64 KiB. */
export class StreamSealer {
  readonly #key: Buffer;
  readonly #nonce = new ChunkNonce();
  readonly #cutter = new Cutter(chunkBytes);

  constructor(fileKey: Uint8Array, nonce: Uint8Array) {
    this.#key = streamKey(fileKey, nonce);
  }

  update(plain: Uint8Array, out: Uint8Array[]): void {
    this.#cutter.push(plain, (piece) => this.#seal(piece, false, out));
  }

  final(out: Uint8Array[]): void {
    this.#seal(this.#cutter.rest(), true, out);
  }

  #seal(piece: Uint8Array, isLast: boolean, out: Uint8Array[]): void {
    const seal = createCipheriv(cipher, this.#key, this.#nonce.next(isLast), cipherOptions);
    out.push(seal.update(piece));
    seal.final();
    out.push(seal.getAuthTag());
  }
}

/** Decrypts the payload. What it gives out is genuine; that it is whole is known after `final` only. */
export class StreamOpener {
  readonly #key: Buffer;
  readonly #nonce = new ChunkNonce();
  readonly #cutter = new Cutter(sealedBytes);

  constructor(fileKey: Uint8Array, nonce: Uint8Array) {
    this.#key = streamKey(fileKey, nonce);
  }

  /** False when a chunk is not genuine; nothing must be asked for after that. */
  update(sealed: Uint8Array, out: Uint8Array[]): boolean {
    let isGenuine = true;
    this.#cutter.push(sealed, (piece) => {
      isGenuine &&= this.#open(piece, false, out);
    });
    return isGenuine;
  }

  /** False when the last chunk is missing, not genuine, or empty although it is not the only one. */
  final(out: Uint8Array[]): boolean {
    const piece = this.#cutter.rest();
    if (piece.length < tagBytes) return false;
    if (piece.length === tagBytes && !this.#nonce.isFirst) return false;
    return this.#open(piece, true, out);
  }

  #open(piece: Uint8Array, isLast: boolean, out: Uint8Array[]): boolean {
    const open = createDecipheriv(cipher, this.#key, this.#nonce.next(isLast), cipherOptions);
    const end = piece.length - tagBytes;
    open.setAuthTag(piece.subarray(end));
    const plain = open.update(piece.subarray(0, end));
    try {
      open.final();
    } catch {
      return false;
    }
    out.push(plain);
    return true;
  }
}
