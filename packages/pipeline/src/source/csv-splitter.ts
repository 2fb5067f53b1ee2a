import type { FieldFailure } from "../failure.ts";
import {
  isLineEnd,
  lineEndIn,
  mostRecordBytes,
  PendingBytes,
  recordFailure,
  SkippedLine,
  tooLarge,
  type RawRecord,
  type RecordSplitter,
} from "./record-splitter.ts";

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Where in a record the next byte is. `closed`: behind the quote that ends a value. */
type Place = "start" | "plain" | "quoted" | "closed";

/**
 * Finds the records of a CSV file by the rules of RFC 4180, with any line ends. A parser that has met a quote which is closed wrongly, or
 * never, cannot say where the next record begins, and takes the rest of the file for one value. Here the line in which such a record
 * begins is refused, and reading goes on with the next line. Blank lines are no records.
 */
export class CsvSplitter implements RecordSplitter {
  readonly #delimiter: Buffer;
  readonly #pending = new PendingBytes();
  #records: RawRecord[] = [];
  #place: Place = "start";
  #skipped: SkippedLine | undefined;
  #startLine = 1;
  #quoteLine = 1;

  constructor(delimiter: string) {
    this.#delimiter = Buffer.from(delimiter);
  }

  push(chunk: Buffer): readonly RawRecord[] {
    this.#pending.add(chunk);
    while (this.#scan(false));
    return this.#taken();
  }

  end(): readonly RawRecord[] {
    while (this.#scan(true));
    while (this.#place === "quoted") {
      this.#refuse(`The quote that opens on line ${this.#quoteLine} is never closed.`);
      while (this.#scan(true));
    }
    const { bytes, start, at } = this.#pending;
    if (this.#skipped !== undefined) this.#records.push(this.#skipped.record());
    else if (at > start) this.#emit(bytes.subarray(start, at));
    return this.#taken();
  }

  #taken(): readonly RawRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** Goes on to where something changes; false when more bytes are needed. */
  #scan(isLast: boolean): boolean {
    if (this.#skipped !== undefined) return this.#skip(this.#skipped);
    const went = this.#place === "quoted" ? this.#scanQuoted(isLast) : this.#scanPlain(isLast);
    if (this.#pending.size <= mostRecordBytes) return went;
    this.#refuseLarge();
    return true;
  }

  #scanPlain(isLast: boolean): boolean {
    const pending = this.#pending;
    const { bytes } = pending;
    const [first] = this.#delimiter;
    const end = isLast ? bytes.length : bytes.length - this.#delimiter.length + 1;
    let { at } = pending;
    for (; at < end; at += 1) {
      const byte = bytes[at];
      if (byte === first && this.#isDelimiter(at)) {
        at += this.#delimiter.length - 1;
        this.#place = "start";
      } else if (byte === quote || isLineEnd(byte) || this.#place === "closed") break;
      else this.#place = "plain";
    }
    pending.at = at;
    if (at >= end) return false;
    if (isLineEnd(bytes[at])) return this.#endRecord();
    return this.#place === "closed" ? this.#refuseClosed() : this.#meetQuote();
  }

  #isDelimiter(at: number): boolean {
    const { length } = this.#delimiter;
    return length === 1 || this.#delimiter.equals(this.#pending.bytes.subarray(at, at + length));
  }

  #scanQuoted(isLast: boolean): boolean {
    const pending = this.#pending;
    const { bytes } = pending;
    const found = bytes.indexOf(quote, pending.at);
    this.#countLines(found < 0 ? bytes.length : found);
    if (found < 0 || (found + 1 === bytes.length && !isLast)) return false;
    if (bytes[found + 1] === quote) pending.at = found + 2;
    else {
      pending.at = found + 1;
      this.#place = "closed";
    }
    return true;
  }

  /** Moves up to a place, in a quoted value. */
  #countLines(to: number): void {
    const pending = this.#pending;
    const { bytes } = pending;
    for (let { at } = pending; at < to; at += 1) {
      const byte = bytes[at];
      if (byte === carriageReturn || (byte === lineFeed && bytes[at - 1] !== carriageReturn))
        pending.line += 1;
    }
    pending.at = to;
  }

  #meetQuote(): boolean {
    const { line } = this.#pending;
    if (this.#place !== "start")
      return this.#refuse(
        `On line ${line} there is a quote within a value that does not begin with one: such a value is to be quoted, and the quote doubled.`,
      );
    this.#place = "quoted";
    this.#quoteLine = line;
    this.#pending.at += 1;
    return true;
  }

  #endRecord(): boolean {
    const pending = this.#pending;
    // What is too large is refused behind this.
    if (pending.size > mostRecordBytes) return true;
    if (pending.size > 0) this.#emit(pending.bytes.subarray(pending.start, pending.at));
    this.#beginNext();
    return true;
  }

  #emit(bytes: Buffer): void {
    this.#records.push({ line: this.#startLine, bytes });
  }

  #beginNext(): void {
    this.#pending.passLineEnd();
    this.#startLine = this.#pending.line;
    this.#place = "start";
  }

  #refuseClosed(): boolean {
    return this.#refuse(
      `The quote that opens on line ${this.#quoteLine} is closed on line ${this.#pending.line} with something behind it: a quote within a value is to be doubled.`,
    );
  }

  #refuseLarge(): void {
    const { bytes, start } = this.#pending;
    const lineEnd = lineEndIn(bytes, start);
    const isOneLine = lineEnd < 0 || lineEnd - start > mostRecordBytes;
    const message = `The quote that opens on line ${this.#quoteLine} is not closed within 1.5 MiB; reading goes on with the next line.`;
    this.#skipLine(isOneLine ? tooLarge() : recordFailure("unreadable", message));
  }

  #refuse(message: string): boolean {
    if (this.#pending.size <= mostRecordBytes) this.#skipLine(recordFailure("unreadable", message));
    return true;
  }

  /** Refuses the line in which the record begins. */
  #skipLine(failure: FieldFailure): void {
    const pending = this.#pending;
    pending.at = pending.start;
    pending.line = this.#startLine;
    this.#place = "start";
    this.#skipped = new SkippedLine(this.#startLine, failure);
  }

  #skip(skipped: SkippedLine): boolean {
    if (!this.#pending.skipLine(skipped)) return false;
    this.#records.push(skipped.record());
    this.#skipped = undefined;
    this.#beginNext();
    return true;
  }
}
