import { setImmediate } from "node:timers/promises";
import { ModelError } from "@ctb-data/models";
import { from, type CopyStreamQuery } from "pg-copy-streams";
import { toPostgresError } from "./classify-error.ts";
import { copyEncoderOf } from "./copy-text.ts";
import { PostgresError, type PostgresErrorDetails } from "./postgres-error.ts";
import type { CopyInOptions } from "./postgres.ts";
import { cancelled, type Session } from "./session.ts";
import type { TablePlan } from "./table-plan.ts";

/** What `copyIn` writes, and how. */
export interface CopyInTask extends CopyInOptions {
  readonly rows: Iterable<object> | AsyncIterable<object>;
  /** Makes the row that is stored from a model's value: encrypts. Undefined where both are the same. */
  readonly toRow: ((value: object) => object) | undefined;
  readonly description: string;
}

/** How much text is collected before it is sent: small enough to overlap with the server's work, large enough to be few writes. */
const chunkCharacters = 128 * 1024;

/** Sends rows by `COPY … FROM STDIN`, no faster than the server takes them. */
export async function copyIn(
  session: Session,
  plan: TablePlan,
  task: CopyInTask,
): Promise<{ readonly rows: number }> {
  const rows = new RowSource(task.rows);
  const first = await rows.first();
  if (!first) return { rows: 0 };
  const encoder = encoderFor(plan, { task, first: first.value, rows });
  const sql = `COPY ${plan.sqlName} (${encoder.columnList}) FROM STDIN`;
  try {
    await session.exclusively(
      async () =>
        await session.guard(async () => {
          const stream = session.client.query(from(sql));
          await new CopyFeed(stream, session, task).run(encoder, rows);
        }),
    );
  } catch (error) {
    // What the source throws is the caller's own, and reaches him as it is.
    throw rows.failure ? rows.failure.reason : error;
  }
  return { rows: encoder.rows };
}

function encoderFor(
  plan: TablePlan,
  {
    task,
    first,
    rows,
  }: { readonly task: CopyInTask; readonly first: object; readonly rows: RowSource },
): RowEncoder {
  try {
    return new RowEncoder(plan, { task, first });
  } catch (error) {
    rows.abandon();
    throw error;
  }
}

/** Rows of which the first is looked at before the others. */
class RowSource {
  readonly #rows: Iterable<object> | AsyncIterable<object>;
  #iterator: Iterator<object> | AsyncIterator<object> | undefined;
  #first: { readonly value: object } | undefined;
  /** What the source threw. */
  failure: { readonly reason: unknown } | undefined;

  constructor(rows: Iterable<object> | AsyncIterable<object>) {
    this.#rows = rows;
  }

  async first(): Promise<{ readonly value: object } | undefined> {
    this.#iterator =
      Symbol.asyncIterator in this.#rows
        ? this.#rows[Symbol.asyncIterator]()
        : this.#rows[Symbol.iterator]();
    const step = await this.#iterator.next();
    this.#first = step.done === true ? undefined : { value: step.value };
    return this.#first;
  }

  /** Gives every row to `take`, and waits when it returns a promise: a promise per row would cost more than the row. */
  async forEach(take: (row: object) => Promise<void> | undefined): Promise<void> {
    if (!this.#iterator || !this.#first) return;
    let waiting = take(this.#first.value);
    if (waiting) await waiting;
    for (;;) {
      const next = this.#next(this.#iterator);
      const step = "then" in next ? await next : next;
      if (step.done === true) return;
      waiting = take(step.value);
      if (waiting) await waiting;
    }
  }

  #next(
    iterator: Iterator<object> | AsyncIterator<object>,
  ): IteratorResult<object> | Promise<IteratorResult<object>> {
    try {
      const next = iterator.next();
      return "then" in next ? next.catch(this.#fail) : next;
    } catch (reason) {
      return this.#fail(reason);
    }
  }

  readonly #fail = (reason: unknown): never => {
    this.failure = { reason };
    throw reason;
  };

  /** Lets the source clean up. Not waited for: a generator that hangs would hang this, too. */
  abandon(): void {
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
    } catch {
      // The copy has failed already; that its source cannot even stop is not the news.
    }
  }
}

/** Rows to text. */
class RowEncoder {
  readonly columnList: string;
  rows = 0;
  #text = "";
  readonly #names: readonly string[];
  readonly #encoders: readonly ((value: unknown) => string)[];
  readonly #toRow: ((value: object) => object) | undefined;
  readonly #plan: TablePlan;

  constructor(
    plan: TablePlan,
    { task, first }: { readonly task: CopyInTask; readonly first: object },
  ) {
    this.#plan = plan;
    this.#toRow = task.toRow;
    this.#names = task.columns ?? Object.keys(task.toRow ? task.toRow(first) : first);
    const columns = this.#names.map((name) => {
      const column = plan.columns.get(name);
      if (column) return column;
      throw new PostgresError(
        "UNKNOWN_OBJECT",
        `The table ${plan.table.name} has no column ${name}.`,
        {
          table: plan.table.name,
          columns: [name],
          row: 1,
        },
      );
    });
    if (columns.length === 0) {
      throw new PostgresError(
        "INVALID_OPTIONS",
        `The first row for ${plan.table.name} has no columns.`,
        { row: 1 },
      );
    }
    this.columnList = columns.map((column) => column.sqlName).join(", ");
    this.#encoders = columns.map((column) => copyEncoderOf(column.stored));
  }

  /** Adds a row. True when there is enough text to send. */
  add(value: object): boolean {
    this.rows += 1;
    const row = this.#toRow ? this.#stored(value, this.#toRow) : value;
    let line = "";
    for (let index = 0; index < this.#encoders.length; index++) {
      const field = this.#field(row, index);
      line = index === 0 ? field : `${line}\t${field}`;
    }
    if (Object.keys(row).length > this.#names.length) this.#refuseMore(row);
    this.#text += `${line}\n`;
    return this.#text.length >= chunkCharacters;
  }

  take(): Buffer {
    const chunk = Buffer.from(this.#text, "utf8");
    this.#text = "";
    return chunk;
  }

  #stored(value: object, toRow: (value: object) => object): object {
    try {
      return toRow(value);
    } catch (cause) {
      if (!(cause instanceof ModelError) || cause.code !== "INVALID_VALUE") throw cause;
      const columns = cause.issues.flatMap(({ path }) => path.slice(0, 1).map(String));
      throw this.#error(columns, `cannot be written: ${cause.message}`, cause.hint, cause);
    }
  }

  #field(row: object, index: number): string {
    const name = this.#names[index] ?? "";
    const value: unknown = Reflect.get(row, name);
    if (value === null) return "\\N";
    const encode = this.#encoders[index];
    if (value === undefined || !encode) {
      throw this.#error(
        name,
        `has no value for ${name}`,
        "Give every row the same columns; null is a value.",
      );
    }
    try {
      return encode(value);
    } catch (cause) {
      if (!(cause instanceof ModelError)) throw cause;
      throw this.#error(name, `cannot be written: ${cause.message}`, cause.hint, cause);
    }
  }

  #refuseMore(row: object): void {
    const names = new Set(this.#names);
    const more = Object.keys(row).find((name) => !names.has(name));
    if (more === undefined || this.#names.length < names.size) return;
    throw this.#error(
      more,
      `has a column ${more} that the copy leaves out`,
      "Give every row the same columns, or name them in `columns`.",
    );
  }

  #error(
    column: string | readonly string[],
    what: string,
    hint: string | undefined,
    cause?: unknown,
  ): PostgresError {
    const table = this.#plan.table.name;
    return new PostgresError(
      "INVALID_VALUE",
      `Row ${this.rows} for ${table} ${what}.`.replace(/\.\.$/, "."),
      {
        hint,
        cause,
        table,
        columns: typeof column === "string" ? [column] : column,
        row: this.rows,
      },
    );
  }
}

/** One COPY that takes text until it is done, refused or given up. */
class CopyFeed {
  readonly #stream: CopyStreamQuery;
  readonly #session: Session;
  readonly #task: CopyInTask;
  #bytes = 0;
  /** Set as soon as nothing more may be written: pg-copy-streams forgets its connection on an error and would throw. */
  #over = false;

  constructor(stream: CopyStreamQuery, session: Session, task: CopyInTask) {
    this.#stream = stream;
    this.#session = session;
    this.#task = task;
  }

  async run(encoder: RowEncoder, rows: RowSource): Promise<void> {
    const { signal } = this.#task;
    let refused = false;
    let onAbort: (() => void) | undefined;
    const stopped = new Promise<never>((_resolve, reject) => {
      this.#stream.once("error", (error) => {
        this.#over = true;
        refused = true;
        reject(error);
      });
      if (!signal) return;
      onAbort = () => reject(cancelled(signal));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    try {
      await Promise.race([this.#pump(encoder, rows), stopped]);
    } catch (error) {
      this.#over = true;
      rows.abandon();
      if (refused) throw this.#refusal(error);
      await this.#giveUp(error);
      throw error;
    } finally {
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    }
  }

  async #pump(encoder: RowEncoder, rows: RowSource): Promise<void> {
    await rows.forEach((row) => (encoder.add(row) ? this.#send(encoder) : undefined));
    await this.#send(encoder);
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("finish", resolve);
      this.#stream.end();
    });
  }

  async #send(encoder: RowEncoder): Promise<void> {
    if (this.#over) throw new Error("The copy is over");
    const chunk = encoder.take();
    if (chunk.length === 0) return;
    this.#bytes += chunk.length;
    if (!this.#stream.write(chunk)) {
      await new Promise<void>((resolve) => void this.#stream.once("drain", resolve));
    }
    // While the socket takes everything at once nothing else would run: no refusal of the server, no signal, no timer.
    await setImmediate();
    this.#task.onProgress?.({ rows: encoder.rows, bytes: this.#bytes });
  }

  /** Tells the server that the copy failed on this side, and waits until it has forgotten it. */
  async #giveUp(error: unknown): Promise<void> {
    const timer = setTimeout(() => this.#session.cut(), 5000);
    await new Promise<void>((resolve) => {
      this.#stream.once("close", resolve);
      this.#stream.destroy(new Error(error instanceof Error ? error.name : "given up"));
    });
    clearTimeout(timer);
  }

  #refusal(error: unknown): PostgresError {
    const known = toPostgresError(error, { description: this.#task.description });
    // "COPY clients, line 3, column email: …", in any language.
    const place = /^COPY .*?, \S+ (?<line>\d+)(?:, \S+ (?<column>[^:]+))?/m.exec(
      known.where ?? "",
    )?.groups;
    if (!place) return known;
    const row = Number(place["line"]);
    const details: PostgresErrorDetails = known;
    return new PostgresError(known.code, `Row ${row}: ${known.message}`, {
      ...details,
      cause: known.cause,
      row,
      columns: known.columns ?? (place["column"] === undefined ? undefined : [place["column"]]),
    });
  }
}
