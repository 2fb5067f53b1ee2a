import type { Connection, Notice, QueryOptions, QueryResult, RawCopyOut } from "@ctb-data/postgres";

/** A session whose statements a signal cancels, but for those that end a transaction: they must run whatever happens. */
export class StoppableConnection implements Connection {
  readonly #connection: Connection;
  readonly #signal: AbortSignal | undefined;

  constructor(connection: Connection, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#signal = signal;
  }

  get processId(): number {
    return this.#connection.processId;
  }

  get lost(): boolean {
    return this.#connection.lost;
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    return this.#connection.onNotice(listener);
  }

  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    const ends = sql === "ROLLBACK" || sql === "COMMIT" || sql.includes("pg_advisory_unlock");
    const signal = ends ? undefined : this.#signal;
    return await this.#connection.query<Row>(sql, params, {
      ...options,
      ...(signal && { signal }),
    });
  }

  copyOut(sql: string): RawCopyOut {
    return this.#connection.copyOut(sql, { signal: this.#signal });
  }

  async copyIn(sql: string, chunks: AsyncIterable<Uint8Array>): Promise<{ readonly rows: number }> {
    return await this.#connection.copyIn(sql, chunks, { signal: this.#signal });
  }
}
