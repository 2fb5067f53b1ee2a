/** What the bytes of a message cannot be. It is never seen but with a server that is none. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const twoTo32 = 2 ** 32;

/** Reads protobuf's wire format from a place on. Names of fields are tags: the number times eight, and the wire type. */
export class WireReader {
  bytes: Buffer = Buffer.alloc(0);
  at: number = 0;

  /** A varint of at most 32 bits; what is above them is dropped. */
  varint(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new WireError("A number is too long.");
  }

  /** An int64, as digits. */
  int64Text(): string {
    const { low, high } = this.#varint64();
    // Numbers hold 53 bits.
    if (high >= -0x20_0000 && high < 0x20_0000) return String(high * twoTo32 + low);
    return String((BigInt(high) << 32n) | BigInt(low));
  }

  /** An int64 that a number can hold, as those of timestamps. */
  int64(): number {
    const { low, high } = this.#varint64();
    return high * twoTo32 + low;
  }

  double(): number {
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  /** Reads a length, and gives where what it is the length of ends. */
  end(): number {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.bytes.length) throw new WireError("A message ends before its end.");
    return end;
  }

  text(): string {
    const end = this.end();
    const text = this.bytes.toString("utf8", this.at, end);
    this.at = end;
    return text;
  }

  /** @param tag of the field that is not wanted. */
  skip(tag: number): void {
    const type = tag & 7;
    if (type === 0) this.#varint64();
    else if (type === 1) this.at += 8;
    else if (type === 2) this.at = this.end();
    else if (type === 5) this.at += 4;
    else throw new WireError(`There is no wire type ${type}.`);
  }

  #byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new WireError("A message ends before its end.");
    this.at += 1;
    return byte;
  }

  #varint64(): { readonly low: number; readonly high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high |= bits >> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) return { low: low >>> 0, high: high | 0 };
    }
    throw new WireError("A number is too long.");
  }
}
