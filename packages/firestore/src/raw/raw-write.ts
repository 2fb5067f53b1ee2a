import { statusName, toFirestoreError } from "../classify-error.ts";
import { FirestoreError } from "../firestore-error.ts";
import { cancelled } from "../limits.ts";
import type { RawWrite, RawWriteOptions, RawWriteSummary } from "../raw.ts";
import { WriteEncoder } from "./encode-write.ts";
import { codeOf, isPassing, isPassingCode, waitBeforeTry } from "./passing-failure.ts";
import type { RawCalls } from "./raw-calls.ts";
import { readWriteStatuses, type WriteStatus } from "./raw-requests.ts";
import type { WireWriter } from "./wire-writer.ts";
import { WriteBatch } from "./write-batch.ts";
import { WriteRamp } from "./write-ramp.ts";

/** What one request may have. Firestore takes 10 MiB, and gRPC copies each. */
const mostWrites = 500;
const mostBytes = 4 * 1024 * 1024;
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
  /** Memory of requests that were answered. */
  readonly #free: WireWriter[] = [];
  #batch: WriteBatch;
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
    this.#batch = new WriteBatch(calls.database);
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
      if (this.#batch.count > 0 && this.#reason === undefined) await this.#start();
    } catch (error) {
      this.#stop(error);
    }
    await Promise.all(this.#sending);
    if (this.#reason !== undefined) throw this.#reason.error;
    const { movedReferences } = this.#encoder;
    return { written: this.#written, failed: this.#failed, movedReferences };
  }

  async #take(message: Buffer): Promise<void> {
    const { count, sizeBytes } = this.#batch;
    const isFull = count === mostWrites || sizeBytes + message.length > this.#mostBytes;
    if (isFull && count > 0) await this.#start();
    this.#batch.add(message);
  }

  /** Sends the batch as soon as there is room for it. */
  async #start(): Promise<void> {
    const batch = this.#batch;
    const { requests = 4 } = this.#options;
    while (this.#sending.size >= requests) await Promise.race(this.#sending);
    if (this.#reason !== undefined) return;
    await this.#ramp.take(batch.count, this.#signal);
    this.#batch = new WriteBatch(this.#calls.database, this.#free.pop());
    const sending = this.#send(batch)
      .catch((error: unknown) => this.#stop(toFirestoreError(error)))
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  async #send(batch: WriteBatch): Promise<void> {
    const { requests = 4, retries = 10 } = this.#options;
    let rest = batch;
    for (let attempt = 0; ; attempt += 1) {
      const statuses = await this.#ask(rest, attempt < retries);
      if (statuses === undefined) return;
      const before = this.#written;
      const again = this.#settleAll(rest, statuses, attempt < retries);
      const bytes = rest.sizeBytes - (again?.sizeBytes ?? 0);
      this.#options.onProgress?.({ written: this.#written - before, bytes });
      if (again === undefined) {
        // Of a call that failed, gRPC may still have the request.
        if (attempt === 0 && this.#free.length < requests) this.#free.push(batch.writer);
        return;
      }
      await waitBeforeTry(attempt, this.#signal);
      await this.#ramp.take(again.count, this.#signal);
      rest = again;
    }
  }

  /** The writes that are to be tried again. */
  #settleAll(
    batch: WriteBatch,
    statuses: readonly WriteStatus[],
    mayRetry: boolean,
  ): WriteBatch | undefined {
    const again: number[] = [];
    for (let index = 0; index < batch.count; index += 1) {
      const status = statuses[index] ?? { code: 2, message: "The server said nothing of it." };
      if (isPassingCode(status.code) && mayRetry) again.push(index);
      else this.#settle(batch, index, status);
    }
    if (again.length === 0) return undefined;
    return again.length === batch.count ? batch : batch.pick(again);
  }

  /** What became of each write; undefined when halves of them were sent instead. */
  async #ask(batch: WriteBatch, mayRetry: boolean): Promise<readonly WriteStatus[] | undefined> {
    try {
      const answer = await this.#calls.unary("BatchWrite", batch.request, this.#signal);
      return readWriteStatuses(answer);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      const status = { code, message: toFirestoreError(error).message };
      const isTooLarge = tooLarge.test(status.message);
      if (isPassing(error) && !isTooLarge && mayRetry)
        return Array.from({ length: batch.count }, () => status);
      if (code !== invalidArgument && !isTooLarge) throw error;
      if (batch.count === 1) return [status];
      // A document that the server does not take makes it refuse the whole request. Emulators take less than the cloud.
      if (isTooLarge) this.#mostBytes = Math.min(this.#mostBytes, Math.ceil(batch.sizeBytes / 2));
      const indexes = Array.from({ length: batch.count }, (_, index) => index);
      const half = Math.ceil(batch.count / 2);
      await this.#send(batch.pick(indexes.slice(0, half)));
      await this.#send(batch.pick(indexes.slice(half)));
      return undefined;
    }
  }

  #settle(batch: WriteBatch, index: number, { code, message }: WriteStatus): void {
    if (code === 0) {
      this.#written += 1;
      return;
    }
    this.#failed += 1;
    const write = this.#encoder.describe(batch.messageAt(index));
    const { onFailure } = this.#options;
    if (onFailure !== undefined) {
      onFailure({ ...write, status: statusName(code), message });
      return;
    }
    const error = Object.assign(new Error(message), { code });
    throw toFirestoreError(error, { path: write.path, refused: "INVALID_VALUE" });
  }

  /** Takes and sends no more. The first reason counts. */
  #stop(error: unknown): void {
    this.#reason ??= { error };
    this.#stopping.abort();
  }
}
