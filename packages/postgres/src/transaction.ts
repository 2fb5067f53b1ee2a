import { backoffMs, pause } from "./backoff.ts";
import { isConnectionLost, isRetryable } from "./classify-error.ts";
import { Access } from "./data-access.ts";
import type { DatabaseContext } from "./database-context.ts";
import { PostgresError } from "./postgres-error.ts";
import type { Transaction, TransactionOptions } from "./postgres.ts";
import { rawCopyIn } from "./raw-copy.ts";
import type { SessionSource } from "./session-source.ts";
import { cancelled, type Session } from "./session.ts";
import { commit, rollback } from "./transaction-end.ts";

const backoff = { baseMs: 20, maxMs: 1000 };

/** Runs `fn` in a transaction of a fresh session; again when the server says that this is worth it. */
export async function runTransaction<T>(
  pool: SessionSource,
  fn: (tx: Transaction) => Promise<T>,
  options: TransactionOptions & { readonly context: DatabaseContext },
): Promise<T> {
  const { retries = 3, signal } = options;
  for (let attempt = 1; ; attempt++) {
    const session = await beginOn(pool, options);
    try {
      return await settle(session, new TransactionAccess(session, options), fn);
    } catch (error) {
      if (attempt > retries || !isRetryable(error)) throw error;
    } finally {
      pool.release(session);
    }
    await pauseBefore(attempt, signal);
  }
}

async function pauseBefore(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(backoffMs(attempt, backoff), signal);
  } catch (error) {
    throw signal ? cancelled(signal, error) : error;
  }
}

/** BEGIN changes nothing: when the connection turns out to be dead, another one is as good. */
async function beginOn(pool: SessionSource, options: TransactionOptions): Promise<Session> {
  for (let attempt = 1; ; attempt++) {
    const session = await pool.acquire(options.signal);
    try {
      await session.run({ text: beginSql(options) });
      return session;
    } catch (error) {
      session.taint();
      pool.release(session);
      if (!isConnectionLost(error) || attempt > 3) throw error;
    }
  }
}

function beginSql({ isolation, readOnly, statementTimeoutMs }: TransactionOptions): string {
  const modes = [
    ...(isolation === undefined ? [] : [`ISOLATION LEVEL ${isolationSql[isolation]}`]),
    ...(readOnly === undefined ? [] : [readOnly ? "READ ONLY" : "READ WRITE"]),
  ];
  const begin = `BEGIN ${modes.join(", ")}`.trimEnd();
  if (statementTimeoutMs === undefined) return begin;
  return `${begin}; SET LOCAL statement_timeout = ${Math.max(0, Math.ceil(statementTimeoutMs))}`;
}

const isolationSql = {
  "read committed": "READ COMMITTED",
  "repeatable read": "REPEATABLE READ",
  serializable: "SERIALIZABLE",
} as const;

async function settle<T>(
  session: Session,
  tx: TransactionAccess,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await tx.guarded(fn);
  } catch (error) {
    tx.end();
    await rollback(session);
    throw error;
  }
  tx.end();
  await commit(session);
  return result;
}

/** The data as one transaction sees it. */
class TransactionAccess extends Access implements Transaction {
  readonly #session: Session;
  readonly #options: TransactionOptions & { readonly context: DatabaseContext };
  readonly #lease: TransactionLease;

  constructor(
    session: Session,
    options: TransactionOptions & { readonly context: DatabaseContext },
    lease: TransactionLease = new TransactionLease(session),
  ) {
    super(options.context, lease);
    this.#session = session;
    this.#options = options;
    this.#lease = lease;
  }

  get processId(): number {
    return this.#session.processId;
  }

  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const name = `ctb_${(this.#lease.savepoints += 1)}`;
    await this.query(`SAVEPOINT ${name}`);
    let result: T;
    try {
      result = await fn(new TransactionAccess(this.#session, this.#options, this.#lease));
    } catch (error) {
      if (!this.#session.lost) await this.query(`ROLLBACK TO SAVEPOINT ${name}`);
      throw error;
    }
    await this.query(`RELEASE SAVEPOINT ${name}`);
    return result;
  }

  async copyInText(
    sql: string,
    chunks: AsyncIterable<Uint8Array>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ readonly rows: number }> {
    const session = await this.#lease.acquire();
    const { description } = this.#options.context;
    return await rawCopyIn(session, { sql, chunks }, { signal, description });
  }

  /** Runs `fn`; when the signal is aborted, cancels what runs and does not wait for `fn`. */
  async guarded<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.#session.stoppable(async () => await fn(this), this.#options.signal);
  }

  end(): void {
    this.#lease.close();
  }
}

/** The session of a transaction, until the transaction ends. */
class TransactionLease implements SessionSource {
  readonly inTransaction = true;
  savepoints = 0;
  readonly #session: Session;
  #closed = false;

  constructor(session: Session) {
    this.#session = session;
  }

  close(): void {
    this.#closed = true;
  }

  // The methods answer at once, but a source of a pool does not.
  async acquire(): Promise<Session> {
    if (!this.#closed) return this.#session;
    throw new PostgresError("CLOSED", "The transaction is over.", {
      hint: "Await everything inside of the function that the transaction was given to.",
    });
  }

  release(): void {}
}
