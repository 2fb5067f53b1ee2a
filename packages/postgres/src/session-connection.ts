import { noticeOf } from "./connection-pool.ts";
import { queryOn } from "./data-access.ts";
import type { DatabaseContext } from "./database-context.ts";
import type { Connection, Notice, QueryOptions, QueryResult, RawCopyOut } from "./postgres.ts";
import { rawCopyIn, rawCopyOut } from "./raw-copy.ts";
import type { Session } from "./session.ts";

/** One session as its borrower sees it. */
export class SessionConnection implements Connection {
  readonly #session: Session;
  readonly #context: DatabaseContext;
  readonly #listeners = new Set<() => void>();

  constructor(session: Session, context: DatabaseContext) {
    this.#session = session;
    this.#context = context;
  }

  get processId(): number {
    return this.#session.processId;
  }

  get lost(): boolean {
    return this.#session.lost;
  }

  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    params: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    return await queryOn<Row>(this.#session, this.#context, { sql, params, options });
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    const { client } = this.#session;
    const forward = (notice: Parameters<typeof noticeOf>[0]): void => listener(noticeOf(notice));
    client.on("notice", forward);
    const stop = (): void => {
      client.off("notice", forward);
      this.#listeners.delete(stop);
    };
    this.#listeners.add(stop);
    return stop;
  }

  copyOut(sql: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): RawCopyOut {
    return rawCopyOut(this.#session, sql, { signal, description: this.#context.description });
  }

  async copyIn(
    sql: string,
    chunks: AsyncIterable<Uint8Array>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ readonly rows: number }> {
    const { description } = this.#context;
    return await rawCopyIn(this.#session, { sql, chunks }, { signal, description });
  }

  /** The session goes to somebody else: nobody listens any more. */
  end(): void {
    for (const stop of this.#listeners) stop();
  }
}
