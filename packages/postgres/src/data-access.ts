import type { Kysely } from "kysely";
import type { QueryConfig } from "pg";
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
} from "./postgres.ts";
import { runOn, withSession, type SessionSource } from "./session-source.ts";
import type { Session } from "./session.ts";
import {
  isRowClass,
  tableNameOf,
  type ReadClass,
  type StoredClass,
  type StoredModel,
  type StoredRow,
  type TableName,
} from "./stored-model.ts";
import type { TableStore } from "./table-store.ts";

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

  table<Value extends object, Input extends object, Instance extends object>(
    model: StoredClass<Value, Input, Instance>,
  ): TableStore<Value, Input, StoredRow<Value, Instance>>;
  table<Value extends object, Input extends object>(
    model: StoredModel<Value, Input>,
  ): TableStore<Value, Input, StoredRow<Value>>;
  table(name: string): TableStore;
  table(
    table: string | StoredModel<object, object> | { readonly model: StoredModel<object, object> },
  ): TableStore<object, object, object> {
    const { source, context } = this;
    const plan = context.tablePlan(tableNameOf(table));
    if (typeof table === "string") return new ModelStore(plan, { source, context });
    if (!("model" in table)) return new ModelStore(plan, { source, context, parse: table.parse });
    return new ModelStore(plan, {
      source,
      context,
      parse: table.model.parse,
      rowClass: isRowClass(table) ? context.keyedClass(plan, table) : undefined,
    });
  }

  async copyIn(
    table: TableName,
    rows: Iterable<object> | AsyncIterable<object>,
    options: CopyInOptions = {},
  ): Promise<{ readonly rows: number }> {
    const plan = this.context.tablePlan(tableNameOf(table));
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

  copyOut<Value extends object, Instance extends object>(
    model: ReadClass<Value, Instance>,
    options?: Omit<CopyOutOptions, "columns">,
  ): AsyncIterable<StoredRow<Value, Instance>>;
  copyOut<Row extends object = Record<string, unknown>>(
    source: TableName | { readonly query: string },
    options?: CopyOutOptions,
  ): AsyncIterable<Row>;
  copyOut(
    source: TableName | { readonly query: string },
    options: CopyOutOptions = {},
  ): AsyncIterable<object> {
    return copyOut(source, { ...options, context: this.context, sessions: this.source });
  }
}
