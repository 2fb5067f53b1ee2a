import type { PoolClient, QueryConfig, QueryResult } from "pg";
import { isConnectionLost, toPostgresError } from "./classify-error.ts";
import { PostgresError } from "./postgres-error.ts";

/** What stops a statement before it is done. */
export interface Limits {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a session needs from its pool. */
export interface SessionHost {
  readonly description: string;
  /** Asks the server to stop what this client is doing. Never rejects. */
  cancel(client: PoolClient): Promise<void>;
  isLost(client: PoolClient): boolean;
  released(session: Session): void;
}

/** How long the server has to react to a cancel before the connection is cut. */
const cancelGraceMs = 5000;
const cancelEveryMs = 500;

/** One connection, lent from the pool until `release`. Statements that are given to it at once wait for each other. */
export class Session {
  readonly client: PoolClient;
  readonly #host: SessionHost;
  #tail: Promise<unknown> = Promise.resolve();
  #running = 0;
  #tainted = false;
  #released = false;
  #cancelling: Promise<void> | undefined;
  #stopCancelling: (() => void) | undefined;

  constructor(client: PoolClient, host: SessionHost) {
    this.client = client;
    this.#host = host;
  }

  get processId(): number {
    const id: unknown = Reflect.get(this.client, "processID");
    return typeof id === "number" ? id : 0;
  }

  get lost(): boolean {
    return this.#host.isLost(this.client);
  }

  /** The session must not be used by anybody else: it is closed on release. */
  taint(): void {
    this.#tainted = true;
  }

  /** Runs one statement when those before it are done. @throws {PostgresError} */
  async run(config: QueryConfig, limits: Limits = {}): Promise<QueryResult> {
    if (this.#running === 0 && !this.#released && !isLimited(limits))
      return await this.#runAtOnce(config);
    return await this.exclusively(
      async () => await this.guard(async () => await this.client.query(config), limits),
    );
  }

  /** The common case, with as little around it as can be: single rows are measured against the bare driver. */
  async #runAtOnce(config: QueryConfig): Promise<QueryResult> {
    this.#running = 1;
    try {
      const run = this.client.query(config);
      this.#tail = run;
      return await run;
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#running -= 1;
    }
  }

  /** Runs `fn`, which uses this session several times; an aborted signal cancels what runs and does not wait for `fn`. */
  async stoppable<T>(fn: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!signal) return await fn();
    if (signal.aborted) throw cancelled(signal);
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => void this.stop().then(() => reject(cancelled(signal)));
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([fn(), aborted]);
    } catch (error) {
      throw signal.aborted ? cancelled(signal, error) : error;
    } finally {
      if (onAbort) signal.removeEventListener("abort", onAbort);
    }
  }

  /** Waits for everything before, and keeps others waiting until the returned function is called. */
  async hold(): Promise<() => void> {
    return await new Promise<() => void>((resolve, reject) => {
      this.exclusively(
        async () => await new Promise<void>((release) => resolve(() => release())),
      ).catch(reject);
    });
  }

  /** Runs `fn`, which uses the client itself, when everything before it is done. */
  async exclusively<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#released) {
      throw new PostgresError(
        "CLOSED",
        "This connection was given back and cannot be used any more.",
        {
          hint: "Await everything inside of the function that the connection was given to.",
        },
      );
    }
    const before = this.#running === 0 ? undefined : this.#tail;
    this.#running += 1;
    const run = before === undefined ? fn() : before.then(fn, fn);
    this.#tail = run.catch(() => undefined);
    try {
      return await run;
    } finally {
      this.#running -= 1;
    }
  }

  /** Runs `fn`; cancels it in the server when a limit is reached. Errors become {@link PostgresError}s. */
  async guard<T>(fn: () => Promise<T>, limits: Limits = {}): Promise<T> {
    if (isLimited(limits)) return await this.#limited(fn, limits.timeoutMs ?? 0, limits.signal);
    try {
      return await fn();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #limited<T>(
    fn: () => Promise<T>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted === true) throw cancelled(signal);
    let stoppedAs: "CANCELLED" | "TIMEOUT" | undefined;
    let stopping: Promise<void> | undefined;
    const stop = (as: "CANCELLED" | "TIMEOUT"): void => {
      stoppedAs ??= as;
      stopping ??= this.stop();
    };
    const timer = timeoutMs > 0 ? setTimeout(stop, timeoutMs, "TIMEOUT") : undefined;
    const onAbort = (): void => stop("CANCELLED");
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await fn();
    } catch (error) {
      const known = this.#failed(error, stoppedAs);
      if (stoppedAs === "CANCELLED" && signal) throw cancelled(signal, known);
      if (stoppedAs === "TIMEOUT" && known.code !== "TIMEOUT" && isConnectionLost(known)) {
        throw new PostgresError(
          "TIMEOUT",
          "The statement took longer than allowed; the connection was cut.",
          { cause: known },
        );
      }
      throw known;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      // Not before the request has arrived: it would cancel the next statement.
      await stopping;
      await this.stopped();
    }
  }

  /**
   * Cancels what runs: resolves when the server has been asked. It is asked again until it reacts, because a request that
   * comes before the statement has begun is lost; in the end the connection is cut.
   */
  async stop(): Promise<void> {
    this.#tainted = true;
    const tail = this.#tail;
    this.#cancelling = this.#host.cancel(this.client);
    await this.#cancelling;
    let tries = 1;
    const timer = setInterval(() => {
      tries += 1;
      if (tries * cancelEveryMs > cancelGraceMs) this.cut();
      else this.#cancelling = this.#host.cancel(this.client);
    }, cancelEveryMs);
    timer.unref();
    this.#stopCancelling = () => clearInterval(timer);
    tail.then(this.#stopCancelling, this.#stopCancelling);
  }

  /** After {@link Session.stop}: no request may still be on its way when the next statement begins. */
  async stopped(): Promise<void> {
    this.#stopCancelling?.();
    await this.#cancelling;
  }

  /** Closes the socket at once. Whatever runs fails with CONNECTION_LOST. */
  cut(): void {
    this.#tainted = true;
    this.client.connection.stream.destroy();
  }

  /** Gives the connection back, or closes it when it is broken, tainted or `destroy` says so. Once. */
  release(destroy = false): void {
    if (this.#released) return;
    this.#released = true;
    this.client.release(destroy || this.#tainted || this.lost || this.#running > 0);
    this.#host.released(this);
  }

  #failed(error: unknown, stoppedAs?: "CANCELLED" | "TIMEOUT"): PostgresError {
    const known = toPostgresError(error, { description: this.#host.description, stoppedAs });
    if (isConnectionLost(known)) this.#tainted = true;
    return known;
  }
}

function isLimited({ timeoutMs = 0, signal }: Limits): boolean {
  return timeoutMs > 0 || signal !== undefined;
}

/** The error for work that its signal has stopped. */
export function cancelled(signal: AbortSignal, cause?: unknown): PostgresError {
  const reason: unknown = signal.reason;
  const timeout = reason instanceof DOMException && reason.name === "TimeoutError";
  // The server only knows that it was asked to stop; the signal knows why.
  const known = timeout ? ["TIMEOUT"] : ["CANCELLED", "TIMEOUT"];
  if (cause instanceof PostgresError && known.includes(cause.code)) return cause;
  return new PostgresError(
    timeout ? "TIMEOUT" : "CANCELLED",
    timeout
      ? "The work took longer than its signal allows."
      : "The work was cancelled by its signal.",
    { cause: cause ?? reason },
  );
}
