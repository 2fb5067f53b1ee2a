import { FixtureError } from "../fixture-error.ts";
import { allEdges, type Edge } from "./column-maker.ts";
import { RowCreator, type WritableDatabase } from "./create-rows.ts";
import { documentOfRow, type MadeDocument } from "./document-maker.ts";
import type { EachOverrides, Factory, Overrides } from "./factory.ts";
import { givenValues } from "./given-values.ts";
import type { MadeRows } from "./made-rows.ts";
import type { Values } from "./row-maker.ts";
import type { Workshop } from "./workshop.ts";

export interface TableFactoryParts<Row> {
  readonly workshop: Workshop;
  /** What was made of each table so far. */
  readonly madeOf: (table: string) => MadeRows;
  /** Makes what callers get of a value. */
  readonly finish: (value: Values) => Row;
}

/** The factory of one table. */
export class TableFactory<Input extends object, Row> implements Factory<Input, Row> {
  readonly table: string;
  readonly #parts: TableFactoryParts<Row>;

  constructor(table: string, parts: TableFactoryParts<Row>) {
    this.table = table;
    this.#parts = parts;
    // A table that cannot be made is told of when it is asked for, not with its first row.
    parts.madeOf(table);
  }

  make(overrides: Overrides<Input> = {}): Row {
    return this.#parts.finish(this.#next(overrides));
  }

  many(count: number, overrides: EachOverrides<Input> = {}): readonly Row[] {
    return eachOf(count, overrides).map((each) => this.make(each));
  }

  edge(edge: Edge, overrides: Overrides<Input> = {}): Row {
    return this.#parts.finish(this.#next(overrides, edge));
  }

  edges(overrides: Overrides<Input> = {}): readonly Row[] {
    return allEdges.map((edge) => this.edge(edge, overrides));
  }

  async create(db: WritableDatabase, overrides: Overrides<Input> = {}): Promise<Row> {
    return this.#only(await this.#create(db, [overrides]));
  }

  async createMany(
    db: WritableDatabase,
    count: number,
    overrides: EachOverrides<Input> = {},
  ): Promise<readonly Row[]> {
    return await this.#create(db, eachOf(count, overrides));
  }

  async createEdge(
    db: WritableDatabase,
    edge: Edge,
    overrides: Overrides<Input> = {},
  ): Promise<Row> {
    return this.#only(await this.#create(db, [overrides], edge));
  }

  async createEdges(
    db: WritableDatabase,
    overrides: Overrides<Input> = {},
  ): Promise<readonly Row[]> {
    return await db.transaction(async (tx) => {
      const rows: Row[] = [];
      for (const edge of allEdges) rows.push(await this.createEdge(tx, edge, overrides));
      return rows;
    });
  }

  document(overrides: Overrides<Input> & Values = {}): MadeDocument {
    const { workshop } = this.#parts;
    const { table } = this.#made().maker;
    const fields = table.firestore?.fields;
    const isOwn = (name: string): boolean =>
      fields?.has(name) === true && fields.get(name)?.column === undefined;
    const entries: [string, unknown][] = Object.entries(overrides);
    const own = Object.fromEntries(entries.filter(([name]) => isOwn(name)));
    const columns = Object.fromEntries(entries.filter(([name]) => !isOwn(name)));
    const number = this.#made().count;
    return documentOfRow(workshop, this.table, { row: this.#next(columns), number, given: own });
  }

  #made(): MadeRows {
    return this.#parts.madeOf(this.table);
  }

  #next(overrides: object, edge?: Edge): Values {
    const made = this.#made();
    return made.next({ given: givenValues(made.maker, overrides), edge }) ?? {};
  }

  async #create(
    db: WritableDatabase,
    overrides: readonly object[],
    edge?: Edge,
  ): Promise<readonly Row[]> {
    const { maker } = this.#made();
    const given = overrides.map((each) => givenValues(maker, each));
    const rows = await db.transaction(
      async (tx) => await new RowCreator(tx, this.#parts.madeOf).create({ table: this.table, given, edge }), // prettier-ignore
    );
    return rows.map(this.#parts.finish);
  }

  #only(rows: readonly Row[]): Row {
    const [row] = rows;
    if (row !== undefined) return row;
    throw new FixtureError("DATABASE_FAILED", `The table ${this.table} gave no row back.`, {
      table: this.table,
      hint: "A trigger or a rule may have dropped it.",
    });
  }
}

function eachOf<Input extends object>(
  count: number,
  overrides: EachOverrides<Input>,
): readonly Overrides<Input>[] {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new FixtureError("INVALID_OPTIONS", `${count} is not a number of rows.`);
  }
  return Array.from({ length: count }, (_, index) =>
    typeof overrides === "function" ? overrides(index) : overrides,
  );
}
