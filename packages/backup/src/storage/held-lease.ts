import { BackupError } from "../backup-error.ts";
import { formatLeaseRecord, parseLeaseRecord, type LeaseRecord } from "./lease-record.ts";
import type { Storage } from "./storage.ts";

/** Where a lease is written. */
export interface LeaseWriter {
  readonly storage: Storage;
  readonly key: string;
  /** With conditions. */
  readonly isGuarded: boolean;
}

/** What was acquired. */
export interface Acquired {
  readonly record: LeaseRecord;
  readonly etag: string;
  /** By the monotonic clock, before it was written. */
  readonly acquiredAt: number;
  readonly now?: (() => Date) | undefined;
}

/** The leases of this process. */
const held = new Set<string>();

/** Whether this process holds the lease of that token. */
export function isHeldHere(token: string): boolean {
  return held.has(token);
}

/** A lease while this process has it. */
export class HeldLease {
  readonly token: string;
  readonly isGuarded: boolean;
  readonly #writer: LeaseWriter;
  readonly #now: () => Date;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #record: LeaseRecord;
  #etag: string;
  /** When the last renewal that succeeded was begun, by the monotonic clock: what others wait for began later. */
  #renewed: number;
  #queue: Promise<void> = Promise.resolve();
  #isReleased = false;

  constructor(
    writer: LeaseWriter,
    { record, etag, acquiredAt, now = (): Date => new Date() }: Acquired,
  ) {
    held.add(record.token);
    this.#renewed = acquiredAt;
    this.token = record.token;
    this.isGuarded = writer.isGuarded;
    this.#writer = writer;
    this.#record = record;
    this.#etag = etag;
    this.#now = now;
    this.#timer = setInterval(() => this.#beat(), record.ttlMs / 3).unref();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  async check(): Promise<void> {
    if (!this.#isReleased) await this.#inTurn(async () => await this.#renew());
    this.#lost.signal.throwIfAborted();
    if (this.#isReleased) throw lost(this.#writer, "it was given up");
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearInterval(this.#timer);
    await this.#inTurn(async () => {
      if (!this.#lost.signal.aborted) await this.#write({ released: true });
    }).catch(() => undefined);
    held.delete(this.token);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #beat(): void {
    const left = this.#leftMs();
    if (left <= 0) this.#lose("it could not be renewed in time");
    this.#inTurn(async () => await this.#renew()).catch(() => undefined);
  }

  #leftMs(): number {
    return this.#record.ttlMs - (performance.now() - this.#renewed);
  }

  async #renew(): Promise<void> {
    if (this.#lost.signal.aborted || this.#isReleased) return;
    // What is not done when the time is over is too late.
    const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(this.#leftMs())));
    const began = performance.now();
    try {
      await this.#write({ signal: deadline });
      this.#renewed = began;
    } catch (error) {
      if (isTaken(error)) this.#lose("somebody else took it over", error);
      else if (this.#leftMs() <= 0) this.#lose("it could not be renewed in time", error);
      // Otherwise the next beat tries again.
    }
  }

  /** @throws {BackupError} CONFLICT when it is not ours any more. */
  async #write({
    released = false,
    signal,
  }: {
    readonly released?: boolean;
    readonly signal?: AbortSignal;
  }): Promise<void> {
    const { storage, key } = this.#writer;
    this.#record = {
      ...this.#record,
      renewedAt: this.#now().toISOString(),
      beat: this.#record.beat + 1,
      released,
    };
    const body = formatLeaseRecord(this.#record);
    if (!this.isGuarded) {
      await this.#adopt(signal);
      await storage.put(key, body, { signal });
      return;
    }
    try {
      this.#etag = (await storage.put(key, body, { ifMatch: this.#etag, signal })).etag;
    } catch (error) {
      if (!isTaken(error)) throw error;
      // A renewal that seemed to fail may have been done after all.
      await this.#adopt(signal);
      this.#etag = (await storage.put(key, body, { ifMatch: this.#etag, signal })).etag;
    }
  }

  /** Goes on from what is stored, when it is ours. */
  async #adopt(signal: AbortSignal | undefined): Promise<void> {
    const { storage, key } = this.#writer;
    const found = await storage.get(key, { signal });
    if (!found || parseLeaseRecord(found.body)?.token !== this.token)
      throw new BackupError("CONFLICT", `The lease ${key} has another holder.`, { key });
    this.#etag = found.etag;
  }

  #lose(why: string, cause?: unknown): void {
    clearInterval(this.#timer);
    held.delete(this.token);
    this.#lost.abort(lost(this.#writer, why, cause));
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    await turn;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof BackupError && error.code === "CONFLICT";
}

function lost({ storage, key }: LeaseWriter, why: string, cause?: unknown): BackupError {
  return new BackupError(
    "LEASE_LOST",
    `The lease ${key} of ${storage.description} was lost: ${why}.`,
    {
      hint: "Nothing more was done without it. Look whether another one runs, and start again.",
      key,
      cause,
    },
  );
}
