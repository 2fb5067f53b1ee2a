const firstBytes = 1 << 20;

/** Growing memory for bytes that are made. Two take turns: one is written while the other is filled. */
export class Sink {
  bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  /** How much of it is filled. */
  at = 0;
  #other: Buffer = Buffer.allocUnsafeSlow(firstBytes);

  /** Makes room for so many more. */
  reserve(size: number): void {
    if (this.at + size > this.bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + size));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  put(part: Uint8Array): void {
    const { length } = part;
    this.reserve(length);
    const { bytes, at } = this;
    for (let index = 0; index < length; index += 1) bytes[at + index] = part[index] ?? 0;
    this.at = at + length;
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.at += this.bytes.write(text, this.at, "utf8");
  }

  /** What was made. It is as it is until the next but one is taken. */
  take(): Buffer {
    const made = this.bytes.subarray(0, this.at);
    const next = this.#other;
    // What a huge row has needed is not kept.
    this.#other =
      this.bytes.length > 8 * firstBytes ? Buffer.allocUnsafeSlow(firstBytes) : this.bytes;
    this.bytes = next;
    this.at = 0;
    return made;
  }
}
