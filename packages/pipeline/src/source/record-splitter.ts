import { StringDecoder } from "node:string_decoder";
import type { FieldFailure } from "../failure.ts";

/** What a record may have at most: a document of Firestore holds 1 MiB, and a text is longer in a file than in one. */
export const mostRecordBytes: number = 1.5 * 1024 * 1024;

/** The bytes of one record, as they are in the file. */
export interface RawRecord {
  /** Where it begins, from 1. */
  readonly line: number;
  /** Without its line end. Of a record with a failure, the beginning of it. */
  readonly bytes: Buffer;
  /** Why it is no record. */
  readonly failure?: FieldFailure;
}

/** Finds where records begin and end, without holding more than one. */
export interface RecordSplitter {
  /** The records that end in this chunk, which is not to be written to any more. */
  push(chunk: Buffer): readonly RawRecord[];
  /** The records that were not at their end yet. */
  end(): readonly RawRecord[];
}

const mostTextBytes = 4096;

/** What there was of a record that is none, for the file of rejects: 4 KiB at most, and what is no UTF-8 replaced. */
export function rejectedText(bytes: Buffer): string {
  const cut = bytes.subarray(0, mostTextBytes);
  // Does not show half a character at the cut as one that is wrong.
  const decoder = new StringDecoder("utf8");
  return cut.length < bytes.length ? decoder.write(cut) : cut.toString("utf8");
}

/** A line that is no record, of which only the beginning is kept. */
export class SkippedLine {
  readonly #line: number;
  readonly #failure: FieldFailure;
  readonly #parts: Buffer[] = [];
  #size = 0;

  constructor(line: number, failure: FieldFailure) {
    this.#line = line;
    this.#failure = failure;
  }

  add(bytes: Buffer): void {
    // One byte more than is shown: so it is known that there was more.
    const part = bytes.subarray(0, mostTextBytes + 1 - this.#size);
    if (part.length === 0) return;
    this.#size += part.length;
    this.#parts.push(Buffer.from(part));
  }

  record(): RawRecord {
    return { line: this.#line, bytes: Buffer.concat(this.#parts), failure: this.#failure };
  }
}

/** The failure of a whole record. */
export function recordFailure(code: FieldFailure["code"], message: string): FieldFailure {
  return { field: "", code, message };
}

/** The failure of a record that is larger than any may be. */
export function tooLarge(): FieldFailure {
  return recordFailure(
    "too_large",
    "The record is larger than 1.5 MiB: no document of Firestore holds it.",
  );
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Whether a byte ends a line. */
export function isLineEnd(byte: number | undefined): boolean {
  return byte === lineFeed || byte === carriageReturn;
}

/** Where the first line from a place on ends, without its line end; -1 when it does not. */
export function lineEndIn(bytes: Buffer, from: number): number {
  const feed = bytes.indexOf(lineFeed, from);
  const before = feed < 0 ? bytes : bytes.subarray(0, feed);
  const carriage = before.indexOf(carriageReturn, from);
  return carriage < 0 ? feed : carriage;
}

/** Bytes that have come and are not done with, and the line that they are at. */
export class PendingBytes {
  bytes: Buffer = Buffer.alloc(0);
  /** The next byte to look at. */
  at = 0;
  /** Where the record begins: all before it is forgotten with the next chunk. */
  start = 0;
  /** Of `at`. */
  line = 1;
  /** A carriage return came last: a line feed is part of the same line end. */
  #isBehindReturn = false;

  /** How much of the record was looked at. */
  get size(): number {
    return this.at - this.start;
  }

  add(chunk: Buffer): void {
    const rest = this.bytes.subarray(this.start);
    this.at -= this.start;
    this.start = 0;
    this.bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#passFeed();
  }

  /** Moves to the end of the line, and forgets what is before it; false when it is not there yet. */
  skipLine(skipped: SkippedLine): boolean {
    const found = lineEndIn(this.bytes, this.at);
    const end = found < 0 ? this.bytes.length : found;
    skipped.add(this.bytes.subarray(this.at, end));
    this.at = end;
    this.start = end;
    return found >= 0;
  }

  /** Passes the line end at `at`; what follows is the next record's. */
  passLineEnd(): void {
    this.#isBehindReturn = this.bytes[this.at] === carriageReturn;
    this.at += 1;
    this.line += 1;
    this.start = this.at;
    this.#passFeed();
  }

  #passFeed(): void {
    if (!this.#isBehindReturn || this.start >= this.bytes.length) return;
    this.#isBehindReturn = false;
    if (this.at !== this.start || this.bytes[this.at] !== lineFeed) return;
    this.at += 1;
    this.start = this.at;
  }
}
