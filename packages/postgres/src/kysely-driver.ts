import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import type { CustomTypesConfig } from "pg";
import type { DatabaseContext } from "./database-context.ts";
import { toParameter } from "./parameter.ts";
import { PostgresError } from "./postgres-error.ts";
import { RegistryValuesPlugin } from "./registry-values-plugin.ts";
import { runOn, type SessionSource } from "./session-source.ts";
import type { Session } from "./session.ts";

/** A Kysely over the sessions of a pool or of a transaction. */
export function kyselyOver<Database>(
  context: DatabaseContext,
  source: SessionSource,
  types?: CustomTypesConfig,
): Kysely<Database> {
  const dialect = new SessionDialect({ context, source, types });
  // MikroORM writes values by the types of its properties.
  const plugins = types ? [] : [new RegistryValuesPlugin(context)];
  return new Kysely<Database>({ dialect, plugins });
}

/** What connections are made of; `types` reads results otherwise than models do. */
interface DriverParts {
  readonly context: DatabaseContext;
  readonly source: SessionSource;
  readonly types: CustomTypesConfig | undefined;
}

/** PostgreSQL's dialect, with connections that are lent by this package. */
class SessionDialect implements Dialect {
  readonly #parts: DriverParts;

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  createDriver(): Driver {
    return new SessionDriver(this.#parts);
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): PostgresIntrospector {
    return new PostgresIntrospector(db);
  }
}

class SessionDriver implements Driver {
  readonly #parts: DriverParts;
  readonly #source: SessionSource;
  #savepoints = 0;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#source = parts.source;
  }

  async init(): Promise<void> {}

  async acquireConnection(options?: {
    readonly signal?: AbortSignal;
  }): Promise<DatabaseConnection> {
    return new KyselyConnection(await this.#source.acquire(options?.signal), this.#parts);
  }

  // Within a transaction of this package, one of Kysely's is a savepoint.

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    if (this.#source.inTransaction) {
      await run(connection, `savepoint ctb_kysely_${(this.#savepoints += 1)}`);
      return;
    }
    const { isolationLevel, accessMode } = settings;
    const level = isolationLevel === undefined ? "" : ` isolation level ${isolationLevel}`;
    await run(
      connection,
      `start transaction${level}${accessMode === undefined ? "" : ` ${accessMode}`}`,
    );
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const nested = this.#source.inTransaction;
    await run(connection, nested ? `release savepoint ctb_kysely_${this.#savepoints--}` : "commit");
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const nested = this.#source.inTransaction;
    await run(
      connection,
      nested ? `rollback to savepoint ctb_kysely_${this.#savepoints--}` : "rollback",
    );
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await run(connection, `savepoint ${quoteName(name)}`);
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await run(connection, `rollback to savepoint ${quoteName(name)}`);
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await run(connection, `release savepoint ${quoteName(name)}`);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof KyselyConnection) this.#source.release(connection.session);
  }

  /** The pool is closed by whoever opened it. */
  async destroy(): Promise<void> {}
}

async function run(connection: DatabaseConnection, sql: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(sql));
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

class KyselyConnection implements DatabaseConnection {
  readonly session: Session;
  readonly #context: DatabaseContext;
  readonly #types: { readonly types?: CustomTypesConfig };

  constructor(session: Session, { context, types }: DriverParts) {
    this.session = session;
    this.#context = context;
    this.#types = types ? { types } : {};
  }

  async executeQuery<R>(
    query: CompiledQuery,
    options?: { readonly signal?: AbortSignal },
  ): Promise<QueryResult<R>> {
    const values = query.parameters.map(toParameter);
    const config = { text: query.sql, values, ...this.#types };
    const limits = options?.signal ? { signal: options.signal } : {};
    const { command, rowCount, rows } = await runOn(this.session, this.#context, {
      config,
      limits,
    });
    const changes = ["INSERT", "UPDATE", "DELETE", "MERGE"].includes(command);
    return changes ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows };
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<R>> {
    if (!/^\s*(?:select|with|values|table)\b/i.test(query.sql)) {
      throw new PostgresError("UNSUPPORTED", "Only a SELECT can be streamed.", {
        hint: "Use execute().",
      });
    }
    const inTransaction = this.session.client.getTransactionStatus() === "T";
    if (!inTransaction) await this.session.run({ text: "BEGIN" });
    try {
      const values = query.parameters.map(toParameter);
      await this.session.run({
        text: `DECLARE ctb_stream NO SCROLL CURSOR FOR ${query.sql}`,
        values,
      });
      const config = {
        ...this.#types,
        text: `FETCH ${Math.max(1, Math.trunc(chunkSize))} FROM ctb_stream`,
      };
      for (;;) {
        const { rows } = await runOn(this.session, this.#context, { config });
        if (rows.length === 0) break;
        yield { rows };
      }
    } finally {
      await this.#endStream(inTransaction);
    }
  }

  async #endStream(inTransaction: boolean): Promise<void> {
    const text = inTransaction ? "CLOSE ctb_stream" : "COMMIT";
    // After an error there is nothing to close, and the error is the news.
    await this.session.run({ text }).catch(() => undefined);
  }
}
