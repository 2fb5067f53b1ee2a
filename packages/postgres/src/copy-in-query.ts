import type { Connection as DriverConnection, Submittable } from "pg";

const copyDone = Buffer.from([0x63, 0, 0, 0, 4]);
const copyData = 0x64;
const headerBytes = 5;
/** The server holds a message whole. Two buffers of this size: one is on its way while the other is filled. */
const messageBytes = 512 * 1024;

/**
 * `COPY … FROM STDIN` for `pg`. What is written is copied once: small chunks become large messages, and their memory is free again
 * at once.
 */
export class CopyInQuery implements Submittable {
  readonly #text: string;
  #connection: DriverConnection | undefined;
  #rows: number | undefined;
  #ready: () => void = () => {};
  #settle: (end: { readonly error: unknown }) => void = () => {};
  #over = false;
  #filling: Buffer = Buffer.allocUnsafeSlow(messageBytes);
  #spare: Buffer = Buffer.allocUnsafeSlow(messageBytes);
  #used = headerBytes;
  #sending: Promise<void> = Promise.resolve();
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

  /** Resolves when the bytes are taken over. What comes after the server's refusal is dropped. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && !this.#over;) {
      const piece = chunk.subarray(at, at + messageBytes - this.#used);
      this.#filling.set(piece, this.#used);
      this.#used += piece.length;
      at += piece.length;
      if (this.#used === messageBytes) await this.#send();
    }
  }

  /** Resolves when the socket has everything. */
  async end(): Promise<void> {
    if (this.#used > headerBytes) await this.#send();
    await this.#sending;
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

  /** Sends what is collected, as soon as the socket has taken what went before. */
  async #send(): Promise<void> {
    await this.#sending;
    const stream = this.#connection?.stream;
    const message = this.#filling.subarray(0, this.#used);
    message.writeUInt8(copyData);
    message.writeUInt32BE(this.#used - 1, 1);
    this.#filling = this.#spare;
    this.#spare = Buffer.from(message.buffer, message.byteOffset, messageBytes);
    this.#used = headerBytes;
    if (!stream || this.#over) return;
    this.#sending = new Promise((resolve) => {
      // An error is the connection's: the driver tells of it.
      stream.write(message, () => resolve());
    });
  }

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
