import type { Connection } from "@ctb-data/postgres";
import type { RowSource, ScannedRow, SourceRow } from "./row-source.ts";

const fetchedRows = 1000;

/** The rows of a source in their order, one at a time, by a cursor of a session. */
export class RowStream {
  readonly #connection: Connection;
  readonly #source: RowSource;
  readonly #onRows: (rows: number) => void;
  #rows: readonly ScannedRow[] = [];
  #next = 0;
  #isOver = false;

  private constructor(connection: Connection, source: RowSource, onRows: (rows: number) => void) {
    this.#connection = connection;
    this.#source = source;
    this.#onRows = onRows;
  }

  /** Starts to read. The cursor lives as long as the transaction, or until the rows are at their end. @throws {PostgresError} */
  static async open(
    connection: Connection,
    source: RowSource,
    options: {
      readonly start?: string | undefined;
      readonly end?: string | undefined;
      /** Called with the rows of each fetch. */
      readonly onRows: (rows: number) => void;
    },
  ): Promise<RowStream> {
    const { sql, params } = source.ordered(options);
    await connection.query(`DECLARE ctb_rows NO SCROLL CURSOR FOR ${sql}`, params);
    const stream = new RowStream(connection, source, options.onRows);
    await stream.#fetch();
    return stream;
  }

  /** The row that comes next; undefined behind the last one. */
  get current(): ScannedRow | undefined {
    return this.#rows[this.#next];
  }

  /** Goes on to the next row. Only now and then there is something to wait for. */
  advance(): Promise<void> | undefined {
    this.#next += 1;
    return this.#next < this.#rows.length || this.#isOver ? undefined : this.#fetch();
  }

  async #fetch(): Promise<void> {
    const { rows } = await this.#connection.query<SourceRow>(
      `FETCH FORWARD ${fetchedRows} FROM ctb_rows`,
    );
    this.#rows = rows.map((row) => this.#source.read(row));
    this.#next = 0;
    if (rows.length > 0) this.#onRows(rows.length);
    if (rows.length > 0) return;
    this.#isOver = true;
    await this.#connection.query("CLOSE ctb_rows");
  }
}
