import type { Readable, Writable } from "node:stream";
import type { Catalog } from "./catalog.ts";
import { isConnectionLost } from "./classify-error.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { copyInStream, copyOutStream } from "./copy-streams.ts";
import { Access } from "./data-access.ts";
import type { DatabaseContext } from "./database-context.ts";
import { checkHealth } from "./health.ts";
import type {
  Connection,
  ConnectionOptions,
  Health,
  Postgres,
  RegistryOrm,
  Transaction,
  TransactionOptions,
} from "./postgres.ts";
import { readCatalog } from "./read-catalog.ts";
import { SessionConnection } from "./session-connection.ts";
import { withSession, type SessionSource } from "./session-source.ts";
import type { Session } from "./session.ts";
import { runTransaction } from "./transaction.ts";

/** @internal */
export class PooledPostgres extends Access implements Postgres {
  readonly #pool: ConnectionPool;
  #orm: Promise<RegistryOrm> | undefined;

  constructor(pool: ConnectionPool, context: DatabaseContext) {
    super(context, new PoolSource(pool));
    this.#pool = pool;
  }

  get description(): string {
    return this.context.description;
  }

  get registry(): DatabaseContext["registry"] {
    return this.context.registry;
  }

  async withConnection<T>(
    fn: (connection: Connection) => Promise<T>,
    { destroy = false, signal }: ConnectionOptions = {},
  ): Promise<T> {
    const session = await this.#pool.acquire({ signal });
    const connection = new SessionConnection(session, this.context);
    try {
      return await session.stoppable(async () => await fn(connection), signal);
    } catch (error) {
      if (isConnectionLost(error)) session.taint();
      throw error;
    } finally {
      connection.end();
      session.release(destroy);
    }
  }

  async transaction<T>(
    fn: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    return await runTransaction(this.source, fn, { ...options, context: this.context });
  }

  async orm(): Promise<RegistryOrm> {
    this.#orm ??= import("./open-orm.ts").then(
      async ({ openOrm }) => await openOrm(this.context, this.source, this.#pool.database),
    );
    try {
      return await this.#orm;
    } catch (error) {
      this.#orm = undefined;
      throw error;
    }
  }

  async copyInStream(
    sql: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Writable> {
    const session = await this.#pool.acquire(options);
    return copyInStream(session, sql, { ...options, description: this.description });
  }

  async copyOutStream(
    sql: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Readable> {
    const session = await this.#pool.acquire(options);
    return copyOutStream(session, sql, { ...options, description: this.description });
  }

  async readCatalog(
    options: { readonly schemas?: readonly string[]; readonly signal?: AbortSignal } = {},
  ): Promise<Catalog> {
    const schemas = options.schemas ?? [this.context.registry?.schema ?? "public"];
    return await withSession(
      this.source,
      async (session) => await readCatalog(session, schemas, { signal: options.signal }),
      options.signal,
    );
  }

  async health(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Health> {
    return await checkHealth(this.#pool, options);
  }

  async close({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (this.#orm) {
      const orm = await this.#orm.catch(() => undefined);
      await orm?.close(true);
    }
    await this.#pool.close(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A fresh session for each task. */
class PoolSource implements SessionSource {
  readonly inTransaction = false;
  readonly #pool: ConnectionPool;

  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  async acquire(signal?: AbortSignal): Promise<Session> {
    return await this.#pool.acquire({ signal });
  }

  release(session: Session): void {
    session.release();
  }
}
