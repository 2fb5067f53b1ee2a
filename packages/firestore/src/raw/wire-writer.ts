const twoTo32 = 2 ** 32;

/** Writes protobuf's wire format. Names of fields are tags: the number times eight, and the wire type. */
export class WireWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(sizeBytes = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.view());
  }

  /** What was written, in the memory of the writer: good until more is written. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written, and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  varint(tag: number, value: number): this {
    this.#varint(tag);
    this.#varint(value);
    return this;
  }

  int64(tag: number, value: bigint): this {
    this.#varint(tag);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
    return this;
  }

  /** An int64 that a number can hold. */
  integer(tag: number, value: number): this {
    if (value >= 0 && value < twoTo32) return this.varint(tag, value);
    return this.int64(tag, BigInt(value));
  }

  double(tag: number, value: number): this {
    this.#varint(tag);
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    return this;
  }

  text(tag: number, value: string): this {
    return this.message(tag, () => {
      // UTF-8 has at most three bytes for each unit of UTF-16.
      this.#room(value.length * 3);
      this.#length += this.#bytes.write(value, this.#length);
    });
  }

  bytes(tag: number, value: Uint8Array): this {
    this.#varint(tag);
    this.#varint(value.length);
    this.raw(value);
    return this;
  }

  /** Bytes that are a message, or fields of one. */
  raw(value: Uint8Array): this {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** What `write` writes, with its length before it. */
  message(tag: number, write: () => void): this {
    this.#varint(tag);
    const before = this.#length;
    this.#byte(0);
    write();
    const length = this.#length - before - 1;
    if (length < 128) {
      this.#bytes[before] = length;
      return this;
    }
    // The length needs more room than was left for it.
    const extra = sizeOfVarint(length) - 1;
    this.#room(extra);
    this.#bytes.copyWithin(before + 1 + extra, before + 1, this.#length);
    this.#length = before;
    this.#varint(length);
    this.#length += length;
    return this;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#byte((rest & 127) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #room(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}
