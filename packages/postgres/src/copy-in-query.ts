import type { Duplex } from "node:stream";
import type { Connection as DriverConnection, Submittable } from "pg";

const copyDone = Buffer.from([0x63, 0, 0, 0, 4]);
const copyData = 0x64;
/** The server holds a message whole. */
const messageBytes = 1024 * 1024;

/** `COPY … FROM STDIN` for `pg`: each chunk is one message, or a few, and is not copied. */
export class CopyInQuery implements Submittable {
  readonly #text: string;
  #connection: DriverConnection | undefined;
  #rows: number | undefined;
  #ready: () => void = () => {};
  #settle: (end: { readonly error: unknown }) => void = () => {};
  #over = false;
  /** Fulfilled when the server asks for the data. */
  readonly ready: Promise<void>;
  /** Fulfilled when the server has said the end, or why not. */
  readonly settled: Promise<{ readonly error: unknown }>;

  constructor(text: string) {
    this.#text = text;
    this.ready = new Promise((resolve) => {
      this.#ready = resolve;
    });
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Of the command tag; undefined when the statement was no COPY. */
  get rows(): number | undefined {
    return this.#rows;
  }

  /** Resolves when the socket has the bytes. What comes after the server's refusal is dropped. */
  async write(chunk: Uint8Array): Promise<void> {
    const stream = this.#connection?.stream;
    if (!stream) return;
    for (let at = 0; at < chunk.length && !this.#over; at += messageBytes) {
      await writeMessage(stream, chunk.subarray(at, at + messageBytes));
    }
  }

  end(): void {
    if (!this.#over) this.#connection?.stream.write(copyDone);
  }

  /** Tells the server that the data end here because of a failure. */
  fail(reason: string): void {
    if (!this.#over) this.#connection?.stream.write(copyFail(reason));
  }

  submit(connection: DriverConnection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleCopyInResponse(): void {
    this.#ready();
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const rows = /^COPY (?<rows>\d+)$/.exec(message.text)?.groups?.["rows"];
    this.#rows = rows === undefined ? undefined : Number(rows);
  }

  handleReadyForQuery(): void {
    this.#finish(undefined);
  }

  handleError(error: unknown): void {
    this.#finish(error);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handleCopyData(): void {}

  #finish(error: unknown): void {
    this.#over = true;
    this.#settle({ error });
  }
}

/** The message that ends a COPY by a failure of this side. */
export function copyFail(reason: string): Buffer {
  const text = Buffer.from(`${reason}\0`);
  const header = Buffer.from([0x66, 0, 0, 0, 0]);
  header.writeUInt32BE(text.length + 4, 1);
  return Buffer.concat([header, text]);
}

async function writeMessage(stream: Duplex, data: Uint8Array): Promise<void> {
  const header = Buffer.alloc(5);
  header.writeUInt8(copyData);
  header.writeUInt32BE(data.length + 4, 1);
  stream.cork();
  stream.write(header);
  await new Promise<void>((resolve) => {
    // An error is the connection's: the driver tells of it.
    stream.write(data, () => resolve());
    stream.uncork();
  });
}
