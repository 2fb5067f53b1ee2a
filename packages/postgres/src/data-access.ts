import type { Kysely } from "kysely";
import type { QueryConfig, QueryResult as DriverResult } from "pg";
import { copyIn } from "./copy-in.ts";
import { copyOut } from "./copy-out.ts";
import type { DatabaseContext } from "./database-context.ts";
import { kyselyOver } from "./kysely-driver.ts";
import { ModelStore } from "./model-store.ts";
import { toParameter } from "./parameter.ts";
import type {
  CopyInOptions,
  CopyOutOptions,
  DataAccess,
  QueryOptions,
  QueryResult,
  StoredModel,
  TableName,
} from "./postgres.ts";
import type { Limits, Session } from "./session.ts";
import type { TableStore } from "./table-store.ts";

/** Where sessions come from: a fresh one of the pool for each task, or the one of a transaction. */
export interface SessionSource {
  readonly inTransaction: boolean;
  acquire(signal?: AbortSignal): Promise<Session>;
  release(session: Session): void;
}

/** Lends a session to `fn`. */
export async function withSession<T>(
  source: SessionSource,
  fn: (session: Session) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const session = await source.acquire(signal);
  try {
    return await fn(session);
  } finally {
    source.release(session);
  }
}

/** Runs one statement; values come back as models have them. */
export async function runOn(
  session: Session,
  context: DatabaseContext,
  { config, limits }: { readonly config: QueryConfig; readonly limits?: Limits },
): Promise<DriverResult> {
  const result: DriverResult | DriverResult[] = await session.run(config, limits);
  // Several statements without parameters: the last one's answer.
  const last = Array.isArray(result) ? result.at(-1) : result;
  await context.types.complete(last, session);
  return last;
}

/** `query` of a pool, a transaction and a connection alike. */
export async function queryOn<Row extends object>(
  session: Session,
  context: DatabaseContext,
  query: {
    readonly sql: string;
    readonly params: readonly unknown[];
    readonly options: QueryOptions;
  },
): Promise<QueryResult<Row>> {
  const config: QueryConfig = { text: query.sql };
  if (query.params.length > 0) config.values = query.params.map(toParameter);
  if (query.options.name !== undefined) config.name = query.options.name;
  const result = await runOn(session, context, { config, limits: query.options });
  return {
    rows: result.rows,
    rowCount: result.rowCount ?? 0,
    command: result.command,
    columns: result.fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID })),
  };
}

/** Everything that works the same inside of a transaction and outside of one. */
export class Access implements DataAccess {
  protected readonly context: DatabaseContext;
  protected readonly source: SessionSource;

  constructor(context: DatabaseContext, source: SessionSource) {
    this.context = context;
    this.source = source;
  }

  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    params: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    return await withSession(
      this.source,
      async (session) => await queryOn<Row>(session, this.context, { sql, params, options }),
      options.signal,
    );
  }

  kysely<Database>(): Kysely<Database> {
    return kyselyOver<Database>(this.context, this.source);
  }

  table<Value extends object, Input extends object>(
    model: StoredModel<Value, Input>,
  ): TableStore<Value, Input>;
  table(name: string): TableStore;
  table(model: string | StoredModel<object, object>): TableStore<object, object> {
    const name = typeof model === "string" ? model : model.table.name;
    return new ModelStore(this.context.tablePlan(name), {
      model: typeof model === "string" ? undefined : model,
      source: this.source,
      context: this.context,
    });
  }

  async copyIn(
    table: TableName,
    rows: Iterable<object> | AsyncIterable<object>,
    options: CopyInOptions = {},
  ): Promise<{ readonly rows: number }> {
    const plan = this.context.tablePlan(typeof table === "string" ? table : table.table.name);
    return await withSession(
      this.source,
      async (session) =>
        await copyIn(session, plan, {
          ...options,
          rows,
          toRow: this.context.encrypter(plan),
          description: this.context.description,
        }),
      options.signal,
    );
  }

  copyOut<Row extends object = Record<string, unknown>>(
    source: TableName | { readonly query: string },
    options: CopyOutOptions = {},
  ): AsyncIterable<Row> {
    return copyOut<Row>(source, { ...options, context: this.context, sessions: this.source });
  }
}
