import type { ModelValue } from "@ctb-data/models";
import { CopyText } from "./copy-out-text.ts";
import { copyDecoderOf, decodeCopyField } from "./copy-text.ts";
import type { DatabaseContext } from "./database-context.ts";
import { PostgresError } from "./postgres-error.ts";
import type { CopyOutOptions } from "./postgres.ts";
import type { SessionSource } from "./session-source.ts";
import type { Session } from "./session.ts";
import { finisherOf } from "./store-values.ts";
import { isRowClass, tableNameOf, type TableName } from "./stored-model.ts";
import type { TablePlan } from "./table-plan.ts";
import { typedRow } from "./typed-row.ts";

/** What `copyOut` reads, and how. */
export interface CopyOutTask extends CopyOutOptions {
  readonly context: DatabaseContext;
  readonly sessions: SessionSource;
}

/** A table, or a query. */
type CopySource = TableName | { readonly query: string };

/** One column of the text that comes. */
interface FieldPlan {
  readonly name: string;
  readonly decode: (field: string) => ModelValue;
}

/** What is sent to the server, and how its text is read. */
interface CopyPlan {
  readonly sql: string;
  readonly fields: readonly FieldPlan[];
  /** Makes a model's value from a row as it is stored: decrypts, makes instances. */
  readonly finish: (row: object) => object;
}

/** Reads rows by `COPY … TO STDOUT`, no faster than they are taken. Every loop over it is a COPY of its own. */
export function copyOut<Row extends object>(
  source: CopySource,
  task: CopyOutTask,
): AsyncIterable<Row> {
  return { [Symbol.asyncIterator]: () => readRows<Row>(source, task) };
}

async function* readRows<Row extends object>(
  source: CopySource,
  task: CopyOutTask,
): AsyncGenerator<Row, void> {
  const session = await task.sessions.acquire(task.signal);
  try {
    const plan = await planCopy(source, session, task);
    const text = new CopyText(session, plan.sql, {
      inTransaction: task.sessions.inTransaction,
      description: task.context.description,
      signal: task.signal,
    });
    await text.start();
    try {
      yield* decodeRows<Row>(text, plan, task.onProgress);
    } finally {
      await text.finish();
    }
  } finally {
    task.sessions.release(session);
  }
}

async function* decodeRows<Row extends object>(
  text: CopyText,
  plan: CopyPlan,
  onProgress: CopyOutOptions["onProgress"],
): AsyncGenerator<Row, void> {
  const { fields, finish } = plan;
  let rows = 0;
  for await (const lines of text.lines()) {
    for (const line of lines) {
      yield typedRow<Row>(finish(decodeRow(line, fields)));
    }
    rows += lines.length;
    onProgress?.({ rows, bytes: text.bytes });
  }
}

function decodeRow(line: string, fields: readonly FieldPlan[]): object {
  const texts = fields.length === 0 ? [] : line.split("\t");
  const row: Record<string, ModelValue> = {};
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (!field) continue;
    const value = field.decode(texts[index] ?? "\\N");
    if (field.name === "__proto__")
      Object.defineProperty(row, "__proto__", { value, enumerable: true });
    else row[field.name] = value;
  }
  return row;
}

async function planCopy(
  source: CopySource,
  session: Session,
  { context, columns }: CopyOutTask,
): Promise<CopyPlan> {
  if (typeof source === "object" && "query" in source) {
    return await planQuery(source.query, session, context);
  }
  const plan = context.tablePlan(tableNameOf(source));
  const rowClass = isRowClass(source) ? context.keyedClass(plan, source) : undefined;
  const fields = (columns ?? [...plan.columns.keys()]).map((name) => tableField(plan, name));
  const model = columns ? context.partialModel(plan, columns) : context.model(plan);
  const list = fields.map((field) => field.sqlName).join(", ");
  return {
    sql: `COPY ${plan.sqlName} (${list}) TO STDOUT`,
    fields,
    finish: finisherOf(plan, model, rowClass),
  };
}

function tableField(plan: TablePlan, name: string): FieldPlan & { readonly sqlName: string } {
  const column = plan.columns.get(name);
  if (column) return { name, sqlName: column.sqlName, decode: copyDecoderOf(column.stored) };
  throw new PostgresError("UNKNOWN_OBJECT", `The table ${plan.table.name} has no column ${name}.`, {
    table: plan.table.name,
    columns: [name],
  });
}

/** COPY does not say the types of its columns: the same query is asked for no rows first. */
async function planQuery(
  query: string,
  session: Session,
  context: DatabaseContext,
): Promise<CopyPlan> {
  const bare = query.trim().replace(/;\s*$/, "");
  // The line break ends a comment at the end of the query. Parameters by protocol: only one statement goes.
  const probe = await session.run({
    text: `SELECT * FROM (${bare}\n) AS ctb_copy WHERE $1`,
    values: ["false"],
    types: context.types,
  });
  await context.types.learnFrom(probe, session);
  return {
    sql: `COPY (${bare}\n) TO STDOUT`,
    fields: probe.fields.map(({ name, dataTypeID }) => {
      const parse = context.types.getTypeParser(dataTypeID);
      return { name, decode: (field: string) => decodeCopyField(field, parse) };
    }),
    finish: (row) => row,
  };
}
