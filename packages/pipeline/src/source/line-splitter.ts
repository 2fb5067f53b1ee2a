import {
  lineEndIn,
  mostRecordBytes,
  PendingBytes,
  SkippedLine,
  tooLarge,
  type RawRecord,
  type RecordSplitter,
} from "./record-splitter.ts";

/** Makes a record of each line that is not blank: for NDJSON, of which no value has a line end in it. */
export class LineSplitter implements RecordSplitter {
  readonly #pending = new PendingBytes();
  #records: RawRecord[] = [];
  #skipped: SkippedLine | undefined;

  push(chunk: Buffer): readonly RawRecord[] {
    this.#pending.add(chunk);
    while (this.#endLine());
    return this.#taken();
  }

  end(): readonly RawRecord[] {
    const { bytes, start, line } = this.#pending;
    if (this.#skipped === undefined) this.#emit(bytes.subarray(start), line);
    else this.#records.push(this.#skipped.record());
    return this.#taken();
  }

  #taken(): readonly RawRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** False when the line's end is not there yet. */
  #endLine(): boolean {
    const pending = this.#pending;
    if (this.#skipped !== undefined) {
      if (!pending.skipLine(this.#skipped)) return false;
      this.#records.push(this.#skipped.record());
      this.#skipped = undefined;
    } else {
      const found = lineEndIn(pending.bytes, pending.at);
      pending.at = found < 0 ? pending.bytes.length : found;
      if (pending.size > mostRecordBytes) return this.#skipLine();
      if (found < 0) return false;
      this.#emit(pending.bytes.subarray(pending.start, found), pending.line);
    }
    pending.passLineEnd();
    return true;
  }

  #skipLine(): boolean {
    const pending = this.#pending;
    pending.at = pending.start;
    this.#skipped = new SkippedLine(pending.line, tooLarge());
    return true;
  }

  #emit(bytes: Buffer, line: number): void {
    if (bytes.some((byte) => byte !== 0x20 && byte !== 0x09)) this.#records.push({ line, bytes });
  }
}
