import type { RawBatch, RawLine } from "../raw.ts";
import { DocumentJson } from "./document-json.ts";
import { JsonOutput } from "./json-output.ts";
import type { StreamControl } from "./raw-calls.ts";
import { WireReader } from "./wire-reader.ts";

/** Compressors want large pieces: at 256 KiB they are about as fast as they get. */
const batchBytes = 256 * 1024;
const memoryBytes = batchBytes + 64 * 1024;
/** While one is worked on, the next is made. */
const mostReady = 2;

/** Makes batches of lines of the messages of a stream, and holds the stream back while nobody takes them. */
export class BatchFeed {
  readonly #prefix: string;
  readonly #batchBytes: number;
  readonly #json = new DocumentJson(new JsonOutput(memoryBytes));
  readonly #reader = new WireReader();
  readonly #ready: RawBatch[] = [];
  #lines: RawLine[] = [];
  #end: { readonly error: unknown } | undefined;
  #isEnded = false;
  #paused: StreamControl | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param database `projects/p/databases/d`
   * @param options.whole makes one batch of all.
   */
  constructor(database: string, { whole = false }: { readonly whole?: boolean } = {}) {
    this.#prefix = `${database}/documents/`;
    this.#batchBytes = whole ? Infinity : batchBytes;
  }

  /** Takes a RunQueryResponse or a BatchGetDocumentsResponse: both have the document in their first field. */
  readonly onMessage = (message: Buffer, stream: StreamControl): void => {
    const reader = this.#reader;
    reader.bytes = message;
    reader.at = 0;
    while (reader.at < message.length) {
      const tag = reader.varint();
      if (tag !== 10) {
        reader.skip(tag);
        continue;
      }
      const end = reader.end();
      this.#add(message, reader.at, end);
      reader.at = end;
    }
    if (this.#json.output.length < this.#batchBytes) return;
    this.#flush();
    if (this.#ready.length < mostReady) return;
    this.#paused = stream;
    stream.pause();
  };

  /** No more messages come: the stream is at its end, or broken. */
  finish(failure?: { readonly error: unknown }): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#flush();
    this.#end = failure;
    this.#wake?.();
  }

  /** The next batch; undefined at the end. Rejects with what broke the stream, after all that came before. */
  async next(): Promise<RawBatch | undefined> {
    while (this.#ready.length === 0 && !this.#isEnded)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    const batch = this.#ready.shift();
    if (batch !== undefined) {
      this.#paused?.resume();
      this.#paused = undefined;
      return batch;
    }
    if (this.#end !== undefined) throw this.#end.error;
    return undefined;
  }

  #add(message: Buffer, start: number, end: number): void {
    const { name, end: lineEnd, updateTimeUs } = this.#json.add(message, start, end);
    this.#lines.push({ path: name.slice(this.#prefix.length), end: lineEnd, updateTimeUs });
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    this.#ready.push({ bytes: this.#json.output.take(memoryBytes), lines: this.#lines });
    this.#lines = [];
    this.#wake?.();
  }
}
