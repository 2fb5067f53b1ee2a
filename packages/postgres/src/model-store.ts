import type { Model } from "@ctb-data/models";
import type { QueryResult } from "pg";
import { isConnectionLost } from "./classify-error.ts";
import type { DatabaseContext } from "./database-context.ts";
import { PostgresError } from "./postgres-error.ts";
import { runOn, withSession, type SessionSource } from "./session-source.ts";
import type { Session } from "./session.ts";
import { columnOf, insertStatements, type ConflictPlan, type Statement } from "./store-sql.ts";
import { finisherOf, isWhere, listOf, matches, wholeNumber } from "./store-values.ts";
import { conditionParameter, WhereCompiler, type WhereSql } from "./store-where.ts";
import type { RowClass } from "./stored-model.ts";
import type { ColumnPlan, TablePlan } from "./table-plan.ts";
import type { FindOptions, TableStore, UpsertOptions } from "./table-store.ts";
import { commit, rollback } from "./transaction-end.ts";
import { typedRow } from "./typed-row.ts";

/** What a store works with. */
export interface StoreParts {
  readonly source: SessionSource;
  readonly context: DatabaseContext;
  /** Default: what the registry says. */
  readonly parse?: (input: unknown) => object;
  /** What rows become instances of. Default: plain objects. */
  readonly rowClass?: RowClass | undefined;
}

/** The rows of one table as models. */
export class ModelStore<Value extends object, Input extends object> implements TableStore<
  Value,
  Input
> {
  readonly #plan: TablePlan;
  readonly #source: SessionSource;
  readonly #context: DatabaseContext;
  /** Knows the keyring; the model that the caller gave may not. */
  readonly #model: Model;
  readonly #parse: (input: unknown) => object;
  readonly #finish: (row: object) => object;
  /** The commonest question, made once. Undefined unless the key is one column. */
  readonly #byKey: { readonly text: string; readonly column: ColumnPlan } | undefined;

  constructor(plan: TablePlan, { source, context, parse, rowClass }: StoreParts) {
    this.#plan = plan;
    this.#source = source;
    this.#context = context;
    this.#model = context.model(plan);
    this.#parse = parse ?? this.#model.parse;
    this.#finish = finisherOf(plan, this.#model, rowClass);
    this.#byKey = byKeyOf(plan);
  }

  insert(input: Input): Promise<Value>;
  insert(inputs: readonly Input[]): Promise<readonly Value[]>;
  async insert(inputs: Input | readonly Input[]): Promise<Value | readonly Value[]> {
    const list = listOf<Input>(inputs);
    const rows = await this.#write(list ?? [inputs], undefined);
    return list ? rows : this.#only(rows);
  }

  upsert(input: Input, options?: UpsertOptions<Value>): Promise<Value>;
  upsert(inputs: readonly Input[], options?: UpsertOptions<Value>): Promise<readonly Value[]>;
  async upsert(
    inputs: Input | readonly Input[],
    options: UpsertOptions<Value> = {},
  ): Promise<Value | readonly Value[]> {
    const list = listOf<Input>(inputs);
    const rows = await this.#write(list ?? [inputs], options);
    return list ? rows : this.#only(rows);
  }

  async get(key: unknown): Promise<Value | undefined> {
    if (this.#byKey && !isWhere(key) && key !== null && key !== undefined) {
      const { text, column } = this.#byKey;
      const values = [conditionParameter(this.#model, column, key)];
      const { rows } = await this.#run({ text, values });
      return rows.length === 0 ? undefined : this.#value(rows[0]);
    }
    const [row] = await this.find(this.#keyWhere(key), { limit: 1 });
    return row;
  }

  async find(where: object = {}, options: FindOptions<Value> = {}): Promise<readonly Value[]> {
    const { text, values, encrypted } = this.#where(where);
    const order = this.#orderBy(options);
    const page = this.#page(options);
    // Rows that only share a hash with what is looked for must not take the place of others.
    const tail = encrypted.length === 0 ? `${order}${page.text}` : order;
    const { rows } = await this.#run({
      text: `SELECT ${this.#plan.columnList} FROM ${this.#plan.sqlName}${text}${tail}`,
      values,
    });
    const found = rows.map((row) => this.#value(row));
    if (encrypted.length === 0) return found;
    return found.filter((value) => matches(value, encrypted)).slice(page.from, page.to);
  }

  async count(where: object = {}): Promise<number> {
    const compiled = this.#where(where);
    if (compiled.encrypted.length > 0) return (await this.find(where)).length;
    const text = `SELECT count(*)::float8 AS count FROM ${this.#plan.sqlName}${compiled.text}`;
    const { rows } = await this.#run({ text, values: compiled.values });
    return Number(rows[0]?.count ?? 0);
  }

  async update(
    where: unknown,
    changes: Partial<Input>,
    options: { readonly all?: boolean } = {},
  ): Promise<number> {
    const compiled = this.#exactWhere(where, options);
    const row = this.#changes(changes);
    const names = Object.keys(row);
    if (names.length === 0) return 0;
    const { values } = compiled;
    const sets = names.map((name) => {
      const column = columnOf(this.#plan, name);
      return `${column.sqlName} = $${values.push(column.toParameter(Reflect.get(row, name)))}`;
    });
    const text = `UPDATE ${this.#plan.sqlName} SET ${sets.join(", ")}${compiled.text}`;
    return (await this.#run({ text, values })).rowCount ?? 0;
  }

  async delete(where: unknown, options: { readonly all?: boolean } = {}): Promise<number> {
    const { text, values } = this.#exactWhere(where, options);
    return (
      (await this.#run({ text: `DELETE FROM ${this.#plan.sqlName}${text}`, values })).rowCount ?? 0
    );
  }

  async #write(
    inputs: readonly unknown[],
    upsert: UpsertOptions<Value> | undefined,
  ): Promise<readonly Value[]> {
    if (inputs.length === 0) return [];
    const rows = inputs.map((input) => this.#row(this.#parse(input)));
    if (upsert?.update?.length === 0) return await this.#insertMissing(rows, upsert);
    const conflict = upsert && this.#conflict(upsert, rows);
    const statements = insertStatements(this.#plan, rows, {
      returning: this.#plan.columnList,
      conflict,
    });
    const results = await this.#runAll(statements);
    return results.flatMap((result) => result.rows.map((row) => this.#value(row)));
  }

  /** `DO NOTHING` gives nothing back for a row that exists: it is read. */
  async #insertMissing(
    rows: readonly object[],
    upsert: UpsertOptions<Value>,
  ): Promise<readonly Value[]> {
    const conflict = this.#conflict(upsert, rows);
    const statements = rows.flatMap((row) =>
      insertStatements(this.#plan, [row], { returning: this.#plan.columnList, conflict }),
    );
    const results = await this.#runAll(statements);
    return await Promise.all(
      results.map(async (result, index) => {
        const [inserted] = result.rows;
        if (inserted) return this.#value(inserted);
        const row = rows[index] ?? {};
        const key = conflict.columns.map(({ name }) => [name, { eq: Reflect.get(row, name) }]);
        return this.#only(await this.find(Object.fromEntries(key), { limit: 1 }));
      }),
    );
  }

  #conflict(options: UpsertOptions<Value>, rows: readonly object[]): ConflictPlan {
    const names: readonly string[] = options.conflict ?? this.#primaryKey();
    const given = new Set(rows.flatMap((row) => Object.keys(row)));
    const update: readonly string[] =
      options.update ?? [...given].filter((name) => !names.includes(name));
    return {
      columns: names.map((name) => columnOf(this.#plan, name)),
      update: (update.length === 0 && options.update === undefined ? names : update).map((name) =>
        columnOf(this.#plan, name),
      ),
    };
  }

  /** The row that is stored. */
  #row(value: object): object {
    return this.#plan.encrypted ? this.#model.toRow(typedRow(value)) : value;
  }

  #value(row: object): Value {
    return typedRow<Value>(this.#finish(row));
  }

  #only(rows: readonly Value[]): Value {
    const [row] = rows;
    if (row !== undefined) return row;
    throw new PostgresError(
      "QUERY_FAILED",
      `The table ${this.#plan.table.name} gave no row back.`,
      {
        table: this.#plan.table.name,
        hint: "A trigger or a rule may have dropped it, or it was deleted in the same moment.",
      },
    );
  }

  /** Some columns of an input, each checked as the whole would be. */
  #changes(changes: object): object {
    const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
    const values = entries.map(([name, value]: [string, unknown]): [string, unknown] => {
      columnOf(this.#plan, name);
      const parsed = this.#model.shape[name]?.safeParse(value);
      if (!parsed || parsed.success) return [name, parsed ? parsed.data : value];
      const what = parsed.error.issues.map((issue) => issue.message).join("; ");
      throw new PostgresError(
        "INVALID_VALUE",
        `The value for ${name} of ${this.#plan.table.name} is wrong: ${what}.`,
        {
          table: this.#plan.table.name,
          columns: [name],
        },
      );
    });
    return this.#row(Object.fromEntries(values));
  }

  #where(where: object): WhereSql {
    return new WhereCompiler(this.#plan, this.#model).compile(where);
  }

  /** For changes: not everything by accident, and nothing that a hash cannot tell apart. */
  #exactWhere(where: unknown, { all = false }: { readonly all?: boolean }): WhereSql {
    const compiled = this.#where(isWhere(where) ? where : this.#keyWhere(where));
    if (compiled.encrypted.length > 0) {
      throw new PostgresError(
        "UNSUPPORTED",
        "Rows cannot be changed by an encrypted column, because hashes may collide.",
        {
          table: this.#plan.table.name,
          hint: "Find the rows first, then change them by their key.",
        },
      );
    }
    if (compiled.text === "" && !all) {
      throw new PostgresError(
        "INVALID_OPTIONS",
        `Without a condition every row of ${this.#plan.table.name} would be changed.`,
        {
          table: this.#plan.table.name,
          hint: "Give a condition, or { all: true } to mean it.",
        },
      );
    }
    return compiled;
  }

  #keyWhere(key: unknown): object {
    const names = this.#primaryKey();
    if (isWhere(key)) {
      const missing = names.find((name) => Reflect.get(key, name) === undefined);
      if (missing === undefined)
        return Object.fromEntries(names.map((name) => [name, { eq: Reflect.get(key, name) }]));
      throw this.#wrongKey(`the key has no ${missing}`);
    }
    const [name, ...others] = names;
    if (name === undefined || others.length > 0)
      throw this.#wrongKey(`the key is ${names.join(", ")}`);
    if (key === null || key === undefined) throw this.#wrongKey("there is no key");
    return { [name]: { eq: key } };
  }

  #primaryKey(): readonly string[] {
    if (this.#plan.primaryKey.length > 0) return this.#plan.primaryKey;
    throw new PostgresError(
      "UNSUPPORTED",
      `The table ${this.#plan.table.name} has no primary key.`,
      {
        table: this.#plan.table.name,
        hint: "Use find with a condition, or give the table a primary key in the registry.",
      },
    );
  }

  #wrongKey(what: string): PostgresError {
    const { name } = this.#plan.table;
    return new PostgresError(
      "INVALID_OPTIONS",
      `A row of ${name} cannot be found like that: ${what}.`,
      { table: name },
    );
  }

  #orderBy({ orderBy = {} }: FindOptions<Value>): string {
    const order = Object.entries(orderBy).map(([name, direction]: [string, unknown]) => {
      const column = columnOf(this.#plan, name);
      if (column.column.encryption) {
        throw new PostgresError(
          "UNSUPPORTED",
          `Rows cannot be ordered by the encrypted column ${name}.`,
        );
      }
      return `${column.sqlName}${direction === "desc" ? " DESC" : ""}`;
    });
    return order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`;
  }

  #page({ limit, offset = 0 }: FindOptions<Value>): {
    readonly text: string;
    readonly from: number;
    readonly to: number;
  } {
    const from = wholeNumber(offset, "offset");
    const rows = limit === undefined ? Infinity : wholeNumber(limit, "limit");
    const text = `${limit === undefined ? "" : ` LIMIT ${rows}`}${from === 0 ? "" : ` OFFSET ${from}`}`;
    return { text, from, to: from + rows };
  }

  async #run(statement: Statement): Promise<QueryResult> {
    return await withSession(
      this.#source,
      async (session) => await this.#runOn(session, statement),
    );
  }

  async #runAll(statements: readonly Statement[]): Promise<readonly QueryResult[]> {
    const [first] = statements;
    if (first && statements.length === 1) return [await this.#run(first)];
    return await withSession(this.#source, async (session) => {
      if (this.#source.inTransaction) return await this.#each(session, statements);
      await session.run({ text: "BEGIN" });
      try {
        const results = await this.#each(session, statements);
        await commit(session);
        return results;
      } catch (error) {
        if (!isConnectionLost(error)) await rollback(session);
        throw error;
      }
    });
  }

  async #each(session: Session, statements: readonly Statement[]): Promise<readonly QueryResult[]> {
    const results: QueryResult[] = [];
    for (const statement of statements) results.push(await this.#runOn(session, statement));
    return results;
  }

  async #runOn(session: Session, statement: Statement): Promise<QueryResult> {
    return await this.#context.prepared.run(statement, {
      inTransaction: session.client.getTransactionStatus() !== "I",
      run: async (config) => await runOn(session, this.#context, { config }),
    });
  }
}

function byKeyOf(
  plan: TablePlan,
): { readonly text: string; readonly column: ColumnPlan } | undefined {
  const [name, ...others] = plan.primaryKey;
  const column = name === undefined || others.length > 0 ? undefined : plan.columns.get(name);
  if (!column) return undefined;
  return {
    column,
    text: `SELECT ${plan.columnList} FROM ${plan.sqlName} WHERE ${column.sqlName} = $1`,
  };
}
