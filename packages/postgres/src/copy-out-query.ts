import type { Connection as DriverConnection, Submittable } from "pg";
import { CopyFrames, type FrameTarget } from "./copy-frames.ts";
import { copyFail } from "./copy-in-query.ts";
import { PostgresError } from "./postgres-error.ts";

/** Two of them: while one is worked on, the other is filled. */
const bufferBytes = 512 * 1024;
const buffers = 2;

const noticeResponse = 0x4e;
const notificationResponse = 0x41;
const parameterStatus = 0x53;
const copyOutResponse = 0x48;
/** Messages that may come between rows, and the one before the first. */
const between: ReadonlySet<number> = new Set([
  copyOutResponse,
  noticeResponse,
  notificationResponse,
  parameterStatus,
]);

type Listener = (chunk: Buffer<ArrayBuffer>) => void;

/**
 * `COPY … TO STDOUT` for `pg`. It reads the socket itself while rows come, and hands everything else to the driver: errors
 * and the end come from there, so that a lost connection is never the end of the data.
 */
export class CopyOutQuery implements Submittable {
  readonly #text: string;
  readonly #frames = new CopyFrames();
  readonly #free: Buffer[] = [];
  readonly #filled: Buffer[] = [];
  /** Came from the socket and is not read yet. */
  readonly #pending: Buffer<ArrayBuffer>[] = [];
  #target: FrameTarget = { buffer: Buffer.allocUnsafeSlow(bufferBytes), used: 0 };
  #spare = buffers - 1;
  /** The target is full and there is no other: nothing is read until one comes back. */
  #stuck = false;
  #discarding = false;
  /** Bytes of a message for the driver that have not come yet. */
  #passing = 0;
  #stream: DriverConnection["stream"] | undefined;
  /** How the driver listens, when it does. */
  #driver: readonly Listener[] = [];
  #attached = false;
  #copied = false;
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #onSettled: (() => void) | undefined;
  /** Of the command tag. */
  rows: number | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** CopyData messages that came. */
  get messages(): number {
    return this.#frames.rows;
  }

  /** The server has said the end, or an error: there is nothing to stop. */
  get settled(): boolean {
    return this.#end !== undefined;
  }

  /** The server was asked: if it has not settled, it must be stopped. */
  get submitted(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * The next data; undefined after the last. They are as they are until {@link CopyOutQuery.giveBack}.
   *
   * @throws what the driver gave.
   */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      const buffer = this.#filled.shift();
      if (buffer) return buffer;
      if (this.#end) return this.#rest();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The buffer of what `next` gave is used again. */
  giveBack(chunk: Buffer): void {
    this.#free.push(Buffer.from(chunk.buffer, chunk.byteOffset, bufferBytes));
    if (!this.#stuck) return;
    this.#stuck = false;
    this.#turn();
    this.#pump();
  }

  /** Reads the rest of what the server sends and forgets it. Resolves when the server has said the end. */
  async discard(): Promise<void> {
    if (this.#end) return;
    const settled = new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
    this.#discarding = true;
    this.#filled.length = 0;
    this.#target = { buffer: this.#target.buffer, used: 0 };
    this.#stuck = false;
    this.#pump();
    await settled;
  }

  submit(connection: DriverConnection): void {
    const { stream } = connection;
    this.#stream = stream;
    this.#driver = stream.rawListeners("data").filter(isListener);
    for (const listener of this.#driver) stream.off("data", listener);
    stream.on("data", this.#onData);
    this.#attached = true;
    connection.query(this.#text);
  }

  handleError(error: unknown): void {
    this.#detach();
    this.#settle(error);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const rows = /^COPY (?<rows>\d+)$/.exec(message.text)?.groups?.["rows"];
    if (rows !== undefined) this.rows = Number(rows);
  }

  handleReadyForQuery(): void {
    if (this.#copied && this.rows !== undefined) this.#settle(undefined);
    else this.#settle(notACopy());
  }

  /** `COPY … FROM STDIN` was asked for: nothing will come. */
  handleCopyInResponse(connection: DriverConnection): void {
    connection.stream.write(copyFail("copyOut reads"));
  }

  /** A second COPY in the same text. */
  handleCopyData(): void {
    this.#copied = false;
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}

  readonly #onData: Listener = (chunk) => {
    this.#pending.push(chunk);
    if (!this.#stuck) this.#pump();
  };

  #pump(): void {
    for (;;) {
      const chunk = this.#pending[0];
      if (chunk === undefined) break;
      if (this.#frames.at === chunk.length) {
        this.#pending.shift();
        this.#frames.at = 0;
      } else if (!this.#read(chunk)) return;
    }
    if (this.#stream?.isPaused() === true) this.#stream.resume();
  }

  /** False when the reading is over, for now or for good. */
  #read(chunk: Buffer): boolean {
    if (this.#passing > 0) {
      this.#pass(chunk);
      return true;
    }
    const stop = this.#frames.read(chunk, this.#target);
    if (stop === "full") return this.#turn();
    if (stop === "empty") return true;
    const { code, size, header } = this.#frames;
    if (between.has(code)) {
      this.#copied ||= code === copyOutResponse;
      this.#passing = size;
      this.#tellDriver(Buffer.from(header));
      return true;
    }
    this.#handOver(header);
    return false;
  }

  #pass(chunk: Buffer): void {
    const { at } = this.#frames;
    const length = Math.min(this.#passing, chunk.length - at);
    this.#frames.at += length;
    this.#passing -= length;
    this.#tellDriver(Buffer.from(chunk.subarray(at, at + length)));
  }

  /** The target is full: takes another. False when there is none. */
  #turn(): boolean {
    if (this.#discarding) {
      this.#target.used = 0;
      return true;
    }
    const next = this.#free.pop() ?? this.#newBuffer();
    if (next === undefined) {
      this.#stuck = true;
      this.#stream?.pause();
      return false;
    }
    if (this.#target.used > 0) this.#filled.push(this.#taken());
    this.#target = { buffer: next, used: 0 };
    this.#wake?.();
    return true;
  }

  #newBuffer(): Buffer | undefined {
    if (this.#spare === 0) return undefined;
    this.#spare -= 1;
    return Buffer.allocUnsafeSlow(bufferBytes);
  }

  #taken(): Buffer {
    return this.#target.buffer.subarray(0, this.#target.used);
  }

  #rest(): Buffer | undefined {
    if (this.#target.used === 0) return undefined;
    const rest = this.#taken();
    this.#target = { buffer: this.#target.buffer, used: 0 };
    return rest;
  }

  /** The rows are over: the driver reads on, from the header that was read. */
  #handOver(header: Buffer): void {
    const rest = [Buffer.from(header)];
    for (const [index, chunk] of this.#pending.entries()) {
      rest.push(index === 0 ? chunk.subarray(this.#frames.at) : chunk);
    }
    this.#detach();
    this.#tellDriver(Buffer.concat(rest));
    this.#stream?.resume();
  }

  #tellDriver(bytes: Buffer<ArrayBuffer>): void {
    for (const listener of this.#driver) listener(bytes);
  }

  #detach(): void {
    if (!this.#stream || !this.#attached) return;
    this.#attached = false;
    this.#pending.length = 0;
    this.#stream.off("data", this.#onData);
    for (const listener of this.#driver) this.#stream.on("data", listener);
  }

  #settle(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
    this.#onSettled?.();
  }
}

function isListener(value: unknown): value is Listener {
  return typeof value === "function";
}

function notACopy(): PostgresError {
  return new PostgresError("INVALID_OPTIONS", "The statement is not one `COPY … TO STDOUT`.");
}
