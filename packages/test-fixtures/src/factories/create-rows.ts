import { PostgresError, quoteIdentifier, type TableStore, type Transaction } from "@ctb-data/postgres"; // prettier-ignore
import { FixtureError } from "../fixture-error.ts";
import { isOnlyDatabases, isSerial } from "./column-default.ts";
import type { Edge } from "./column-maker.ts";
import type { MadeRows } from "./made-rows.ts";
import type { Values } from "./row-maker.ts";
import type { MadeReference, TableMaker } from "./table-maker.ts";

/** What rows can be written to: an opened database, or a transaction. */
export interface WritableDatabase {
  table(name: string): TableStore;
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** Which rows are to be there. */
export interface CreateOrder {
  readonly table: string;
  /** The values that are given, of each row. */
  readonly given: readonly Values[];
  readonly edge?: Edge | undefined;
  readonly implicit?: boolean;
}

/** Writes rows and all that they refer to. */
export class RowCreator {
  readonly #tx: Transaction;
  readonly #madeOf: (table: string) => MadeRows;

  constructor(tx: Transaction, madeOf: (table: string) => MadeRows) {
    this.#tx = tx;
    this.#madeOf = madeOf;
  }

  /**
   * The rows as the database has them, in the order of what was given; fewer when they are implicit and there are no
   * more to be had.
   *
   * @throws {FixtureError} CANNOT_MAKE, INVALID_OVERRIDE, DATABASE_FAILED
   */
  async create({ table, given, edge, implicit = false }: CreateOrder): Promise<readonly Values[]> {
    const made = this.#madeOf(table);
    const { maker } = made;
    const filled = given.map((values) => ({ ...values }));
    for (const reference of maker.references) {
      if (reference.from === "parent") await this.#addParents(maker, { reference, filled, edge });
    }
    const rows: Values[] = [];
    for (const [index, values] of filled.entries()) {
      const row = made.next({ given: values, edge, implicit });
      if (row === undefined) break;
      rows.push(stored(maker, row, given[index] ?? {}));
    }
    const inserted = await this.#insert(maker, await this.#withOwnKeys(maker, rows));
    return implicit ? await this.#orExisting(maker, inserted, given) : inserted;
  }

  /** Fills in the columns of a reference, by a new row of the other table for each row that has none. */
  async #addParents(
    maker: TableMaker,
    { reference, filled, edge }: { readonly reference: MadeReference; readonly filled: readonly Record<string, unknown>[]; readonly edge: Edge | undefined },
  ): Promise<void> {
    const { columns, referencedColumns, referencedTable } = reference.key;
    const isNull = (name: string): boolean => edge === "nulls" && maker.columns.get(name)?.nullable === true;
    const open = filled.filter((row) => columns.some((name) => row[name] === undefined) && !columns.some((name) => row[name] === null || (row[name] === undefined && isNull(name))));
    if (open.length === 0) return;
    const fixed = open.map((row) =>
      Object.fromEntries(columns.flatMap((name, index) => (row[name] === undefined ? [] : [[referencedColumns[index] ?? "", row[name]]]))),
    );
    const parents = await this.create({ table: referencedTable, given: fixed, implicit: true });
    for (const [index, row] of open.entries()) {
      const parent = parents[index % Math.max(parents.length, 1)];
      for (const [at, name] of columns.entries()) row[name] ??= parent?.[referencedColumns[at] ?? ""];
    }
  } // prettier-ignore

  /** Where no new row can be had, one that is there will do. */
  async #orExisting(
    maker: TableMaker,
    inserted: readonly Values[],
    wanted: readonly Values[],
  ): Promise<readonly Values[]> {
    const rows = [...inserted];
    for (const values of wanted.slice(inserted.length)) {
      const there = await this.#tx.table(maker.table.name).find(values, { limit: wanted.length });
      const [first] = there;
      if (first === undefined) {
        throw new FixtureError(
          "CANNOT_MAKE",
          `There is no other row of ${maker.table.name} to be made, and none in the database to refer to.`,
          { table: maker.table.name, hint: "Give the row to refer to as an override." },
        );
      }
      rows.push(there[rows.length % there.length] ?? first);
    }
    return rows;
  }

  /** A row that must refer to itself has to know its key before it is written. */
  async #withOwnKeys(maker: TableMaker, rows: readonly Values[]): Promise<readonly Values[]> {
    const { table } = maker;
    const self = maker.references.filter(({ from }) => from === "self");
    const serials = self.flatMap(({ key }) => key.referencedColumns).filter((name) => rows.some((row) => !Object.hasOwn(row, name)));
    let result = rows;
    for (const name of new Set(serials)) {
      const place = `${quoteIdentifier(this.#madeOf(table.name).schema)}.${quoteIdentifier(table.name)}`;
      const { rows: ids } = await this.#tx.query<{ id: bigint }>(
        "SELECT nextval(pg_get_serial_sequence($1, $2)) AS id FROM generate_series(1, $3::int)",
        [place, name, rows.length],
      );
      const isBig = maker.columns.get(name)?.column.type.kind === "int64";
      result = result.map((row, index) => {
        const id = isBig ? ids[index]?.id : Number(ids[index]?.id);
        const ties = self.flatMap(({ key }) => key.columns.filter((_, at) => key.referencedColumns[at] === name));
        return { ...row, [name]: id, ...Object.fromEntries(ties.map((tie) => [tie, id])) };
      });
    }
    return result;
  } // prettier-ignore

  async #insert({ table }: TableMaker, rows: readonly Values[]): Promise<readonly Values[]> {
    try {
      return await this.#tx.table(table.name).insert(rows);
    } catch (error) {
      throw error instanceof PostgresError ? refusal(table, error) : error;
    }
  }
}

/** Without what the database fills in: its own numbers, and defaults that only it knows. */
function stored(maker: TableMaker, row: Values, given: Values): Values {
  return Object.fromEntries(
    Object.entries(row).filter(([name]) => {
      if (given[name] !== undefined) return true;
      const column = maker.columns.get(name)?.column;
      return column === undefined || !(isSerial(column) || isOnlyDatabases(column));
    }),
  );
}

/** What the database said against a row, in the words of the registry. */
function refusal(table: TableMaker["table"], error: PostgresError): FixtureError {
  const check = table.checks.find(({ name }) => name === error.constraint);
  if (check !== undefined) {
    return new FixtureError(
      "CANNOT_MAKE",
      `The database refused a row of ${table.name}: its check ${check.name} (${check.expression}) does not hold.`,
      { table: table.name, column: error.columns?.[0], hint: "The check is not one that factories understand: give overrides that satisfy it.", cause: error },
    );
  }
  const key = table.foreignKeys.find(({ name }) => name === error.constraint);
  const isWrong = key !== undefined || error.code === "CONSTRAINT_VIOLATION";
  return new FixtureError(
    isWrong ? "INVALID_OVERRIDE" : "DATABASE_FAILED",
    `The database refused a row of ${table.name}: ${error.message}`,
    {
      table: table.name,
      column: error.columns?.[0],
      hint: key === undefined ? (error.hint ?? "Is there such a row already?") : `Give a row of ${key.referencedTable} that is there, or leave ${key.columns.join(", ")} out.`,
      cause: error,
    },
  );
} // prettier-ignore
