/** Where the data of messages goes. */
export interface FrameTarget {
  readonly buffer: Buffer;
  /** How much of it is filled. */
  used: number;
}

/** Why {@link CopyFrames.read} stopped. */
export type FrameStop =
  /** Everything was read. */
  | "empty"
  /** There is no room for more. */
  | "full"
  /** A message begins that is no data; `code` and `size` say which. Its header is read, its body is not. */
  | "message";

const copyData = 0x64;
const headerBytes = 5;

/**
 * Takes the data out of CopyData messages, however the network has cut them: a row may be longer than the buffer, and a
 * header may come in two pieces. Nothing is made per row, for there are millions.
 */
export class CopyFrames {
  /** CopyData messages that have begun: one per row, in COPY's text format. */
  rows = 0;
  /** Where the next byte is to be read. */
  at = 0;
  /** Of the message that stopped the reading: its letter, and the length of its body. */
  code = 0;
  size = 0;
  /** Bytes of the current row that have not been read. */
  #left = 0;
  #headerLength = 0;
  readonly header: Buffer = Buffer.alloc(headerBytes);

  /** Reads on from {@link CopyFrames.at}. */
  read(chunk: Buffer, target: FrameTarget): FrameStop {
    for (;;) {
      if (this.#left > 0 && !this.#readRow(chunk, target)) {
        return target.used === target.buffer.length ? "full" : "empty";
      }
      if (this.#headerLength === 0) this.#readWholeRows(chunk, target);
      if (!this.#readHeader(chunk)) return "empty";
      if (this.code !== copyData) return "message";
      this.rows += 1;
      this.#left = this.size;
    }
  }

  /** Rows that are in the chunk from their first to their last byte, and that there is room for: nearly all. */
  #readWholeRows(chunk: Buffer, target: FrameTarget): void {
    const { buffer } = target;
    const end = chunk.length - headerBytes;
    const room = buffer.length;
    let { at, rows } = this;
    let { used } = target;
    while (at <= end && chunk[at] === copyData) {
      const size = chunk.readInt32BE(at + 1) - 4;
      const from = at + headerBytes;
      if (size < 0 || from + size > chunk.length || used + size > room) break;
      chunk.copy(buffer, used, from, from + size);
      used += size;
      at = from + size;
      rows += 1;
    }
    this.at = at;
    this.rows = rows;
    target.used = used;
  }

  /** What is there of the current row, as far as there is room. True when the row is complete. */
  #readRow(chunk: Buffer, target: FrameTarget): boolean {
    const room = target.buffer.length - target.used;
    const length = Math.min(this.#left, chunk.length - this.at, room);
    chunk.copy(target.buffer, target.used, this.at, this.at + length);
    target.used += length;
    this.at += length;
    this.#left -= length;
    return this.#left === 0;
  }

  #readHeader(chunk: Buffer): boolean {
    const length = Math.min(headerBytes - this.#headerLength, chunk.length - this.at);
    chunk.copy(this.header, this.#headerLength, this.at, this.at + length);
    this.#headerLength += length;
    this.at += length;
    if (this.#headerLength < headerBytes) return false;
    this.#headerLength = 0;
    this.code = this.header[0] ?? 0;
    this.size = this.header.readUInt32BE(1) - 4;
    return true;
  }
}
