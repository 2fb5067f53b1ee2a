import { Pool, type ClientBase, type PoolClient as LentClient, type PoolConfig } from "pg";
import { backoffMs, pause } from "./backoff.ts";
import { sendCancelRequest } from "./cancel-request.ts";
import { toPostgresError } from "./classify-error.ts";
import type { ConnectionTarget } from "./connection-url.ts";
import { PoolClient } from "./pool-client.ts";
import { PostgresError } from "./postgres-error.ts";
import type { Notice, PoolState, PostgresOptions } from "./postgres.ts";
import { cancelled, Session, type SessionHost } from "./session.ts";

/** What a pool is made of. */
export interface PoolSettings {
  readonly target: ConnectionTarget;
  /** Everything that `pg` is told. */
  readonly config: PoolConfig;
  readonly ssl: Exclude<PoolConfig["ssl"], true | undefined>;
  readonly retries: number;
  /** Statements that make a new session what this package expects. */
  readonly sessionSql: string;
  readonly onNotice: PostgresOptions["onNotice"];
  readonly onRetry: PostgresOptions["onRetry"];
}

export interface AcquireOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: the pool's. */
  readonly retries?: number;
}

/** A connection that was not used for so long is asked before it is trusted: a sleeping server may have dropped it silently. */
const staleAfterMs = 10_000;
const backoff = { baseMs: 200, maxMs: 5000 };

/** Connections to one database: made when needed, tried again when the server sleeps, never more than the pool's size. */
export class ConnectionPool implements SessionHost {
  readonly description: string;
  readonly #settings: PoolSettings;
  readonly #pool: Pool;
  readonly #active = new Set<Session>();
  readonly #open = new Set<ClientBase>();
  readonly #lost = new WeakSet<ClientBase>();
  readonly #lastUsed = new WeakMap<ClientBase, number>();
  /** Callers that wait for a connection. They asked before `close()`, so it waits for them. */
  #waiting = 0;
  /** Aborted when `close()` waits no longer. */
  readonly #givenUp = new AbortController();
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.description = settings.target.description;
    this.#pool = new Pool({
      ...settings.config,
      Client: PoolClient,
      // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool waits for it; its types do not know
      onConnect: async (client) => {
        this.#watch(client);
        if (settings.sessionSql !== "") await client.query(settings.sessionSql);
      },
    });
    // An idle connection that the server closes is nobody's error: the pool has dropped it already.
    this.#pool.on("error", () => undefined);
  }

  get database(): string {
    return this.#settings.target.database;
  }

  get state(): PoolState {
    const { totalCount, idleCount, waitingCount, options } = this.#pool;
    return { size: options.max, open: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /** Lends a connection. @throws {PostgresError} CLOSED, POOL_EXHAUSTED, or why no connection could be made. */
  async acquire({
    signal,
    retries = this.#settings.retries,
  }: AcquireOptions = {}): Promise<Session> {
    if (this.#closing) throw closed();
    this.#waiting += 1;
    try {
      return await this.#tryToLend(signal, retries);
    } finally {
      this.#waiting -= 1;
      this.#tellIfIdle();
    }
  }

  async #tryToLend(signal: AbortSignal | undefined, retries: number): Promise<Session> {
    const { signal: closing } = this.#givenUp;
    const stop = signal ? AbortSignal.any([signal, closing]) : closing;
    for (let attempt = 1; ; attempt++) {
      if (signal?.aborted === true) throw cancelled(signal);
      try {
        return await this.#lend(stop);
      } catch (error) {
        if (closing.aborted) throw closed(error);
        const known = toPostgresError(error, { description: this.description, connecting: true });
        if (attempt > retries || !isWorthAnotherTry(known)) throw known;
        if (this.#closing) throw closed(known);
        await this.#pauseBefore(attempt, known, stop);
      }
    }
  }

  isLost(client: LentClient): boolean {
    return this.#lost.has(client);
  }

  async cancel(client: LentClient): Promise<void> {
    const processId: unknown = Reflect.get(client, "processID");
    const secretKey: unknown = Reflect.get(client, "secretKey");
    if (typeof processId !== "number" || typeof secretKey !== "number") return;
    const { host, port } = this.#settings.target;
    await sendCancelRequest({ host, port, tls: this.#settings.ssl ?? false, processId, secretKey });
  }

  released(session: Session): void {
    this.#lastUsed.set(session.client, performance.now());
    this.#active.delete(session);
    this.#tellIfIdle();
  }

  /** Refuses new work, waits for what runs, cancels what still runs after `graceMs`, closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    await this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    if (!(await this.#isIdleWithin(graceMs))) {
      this.#givenUp.abort();
      await Promise.all([...this.#active].map(async (session) => await session.stop()));
      if (!(await this.#isIdleWithin(1000))) this.#takeBackAll();
    }
    await this.#pool.end();
    const ended = [...this.#open].map(
      async (client) =>
        await new Promise<void>((resolve) => void client.once("end", () => resolve())),
    );
    // A peer that does not say good-bye must not keep this program.
    await within(Promise.all(ended), 2000);
  }

  /** Whoever still has a session may never give it back, and the pool would wait for it. */
  #takeBackAll(): void {
    for (const session of this.#active) {
      session.cut();
      session.release(true);
    }
  }

  async #isIdleWithin(ms: number): Promise<boolean> {
    if (this.#isIdle) return true;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await within(idle, ms);
    return this.#isIdle;
  }

  get #isIdle(): boolean {
    return this.#active.size === 0 && this.#waiting === 0;
  }

  #tellIfIdle(): void {
    if (this.#isIdle) this.#onIdle?.();
  }

  async #lend(signal: AbortSignal): Promise<Session> {
    const client = await this.#connect(signal);
    const session = new Session(client, this);
    this.#active.add(session);
    const lastUsed = this.#lastUsed.get(client);
    if (lastUsed === undefined || performance.now() - lastUsed < staleAfterMs) return session;
    try {
      await session.run({ text: "SELECT 1" }, { timeoutMs: 5000 });
      return session;
    } catch {
      session.release(true);
      return await this.#lend(signal);
    }
  }

  async #connect(signal: AbortSignal): Promise<LentClient> {
    const connecting = this.#pool.connect();
    // One that lies ready comes at once: watching a signal would cost more than it does.
    const { idleCount, waitingCount } = this.#pool;
    if (idleCount > 0 && waitingCount <= idleCount) return await connecting;
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(cancelled(signal));
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([connecting, aborted]);
    } catch (error) {
      // A connection that comes after nobody wants it any more goes back.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throw error;
    } finally {
      if (onAbort) signal.removeEventListener("abort", onAbort);
    }
  }

  async #pauseBefore(attempt: number, error: PostgresError, signal: AbortSignal): Promise<void> {
    const delayMs = backoffMs(attempt, backoff);
    this.#settings.onRetry?.({ attempt, delayMs, error });
    try {
      await pause(delayMs, signal);
    } catch {
      throw this.#givenUp.signal.aborted ? closed(error) : cancelled(signal, error);
    }
  }

  #watch(client: ClientBase): void {
    this.#open.add(client);
    // While a connection is lent nobody else listens, and an 'error' without a listener ends the process.
    client.on("error", () => void this.#lost.add(client));
    client.on("end", () => {
      this.#lost.add(client);
      this.#open.delete(client);
    });
    const { onNotice } = this.#settings;
    if (onNotice) client.on("notice", (notice) => onNotice(noticeOf(notice)));
  }
}

/** What the driver hands to a notice listener, as this package shows it. */
export function noticeOf(notice: {
  readonly severity: string | undefined;
  readonly message: string | undefined;
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}): Notice {
  return {
    severity: notice.severity ?? "NOTICE",
    message: notice.message ?? "",
    ...(notice.code !== undefined && { sqlState: notice.code }),
    ...(notice.detail !== undefined && { detail: notice.detail }),
    ...(notice.hint !== undefined && { hint: notice.hint }),
  };
}

/** A server that sleeps, starts, or has no free connection may answer the next time; a wrong password stays wrong. */
function isWorthAnotherTry(error: PostgresError): boolean {
  if (error.cause instanceof Error && "code" in error.cause && error.cause.code === "ENOTFOUND")
    return false;
  return error.code === "CONNECTION_FAILED" || error.sqlState === "53300";
}

function closed(cause?: unknown): PostgresError {
  return new PostgresError("CLOSED", "The database connection was closed.", {
    cause,
    hint: "Open it again with openPostgres, or close it later.",
  });
}

/** Waits for something, but not for ever. The timer keeps the program alive: idle sockets do not. */
async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
