import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** Room for 500 documents of a kibibyte. */
const memoryBytes = 512 * 1024;
const writesTag = 18;

/**
 * A BatchWriteRequest, written as its writes come. They lie one behind the other in one piece of memory: an object for each
 * would live until its request is answered, long enough for V8 to let its young generation grow to its limit.
 */
export class WriteBatch {
  readonly #database: string;
  readonly #writer: WireWriter;
  readonly #starts: number[] = [];
  #sizeBytes = 0;

  /**
   * @param database `projects/p/databases/d`
   * @param writer of a batch that nobody needs any more: its memory is used again.
   */
  constructor(database: string, writer: WireWriter = new WireWriter(memoryBytes)) {
    this.#database = database;
    this.#writer = writer;
    writer.clear();
    writer.text(10, database);
  }

  get count(): number {
    return this.#starts.length;
  }

  /** What the messages of its writes take. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** For the next batch, once nobody needs this one. */
  get writer(): WireWriter {
    return this.#writer;
  }

  /** In the memory of the batch. */
  get request(): Buffer {
    return this.#writer.view();
  }

  /** @param message of a write. It is copied. */
  add(message: Uint8Array): void {
    this.#starts.push(this.#writer.length);
    this.#sizeBytes += message.length;
    this.#writer.bytes(writesTag, message);
  }

  /** The message of a write, in the memory of the batch. */
  messageAt(index: number): Buffer {
    const reader = new WireReader();
    reader.bytes = this.request;
    reader.at = this.#starts[index] ?? reader.bytes.length;
    reader.varint();
    const end = reader.end();
    return reader.bytes.subarray(reader.at, end);
  }

  /** Copies of some of its writes. */
  pick(indexes: readonly number[]): WriteBatch {
    const messages = indexes.map((index) => this.messageAt(index));
    const sizeBytes = messages.reduce((sum, { length }) => sum + length + 6, 256);
    const picked = new WriteBatch(this.#database, new WireWriter(sizeBytes));
    for (const message of messages) picked.add(message);
    return picked;
  }
}
