import {
  isLineEnd,
  mostRecordBytes,
  recordFailure,
  SkippedLine,
  tooLarge,
  type RawRecord,
  type RecordSplitter,
} from "./record-splitter.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Finds the records of a JSON file: the elements of an array, or one value behind the other. It looks only at quotes, brackets and commas;
 * whether a record is JSON is asked of its parser. So a record that is none holds no other back, as long as its brackets match.
 */
export class JsonSplitter implements RecordSplitter {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the record begins; -1 while it has not begun. */
  #start = -1;
  #line = 1;
  #startLine = 1;
  #depth = 0;
  #place: "value" | "text" | "escape" = "value";
  /** The line of the array whose elements are the records; 0 outside of one. */
  #arrayLine = 0;
  #isBehindComma = false;
  #isBehindReturn = false;
  #skipped: SkippedLine | undefined;
  #records: RawRecord[] = [];
  #values = 0;

  /** The line of an array that has no end, once `end` was called; else undefined. */
  get openArrayLine(): number | undefined {
    return this.#arrayLine === 0 ? undefined : this.#arrayLine;
  }

  /** Whether there was anything at all. */
  get hasValues(): boolean {
    return this.#values > 0;
  }

  push(chunk: Buffer): readonly RawRecord[] {
    const rest = this.#start < 0 ? Buffer.alloc(0) : this.#bytes.subarray(this.#start);
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (this.#start >= 0) this.#start = 0;
    const { length } = this.#bytes;
    for (this.#at = rest.length; this.#at < length; this.#at += 1)
      this.#look(this.#bytes[this.#at] ?? 0);
    if (this.#start >= 0) this.#checkSize(length);
    return this.#taken();
  }

  end(): readonly RawRecord[] {
    if (this.#start >= 0) {
      const message = `The file ends within the record that begins on line ${this.#startLine}.`;
      const isWhole = this.#depth === 0 && this.#place === "value" && this.#arrayLine === 0;
      if (isWhole || this.#skipped !== undefined) this.#emit(this.#bytes.length);
      else
        this.#records.push({
          line: this.#startLine,
          bytes: this.#bytes.subarray(this.#start),
          failure: recordFailure("unreadable", message),
        });
    }
    return this.#taken();
  }

  #taken(): readonly RawRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #look(byte: number): void {
    if (isLineEnd(byte)) {
      if (byte === carriageReturn || !this.#isBehindReturn) this.#line += 1;
      this.#isBehindReturn = byte === carriageReturn;
    } else this.#isBehindReturn = false;
    if (this.#place === "escape") this.#place = "text";
    else if (this.#place === "text") this.#lookInText(byte);
    else this.#lookAtValue(byte);
  }

  #lookInText(byte: number): void {
    if (byte === backslash) this.#place = "escape";
    else if (byte === quote) this.#place = "value";
  }

  #lookAtValue(byte: number): void {
    switch (byte) {
      case 0x20:
      case 0x09:
      case lineFeed:
      case carriageReturn:
        if (this.#start >= 0 && this.#depth === 0 && this.#arrayLine === 0) this.#emit(this.#at);
        break;
      case quote:
        this.#begin();
        this.#place = "text";
        break;
      case openBracket:
      case openBrace:
        this.#open(byte);
        break;
      case closeBracket:
      case closeBrace:
        this.#close(byte);
        break;
      case comma:
        if (this.#depth === 0 && this.#arrayLine > 0) this.#endElement();
        else this.#begin();
        break;
      default:
        this.#begin();
    }
  }

  #begin(): void {
    if (this.#start >= 0) return;
    this.#start = this.#at;
    this.#startLine = this.#line;
  }

  #open(byte: number): void {
    const isArrayOfRecords = byte === openBracket && this.#start < 0 && this.#arrayLine === 0;
    if (isArrayOfRecords) {
      this.#arrayLine = this.#line;
      this.#values += 1;
      return;
    }
    this.#begin();
    this.#depth += 1;
  }

  #close(byte: number): void {
    if (this.#depth > 0) {
      this.#depth -= 1;
      if (this.#depth === 0 && this.#arrayLine === 0) this.#emit(this.#at + 1);
    } else if (byte === closeBracket && this.#arrayLine > 0) {
      if (this.#start >= 0 || this.#isBehindComma) this.#endElement();
      this.#isBehindComma = false;
      this.#arrayLine = 0;
    } else this.#begin();
  }

  #endElement(): void {
    this.#begin();
    this.#emit(this.#at);
    this.#isBehindComma = true;
  }

  #emit(end: number): void {
    this.#checkSize(end);
    const line = this.#startLine;
    const bytes = this.#bytes.subarray(this.#start, end);
    this.#skipped?.add(bytes);
    this.#records.push(this.#skipped?.record() ?? { line, bytes });
    this.#skipped = undefined;
    this.#start = -1;
    this.#values += 1;
  }

  /** Keeps only the beginning of a record that is too large. */
  #checkSize(end: number): void {
    if (this.#skipped === undefined && end - this.#start <= mostRecordBytes) return;
    this.#skipped ??= new SkippedLine(this.#startLine, tooLarge());
    this.#skipped.add(this.#bytes.subarray(this.#start, end));
    this.#start = end;
  }
}
