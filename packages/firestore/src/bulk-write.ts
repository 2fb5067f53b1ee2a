import { setImmediate as nextTurn, setTimeout } from "node:timers/promises";
import type { BulkWriter, Timestamp } from "firebase-admin/firestore";
import type { BulkOptions, BulkProgress, BulkResult, BulkSummary, BulkWrite } from "./bulk.ts";
import { toFirestoreError } from "./classify-error.ts";
import type { AnyShape } from "./document-shape.ts";
import { sizeOf } from "./document-size.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import { timerMs, within } from "./limits.ts";
import type { PreparedWrite } from "./write.ts";

type Write = BulkWrite<AnyShape>;

const keptFailures = 100;
const progressEvery = 100;
const turnEvery = 100;
/** A source that lets one wait must not hold back what it gave before. */
const idleMs = 20;
/** gRPC: what the server may do on the next try. */
const passing: ReadonlySet<number> = new Set([
  1, // CANCELLED
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL
  14, // UNAVAILABLE
]);

const invalidArgument = 3;
/** The SDK makes requests of 20 writes, and Firestore takes 10 MiB of one. */
const largeBytes = 400_000;

export interface BulkTask {
  readonly context: FirestoreContext;
  readonly prepare: (write: Write) => PreparedWrite;
  readonly writes: Iterable<Write> | AsyncIterable<Write>;
  readonly options: BulkOptions;
}

/** Writes many documents through the SDK's bulk writer, which ramps up and tries again. */
export async function bulkWrite(task: BulkTask): Promise<BulkSummary> {
  const { context, options } = task;
  context.checkOpen();
  const run = new BulkRun(task);
  const stop = (): void =>
    run.stop(new FirestoreError("CLOSED", `The database ${context.description} was closed.`));
  const onAbort = (): void =>
    run.stop(
      new FirestoreError("CANCELLED", "The bulk write was stopped by an AbortSignal.", {
        cause: options.signal?.reason,
      }),
    );
  context.running.add(stop);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  try {
    return await run.run();
  } finally {
    context.running.delete(stop);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

class BulkRun {
  readonly #task: BulkTask;
  readonly #writer: BulkWriter;
  readonly #maxPending: number;
  /** The last write of each document that is on its way. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #stopped: Promise<undefined>;
  #wake: (nothing: undefined) => void = () => {};
  /** Ends the wait for the source. */
  #leave: () => void = () => {};
  readonly #failures: BulkSummary["failures"][number][] = [];
  #done = 0;
  #failed = 0;
  #reason: { readonly error: unknown } | undefined;
  #onRoom: (() => void) | undefined;
  /** Calls of onResult, one after the other. */
  #results: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(task: BulkTask) {
    const { retries = 10, maxPending = 500 } = task.options;
    checkWhole("maxPending", maxPending);
    this.#task = task;
    this.#stopped = new Promise((resolve) => (this.#wake = resolve));
    this.#maxPending = maxPending;
    const throttling = throttlingOf(task.options.ramp);
    this.#writer = task.context.client.bulkWriter({ throttling });
    this.#writer.onWriteError(
      (error) => error.failedAttempts <= retries && passing.has(error.code),
    );
  }

  /** Takes no more writes. The first reason counts. */
  stop(error: unknown): void {
    this.#reason ??= { error };
    this.#wake(undefined);
    this.#leave();
  }

  async run(): Promise<BulkSummary> {
    try {
      await this.#takeAll();
    } catch (error) {
      this.stop(error);
    }
    clearTimeout(this.#idle);
    const late = new AbortController();
    try {
      await Promise.race([this.#finish(), this.#tooLate(late.signal)]);
    } finally {
      late.abort();
    }
    this.#progress();
    if (this.#reason !== undefined) throw this.#reason.error;
    return { ...this.#counts, failures: this.#failures };
  }

  async #finish(): Promise<void> {
    await this.#task.context.track(this.#writer.close());
    await Promise.all(this.#pending.values());
    await this.#results.catch((error: unknown) => this.stop(error));
  }

  /** Who stops it does not wait for a server that does not answer. */
  async #tooLate(signal: AbortSignal): Promise<void> {
    await this.#stopped;
    const { timeoutMs } = this.#task.context;
    const waitMs = timerMs(timeoutMs === 0 ? Infinity : timeoutMs);
    await setTimeout(waitMs, undefined, { signal }).catch(() => {});
  }

  get #counts(): BulkProgress {
    return { written: this.#done, failed: this.#failed };
  }

  async #takeAll(): Promise<void> {
    const source = iteratorOf(this.#task.writes);
    let isDone = false;
    try {
      for (let index = 0; this.#reason === undefined; index += 1) {
        const next = await this.#nextOf(source);
        if (next === undefined) break;
        if (next.done === true) {
          isDone = true;
          break;
        }
        await this.#take(next.value, index);
        // Those that are refused at once wait for nothing that would let timers and signals have their turn.
        if (index % turnEvery === turnEvery - 1) await nextTurn();
      }
    } finally {
      // A source that is stuck in its own next() must not hold the end back.
      if (!isDone) void Promise.resolve(source.return?.()).catch(() => {});
    }
  }

  /** Undefined when the run is stopped. A race with `#stopped`, which lasts, would keep every write until the end. */
  async #nextOf(
    source: AsyncIterator<Write> | Iterator<Write>,
  ): Promise<IteratorResult<Write> | undefined> {
    return await new Promise((resolve, reject) => {
      this.#leave = (): void => resolve(undefined);
      Promise.resolve(source.next()).then(resolve, reject);
    });
  }

  async #take(write: Write, index: number): Promise<void> {
    let prepared: PreparedWrite;
    try {
      prepared = this.#task.prepare(write);
    } catch (error) {
      await this.#settle({ ok: false, index, path: pathOf(error), error: toFirestoreError(error) });
      return;
    }
    const { path } = prepared;
    const before = this.#pending.get(path);
    if (before !== undefined) await this.#wait(before);
    const done = this.#send(prepared, index).finally(() => {
      if (this.#pending.get(path) === done) this.#pending.delete(path);
      this.#onRoom?.();
    });
    this.#pending.set(path, done);
    this.#flushWhenIdle();
    while (this.#pending.size >= this.#maxPending)
      await this.#wait(new Promise((resolve) => (this.#onRoom = resolve)));
  }

  /** What is waited for must be on its way, and not in a batch that is not full. */
  async #wait(work: Promise<void>): Promise<void> {
    void this.#writer.flush();
    await work;
    await this.#results;
  }

  #flushWhenIdle(): void {
    if (this.#idle !== undefined) return;
    this.#idle = globalThis.setTimeout(() => {
      this.#idle = undefined;
      void this.#writer.flush();
    }, idleMs);
  }

  async #send(write: PreparedWrite, index: number): Promise<void> {
    const { path } = write;
    let result: BulkResult;
    try {
      const time = await this.#written(write);
      // The SDK has no time of deletes, and says 1970.
      result = { ok: true, index, path, writeTime: time?.toMillis() === 0 ? undefined : time };
    } catch (error) {
      result = {
        ok: false,
        index,
        path,
        error: toFirestoreError(error, { path, refused: "INVALID_VALUE" }),
      };
    }
    await this.#settle(result);
  }

  async #written(write: PreparedWrite): Promise<Timestamp | undefined> {
    if (sizeOf(write.data) > largeBytes) return await this.#alone(write);
    try {
      const answer: unknown = await write.apply(this.#writer);
      return answer instanceof this.#task.context.sdk.WriteResult ? answer.writeTime : undefined;
    } catch (error) {
      // A document that the server does not take makes it refuse the whole request, with the others in it.
      if (codeOf(error) === invalidArgument) return await this.#alone(write);
      throw error;
    }
  }

  /** In a request of its own. */
  async #alone(write: PreparedWrite): Promise<Timestamp | undefined> {
    const { context } = this.#task;
    const batch = context.client.batch();
    write.apply(batch);
    const limits = { timeoutMs: context.timeoutMs };
    const place = { path: write.path, refused: "INVALID_VALUE" } as const;
    const [result] = await within(async () => await context.track(batch.commit()), limits, place);
    return result?.writeTime;
  }

  async #settle(result: BulkResult): Promise<void> {
    if (result.ok) this.#done += 1;
    else {
      this.#failed += 1;
      if (this.#failures.length < keptFailures) this.#failures.push(result);
    }
    if ((this.#done + this.#failed) % progressEvery === 0) this.#progress();
    const { onResult } = this.#task.options;
    if (onResult === undefined) return;
    this.#results = this.#results.then(async () => await onResult(result));
    await this.#results.catch((error: unknown) => this.stop(error));
  }

  #progress(): void {
    this.#task.options.onProgress?.(this.#counts);
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new FirestoreError("INVALID_OPTIONS", `${name} must be a whole number from 1 on.`);
}

/** The SDK's form of `ramp`. */
function throttlingOf(
  ramp: BulkOptions["ramp"] = {},
): false | { readonly initialOpsPerSecond: number; readonly maxOpsPerSecond: number } {
  if (ramp === false) return false;
  const { start = 500, max = Math.max(10_000, start) } = ramp;
  checkWhole("ramp.start", start);
  checkWhole("ramp.max", max);
  return { initialOpsPerSecond: Math.min(start, max), maxOpsPerSecond: max };
}

function pathOf(error: unknown): string | undefined {
  return error instanceof FirestoreError ? error.path : undefined;
}

function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
}
