import { statusName, toFirestoreError } from "../classify-error.ts";
import { FirestoreError } from "../firestore-error.ts";
import { cancelled } from "../limits.ts";
import type { RawWrite, RawWriteOptions, RawWriteSummary } from "../raw.ts";
import { lineOfWrite, WriteEncoder, type EncodedWrite } from "./encode-write.ts";
import { codeOf, isPassing, isPassingCode, waitBeforeTry } from "./passing-failure.ts";
import type { RawCalls } from "./raw-calls.ts";
import { readWriteStatuses, type WriteStatus } from "./raw-requests.ts";
import { WireWriter } from "./wire-writer.ts";
import { WriteRamp } from "./write-ramp.ts";

/** What one request may have. Firestore takes 10 MiB. */
const mostWrites = 500;
const mostBytes = 9 * 1024 * 1024;
const invalidArgument = 3;
/** What gRPC says of a request, with RESOURCE_EXHAUSTED. */
const tooLarge = /message (?:exceeds maximum|larger than)/i;

/** Writes documents with BatchWrite: each by itself, so that one that fails holds no other back. */
export async function writeRaw(
  calls: RawCalls,
  writes: Iterable<RawWrite> | AsyncIterable<RawWrite>,
  options: RawWriteOptions,
): Promise<RawWriteSummary> {
  calls.context.checkOpen();
  if (options.signal?.aborted === true) throw cancelled(options.signal);
  return await new RawWriting(calls, options).run(writes);
}

class RawWriting {
  readonly #calls: RawCalls;
  readonly #options: RawWriteOptions;
  readonly #encoder: WriteEncoder;
  readonly #ramp: WriteRamp;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #sending = new Set<Promise<void>>();
  #batch: EncodedWrite[] = [];
  #batchBytes = 0;
  #mostBytes = mostBytes;
  #written = 0;
  #failed = 0;
  #reason: { readonly error: unknown } | undefined;

  constructor(calls: RawCalls, options: RawWriteOptions) {
    const { requests = 4, from, ramp, signal } = options;
    if (!Number.isSafeInteger(requests) || requests < 1)
      throw new FirestoreError("INVALID_OPTIONS", "requests must be a whole number from 1 on.");
    this.#calls = calls;
    this.#options = options;
    this.#encoder = new WriteEncoder(calls.database, from);
    this.#ramp = new WriteRamp(ramp);
    const { signal: stopped } = this.#stopping;
    this.#signal = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
  }

  async run(writes: Iterable<RawWrite> | AsyncIterable<RawWrite>): Promise<RawWriteSummary> {
    try {
      for await (const write of writes) {
        await this.#take(this.#encoder.encode(write));
        if (this.#reason !== undefined) break;
        if (this.#signal.aborted) throw cancelled(this.#signal);
      }
      if (this.#batch.length > 0 && this.#reason === undefined) await this.#start();
    } catch (error) {
      this.#stop(error);
    }
    await Promise.all(this.#sending);
    if (this.#reason !== undefined) throw this.#reason.error;
    const { movedReferences } = this.#encoder;
    return { written: this.#written, failed: this.#failed, movedReferences };
  }

  async #take(write: EncodedWrite): Promise<void> {
    const isFull =
      this.#batch.length === mostWrites || this.#batchBytes + write.bytes.length > this.#mostBytes;
    if (isFull && this.#batch.length > 0) await this.#start();
    this.#batch.push(write);
    this.#batchBytes += write.bytes.length;
  }

  /** Sends the batch as soon as there is room for it. */
  async #start(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    const { requests = 4 } = this.#options;
    while (this.#sending.size >= requests) await Promise.race(this.#sending);
    if (this.#reason !== undefined) return;
    await this.#ramp.take(batch.length, this.#signal);
    const sending = this.#send(batch)
      .catch((error: unknown) => this.#stop(toFirestoreError(error)))
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  async #send(batch: readonly EncodedWrite[]): Promise<void> {
    const { retries = 10 } = this.#options;
    let rest = batch;
    for (let attempt = 0; ; attempt += 1) {
      const statuses = await this.#ask(rest, attempt < retries);
      if (statuses === undefined) return;
      const before = this.#written;
      const again = rest.filter((write, index) => {
        const status = statuses[index] ?? { code: 2, message: "The server said nothing of it." };
        if (isPassingCode(status.code) && attempt < retries) return true;
        this.#settle(write, status);
        return false;
      });
      const bytes = sizeOf(rest) - sizeOf(again);
      this.#options.onProgress?.({ written: this.#written - before, bytes });
      if (again.length === 0) return;
      await waitBeforeTry(attempt, this.#signal);
      await this.#ramp.take(again.length, this.#signal);
      rest = again;
    }
  }

  /** What became of each write; undefined when halves of them were sent instead. */
  async #ask(
    batch: readonly EncodedWrite[],
    mayRetry: boolean,
  ): Promise<readonly WriteStatus[] | undefined> {
    try {
      const answer = await this.#calls.unary("BatchWrite", this.#requestOf(batch), this.#signal);
      return readWriteStatuses(answer);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      const status = { code, message: toFirestoreError(error).message };
      const isTooLarge = tooLarge.test(status.message);
      if (isPassing(error) && !isTooLarge && mayRetry) return batch.map(() => status);
      if (code !== invalidArgument && !isTooLarge) throw error;
      if (batch.length === 1) return [status];
      // A document that the server does not take makes it refuse the whole request. Emulators take less than the cloud.
      if (isTooLarge) this.#mostBytes = Math.min(this.#mostBytes, Math.ceil(sizeOf(batch) / 2));
      const half = Math.ceil(batch.length / 2);
      await this.#send(batch.slice(0, half));
      await this.#send(batch.slice(half));
      return undefined;
    }
  }

  #requestOf(batch: readonly EncodedWrite[]): Buffer {
    const size = batch.reduce((sum, { bytes }) => sum + bytes.length + 6, 256);
    const writer = new WireWriter(size).text(10, this.#calls.database);
    for (const { bytes } of batch) writer.bytes(18, bytes);
    return writer.finish();
  }

  #settle(write: EncodedWrite, { code, message }: WriteStatus): void {
    if (code === 0) {
      this.#written += 1;
      return;
    }
    this.#failed += 1;
    const { op, path } = write;
    const { onFailure } = this.#options;
    if (onFailure !== undefined) {
      onFailure({ op, path, line: lineOfWrite(write), status: statusName(code), message });
      return;
    }
    const error = Object.assign(new Error(message), { code });
    throw toFirestoreError(error, { path, refused: "INVALID_VALUE" });
  }

  /** Takes and sends no more. The first reason counts. */
  #stop(error: unknown): void {
    this.#reason ??= { error };
    this.#stopping.abort();
  }
}

function sizeOf(writes: readonly EncodedWrite[]): number {
  return writes.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
