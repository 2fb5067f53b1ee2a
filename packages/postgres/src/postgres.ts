import type { Readable, Writable } from "node:stream";
import type { Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import type { EntitySchema, MikroORM } from "@mikro-orm/postgresql";
import type { Kysely } from "kysely";
import type { Catalog } from "./catalog.ts";
import type { ReadClass, StoredClass, StoredModel, StoredRow, TableName } from "./stored-model.ts";
import type { TableStore } from "./table-store.ts";

/** Rows of a query. Values are those of models: `bigint` for int8, strings for dates and numerics, and so on. */
export interface QueryResult<Row> {
  readonly rows: readonly Row[];
  /** Rows returned or changed; 0 for statements that have no rows. */
  readonly rowCount: number;
  /** The command tag's first word: `SELECT`, `CREATE`, … */
  readonly command: string;
  readonly columns: readonly QueryColumn[];
}

export interface QueryColumn {
  readonly name: string;
  /** The OID of its type. */
  readonly typeId: number;
}

export interface QueryOptions {
  /** Prepares the statement under this name, once per connection. The same name always stands for the same SQL. */
  readonly name?: string;
  /** Cancels the statement after this time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Something that runs SQL. */
export interface Queryable {
  /**
   * Runs one statement. `params` fill `$1`, `$2` …: strings, numbers, bigints, booleans, dates, `Uint8Array`s (bytea), arrays,
   * and objects (JSON).
   *
   * @throws {PostgresError} as its `code` says.
   */
  query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<QueryResult<Row>>;
}

/** What can be done with the data, inside a transaction and outside of one. */
export interface DataAccess extends Queryable {
  /** A Kysely over the same connections, with values as models have them. `Database` is generated into `database.ts`. */
  kysely<Database>(): Kysely<Database>;
  /**
   * The rows of one table as models: by the generated class (rows are its instances), by a model, or by the name of a
   * table of the registry.
   *
   * @throws {PostgresError} UNKNOWN_OBJECT when the registry has no such table.
   */
  table<Value extends object, Input extends object, Instance extends object>(
    model: StoredClass<Value, Input, Instance>,
  ): TableStore<Value, Input, StoredRow<Value, Instance>>;
  table<Value extends object, Input extends object>(
    model: StoredModel<Value, Input>,
  ): TableStore<Value, Input, StoredRow<Value>>;
  table(name: string): TableStore;
  /**
   * Writes rows with COPY, as fast as the server takes them. All rows or none. A column that the first row leaves out
   * gets its default in every row.
   *
   * @throws {PostgresError} INVALID_VALUE or CONSTRAINT_VIOLATION with `row` (from 1) when a row is refused. What the source
   * throws is thrown as it is.
   */
  copyIn(
    table: TableName,
    rows: Iterable<object> | AsyncIterable<object>,
    options?: CopyInOptions,
  ): Promise<{ readonly rows: number }>;
  /**
   * Reads rows with COPY, no faster than they are taken. Leaving the loop early stops the server. Rows of a generated
   * class are its instances.
   */
  copyOut<Value extends object, Instance extends object>(
    model: ReadClass<Value, Instance>,
    options?: Omit<CopyOutOptions, "columns">,
  ): AsyncIterable<StoredRow<Value, Instance>>;
  copyOut<Row extends object = Record<string, unknown>>(
    source: TableName | { readonly query: string },
    options?: CopyOutOptions,
  ): AsyncIterable<Row>;
}

export interface CopyInOptions {
  /** Which columns the rows have, in this order. Default: the properties of the first row. */
  readonly columns?: readonly string[];
  /** Called about once per 64 KiB chunk, with the rows and bytes sent so far. */
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
}

export interface CopyProgress {
  readonly rows: number;
  readonly bytes: number;
}

export interface CopyOutOptions {
  /** Default: all columns of the table. */
  readonly columns?: readonly string[];
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
}

export type Isolation = "read committed" | "repeatable read" | "serializable";

export interface TransactionOptions {
  /** Default: the server's, `read committed`. */
  readonly isolation?: Isolation;
  readonly readOnly?: boolean;
  /** How often `fn` is run again after 40001 (serialization failure) or 40P01 (deadlock). Default 3; 0 for never. */
  readonly retries?: number;
  /** Each statement in it is cancelled after this time. */
  readonly statementTimeoutMs?: number;
  /** Cancels the statement that runs and rolls back. */
  readonly signal?: AbortSignal;
}

/** One transaction. It ends with the function it was given to. */
export interface Transaction extends DataAccess {
  /** The server process, as in `pg_stat_activity.pid`. */
  readonly processId: number;
  /** Runs `fn` behind a savepoint: when it throws, what it did is undone and the transaction goes on. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * `COPY … FROM STDIN` as it is, as {@link Connection.copyIn}: for tables that no registry has, such as temporary ones.
   *
   * @throws {PostgresError} as its `code` says; then the transaction, or the nested one, has failed.
   */
  copyInText(
    sql: string,
    chunks: AsyncIterable<Uint8Array>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly rows: number }>;
}

/** One session. */
export interface Connection extends Queryable {
  /** The server process, as in `pg_stat_activity.pid`. */
  readonly processId: number;
  /** True once the connection broke. Queries then throw CONNECTION_LOST at once. */
  readonly lost: boolean;
  /** Calls `listener` for every NOTICE of this session. Returns a function that stops it. */
  onNotice(listener: (notice: Notice) => void): () => void;
  /**
   * `COPY … TO STDOUT` on this session, so inside of its transaction: the bytes as the server sends them, 512 KiB at a time.
   * It begins with the loop over it, once. A chunk is as it is until the next one is asked for; then its memory is used again.
   * Leaving the loop early, or the signal, cancels it in the server; a transaction is failed then, and the session is not
   * used again by others.
   *
   * @throws {PostgresError} from the loop, as its `code` says. A connection that breaks is an error, never the end.
   */
  copyOut(sql: string, options?: { readonly signal?: AbortSignal | undefined }): RawCopyOut;
  /**
   * `COPY … FROM STDIN` on this session. A chunk is not looked at any more when the next one is asked for. When the source throws, or the signal says so, the server takes nothing; a transaction is failed.
   *
   * @throws {PostgresError} as its `code` says. What the source throws is thrown as it is.
   */
  copyIn(
    sql: string,
    chunks: AsyncIterable<Uint8Array>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly rows: number }>;
}

/** The bytes of one `COPY … TO STDOUT`. */
export interface RawCopyOut extends AsyncIterable<Buffer> {
  /** How many rows the server says that it has sent. Undefined until the loop has come to its end. */
  readonly rows: number | undefined;
  /** How many messages have come so far: one per row, and in the binary format one before and one behind them. */
  readonly messages: number;
}

export interface Notice {
  readonly severity: string;
  readonly message: string;
  readonly sqlState?: string;
  readonly detail?: string;
  readonly hint?: string;
}

export interface ConnectionOptions {
  /** Closes the session afterwards instead of giving it back to the pool, so that nothing set in it leaks. */
  readonly destroy?: boolean;
  readonly signal?: AbortSignal;
}

/** The answer of `health()`. */
export type Health =
  | {
      readonly ok: true;
      readonly description: string;
      readonly latencyMs: number;
      /** `18.4` */
      readonly version: string;
      readonly database: string;
      readonly user: string;
      /** False on a read replica or under `default_transaction_read_only`. */
      readonly writable: boolean;
      readonly encrypted: boolean;
      readonly pool: PoolState;
    }
  | {
      readonly ok: false;
      readonly description: string;
      readonly latencyMs: number;
      readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
    };

export interface PoolState {
  readonly size: number;
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface TlsOptions {
  /** Certificates to trust instead of Node's own list, PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False trusts any certificate: only for a server that cannot have a proper one. Default true. */
  readonly verify?: boolean;
}

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. Undefined, as an unset variable is, gets an error that says so. */
  readonly url: string | undefined;
  /** Needed for `table`, `orm`, and for `copyIn`/`copyOut` by name. */
  readonly registry?: Registry;
  /** Needed for tables with encrypted columns. */
  readonly keyring?: Keyring;
  /** The largest number of connections. Default 10. */
  readonly poolSize?: number;
  /** TLS. Default: what `sslmode` in the URL says; without it on and verified, but off for local hosts and sockets. */
  readonly ssl?: boolean | TlsOptions;
  /** The server cancels any statement after this time; 0 for never. Default: what it says for the role and the database. */
  readonly statementTimeoutMs?: number;
  /** For one try to connect, and for a free connection of the pool. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** How often to try again when the server cannot be reached, with growing pauses: a serverless one may be asleep. Default 5. */
  readonly connectRetries?: number;
  /** How the sessions call themselves in `pg_stat_activity`. Default `ctb-data`. */
  readonly applicationName?: string;
  /** Called for every NOTICE of every session. */
  readonly onNotice?: (notice: Notice) => void;
  /** Called before each pause of a retried connect. */
  readonly onRetry?: (retry: {
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: Error;
  }) => void;
  readonly signal?: AbortSignal;
}

/** MikroORM with the entities of a registry. */
export type RegistryOrm = MikroORM & {
  /**
   * The entity of a table, for `em.find(orm.entity("clients"), …)`. Its properties are the columns; a column `client_id` that refers
   * to another table holds the key, and a property `client` beside it the entity.
   *
   * @throws {PostgresError} UNKNOWN_OBJECT for a table without a primary key, or one that the registry does not have.
   */
  readonly entity: (table: string) => EntitySchema<Record<string, unknown>>;
};

/** A pool of connections to one PostgreSQL database. */
export interface Postgres extends DataAccess, AsyncDisposable {
  /** Host, port and database. Never the password. */
  readonly description: string;
  readonly registry: Registry | undefined;
  /** Lends one session, for advisory locks, temporary tables, `LISTEN` or migrations. */
  withConnection<T>(
    fn: (connection: Connection) => Promise<T>,
    options?: ConnectionOptions,
  ): Promise<T>;
  /**
   * Runs `fn` in a transaction: committed when it returns, rolled back when it throws. It may run several times.
   *
   * @throws {PostgresError} SERIALIZATION_FAILED after all retries; COMMIT_UNKNOWN when the connection broke during COMMIT.
   */
  transaction<T>(fn: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** MikroORM over the same pool, with an entity per table of the registry. Loaded when first asked for. */
  orm(): Promise<RegistryOrm>;
  /** `COPY … FROM STDIN` as it is: write the text, end the stream; 'finish' comes when the server has taken it. */
  copyInStream(sql: string, options?: { readonly signal?: AbortSignal }): Promise<Writable>;
  /** `COPY … TO STDOUT` as it is. Destroying the stream stops the server. */
  copyOutStream(sql: string, options?: { readonly signal?: AbortSignal }): Promise<Readable>;
  /** What the database has. Default: the registry's schema, or `public`. */
  readCatalog(options?: {
    readonly schemas?: readonly string[];
    readonly signal?: AbortSignal;
  }): Promise<Catalog>;
  /** Asks the server how it is. Never throws for a server that is down. */
  health(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Health>;
  /** Refuses new work, waits up to `graceMs` (default 5,000) for what runs, cancels the rest, closes every connection. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
