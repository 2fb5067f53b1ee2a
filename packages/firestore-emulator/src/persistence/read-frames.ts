import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { frameHeaderAt, frameHeaderBytes, matchesChecksum } from "./frame.ts";
import { fileHeaderBytes, fileHeaderOf, type JournalFile } from "./journal-file.ts";

/** How far the frames of a file are whole. */
export interface FramesEnd {
  /** The first byte that is not part of a whole frame; the size of the file when all are. */
  readonly offset: number;
  readonly size: number;
  /** What is wrong there. */
  readonly damage?: "cut" | "header" | "checksum" | undefined;
  /** A frame begins after the damage. */
  readonly followed?: boolean;
  /** The damaged place was on disk before: a frame after it says so. */
  readonly wasDurable?: boolean;
}

/**
 * Reads a file from its start, as much as is whole, a piece at a time. The bytes that `use` gets are only good until it
 * returns; what it throws ends the reading.
 */
export async function readFrames(
  file: JournalFile,
  use: (record: Buffer, offset: number) => void,
): Promise<FramesEnd> {
  const descriptor = openSync(file.path, "r");
  try {
    const window = new FileWindow(descriptor);
    const header = window.bytes(0, fileHeaderBytes);
    if (!header) return { offset: 0, size: window.size, damage: "cut" };
    if (!header.equals(fileHeaderOf(file))) return await damageAt(window, file, 0, "header");
    let offset = fileHeaderBytes;
    while (offset < window.size) {
      const next = frameEnd(window, { file: file.number, offset }, use);
      if (typeof next === "string") return await damageAt(window, file, offset, next);
      offset = next;
      await window.letOthersRun();
    }
    return { offset, size: window.size };
  } finally {
    closeSync(descriptor);
  }
}

/** Hands out the record at that place and returns where the next one begins, or what is wrong. */
function frameEnd(
  window: FileWindow,
  place: { readonly file: number; readonly offset: number },
  use: (record: Buffer, offset: number) => void,
): number | "cut" | "header" | "checksum" {
  const start = window.bytes(place.offset, frameHeaderBytes);
  if (!start) return "cut";
  const header = frameHeaderAt(start, 0, place);
  if (!header) return "header";
  const record = window.bytes(place.offset + frameHeaderBytes, header.length);
  if (!record) return "cut";
  if (!matchesChecksum(record, header)) return "checksum";
  use(record, place.offset);
  return place.offset + frameHeaderBytes + header.length;
}

/** Looks for frames after a damaged place. */
async function damageAt(
  window: FileWindow,
  file: JournalFile,
  offset: number,
  damage: "cut" | "header" | "checksum",
): Promise<FramesEnd> {
  let followed = false;
  let wasDurable = false;
  const step = 1 << 16;
  for (let at = offset + 1; at + frameHeaderBytes <= window.size && !wasDurable; at += step) {
    const length = Math.min(step + frameHeaderBytes - 1, window.size - at);
    const bytes = window.bytes(at, length) ?? Buffer.alloc(0);
    for (let index = 0; index + frameHeaderBytes <= bytes.length; index += 1) {
      const header = frameHeaderAt(bytes, index, { file: file.number, offset: at + index });
      if (header) {
        followed = true;
        wasDurable ||= header.durable > offset;
      }
    }
    await window.letOthersRun();
  }
  return { offset, size: window.size, damage, followed, wasDurable };
}

const windowBytes = 1 << 20;

/** Reads a file from front to back with one read for many small pieces. */
class FileWindow {
  readonly size: number;
  readonly #descriptor: number;
  #buffer = Buffer.alloc(0);
  #start = 0;
  #moved = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.size = fstatSync(descriptor).size;
  }

  /** The bytes at that place, until the next call; `undefined` when the file ends before. */
  bytes(offset: number, length: number): Buffer | undefined {
    if (offset + length > this.size) return undefined;
    if (offset < this.#start || offset + length > this.#start + this.#buffer.length) {
      this.#move(offset, Math.min(Math.max(length, windowBytes), this.size - offset));
    }
    const index = offset - this.#start;
    return this.#buffer.subarray(index, index + length);
  }

  /** Once for each piece that was read from the file. */
  async letOthersRun(): Promise<void> {
    if (!this.#moved) return;
    this.#moved = false;
    await nextTurn();
  }

  #move(offset: number, length: number): void {
    const buffer = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const count = readSync(this.#descriptor, buffer, read, length - read, offset + read);
      if (count === 0) throw new RangeError("the file became shorter while it was read");
      read += count;
    }
    this.#buffer = buffer;
    this.#start = offset;
    this.#moved = true;
  }
}
