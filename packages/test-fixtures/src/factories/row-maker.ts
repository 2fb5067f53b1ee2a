import { ModelError } from "@ctb-data/models";
import { FixtureError } from "../fixture-error.ts";
import type { Edge, MakingContext } from "./column-maker.ts";
import { keepOrders } from "./keep-orders.ts";
import { unitIndex } from "./key-units.ts";
import type { MadeColumn, MadeReference, TableMaker } from "./table-maker.ts";

/** An object of values by column. */
export type Values = Readonly<Record<string, unknown>>;

/** What a row is made of. */
export interface RowOrder {
  /** Which row it is: the same number is the same row. */
  readonly number: number;
  /** Values that are given. */
  readonly given?: Values;
  readonly edge?: Edge | undefined;
  /** Columns that have a plain value all the same. */
  readonly plain?: ReadonlySet<string>;
  /** Defaults only now and then: for many rows that are to differ. */
  readonly varied?: boolean;
}

/** What the rows of all tables share. */
export interface MakingScope {
  /** Begins the random numbers of a column in a row. */
  readonly contextOf: (stream: number, number: number) => MakingContext;
  /** @throws {FixtureError} NOT_FOUND, CANNOT_MAKE */
  readonly makerOf: (table: string) => TableMaker;
}

/** Makes rows of tables, each from its number alone. Row n refers to row n of the other table, as far as it has so many. */
export class RowMaker {
  readonly #scope: MakingScope;

  constructor(scope: MakingScope) {
    this.#scope = scope;
  }

  /**
   * A row as its model has it.
   *
   * @throws {FixtureError} CANNOT_MAKE, or INVALID_OVERRIDE when what is given is not valid
   */
  value(maker: TableMaker, order: RowOrder): Values {
    const given = order.given ?? {};
    const row: Record<string, unknown> = {};
    const put = (name: string, value: unknown): void => void Object.defineProperty(row, name, ownProperty(value)); // prettier-ignore
    for (const [name, value] of Object.entries(given)) if (value !== undefined) put(name, value);
    for (const reference of maker.references) this.#fillReference(maker, { reference, order, put, row }); // prettier-ignore
    const free = new Set<string>();
    for (const column of maker.columns.values()) {
      if (Object.hasOwn(row, column.name)) continue;
      put(column.name, this.#columnValue(maker, column, order));
      if (column.unit === undefined) free.add(column.name);
    }
    this.#fillSelf(maker, row, put);
    keepOrders(maker, row, {
      free,
      another: (name, attempt) => this.#another(maker, { name, number: order.number, attempt }),
    });
    return parsed(maker, row, given);
  }

  /** The value of one column in a plain row. */
  columnValue(maker: TableMaker, name: string, number: number): unknown {
    const reference = maker.references.find(({ key, from }) => from === "parent" && key.columns.includes(name)); // prettier-ignore
    if (reference !== undefined) return this.#fromParent(reference, name, number);
    const column = maker.columns.get(name);
    if (column === undefined) return undefined;
    const value = this.#columnValue(maker, column, { number });
    const read = maker.model.shape[name]?.safeParse(value);
    return read?.success === true ? read.data : value;
  }

  #fromParent({ key, unit }: MadeReference, name: string, number: number): unknown {
    const other = key.referencedColumns[key.columns.indexOf(name)] ?? "";
    const parent = this.#scope.makerOf(key.referencedTable);
    return this.columnValue(parent, other, unitIndex(unit, number));
  }

  #fillReference(
    maker: TableMaker,
    { reference, order, put, row }: { readonly reference: MadeReference; readonly order: RowOrder; readonly put: (name: string, value: unknown) => void; readonly row: object },
  ): void {
    const { key, from } = reference;
    const open = key.columns.filter((name) => !Object.hasOwn(row, name));
    if (from === "null" || (order.edge === "nulls" && from === "parent")) {
      for (const name of open) if (maker.columns.get(name)?.nullable === true) put(name, null);
    }
    if (from !== "parent") return;
    for (const name of open.filter((column) => !Object.hasOwn(row, column)))
      put(name, this.#fromParent(reference, name, order.number));
  } // prettier-ignore

  /** A row that must refer to one of its own table refers to itself. */
  #fillSelf(maker: TableMaker, row: Values, put: (name: string, value: unknown) => void): void {
    for (const { key, from } of maker.references) {
      if (from !== "self") continue;
      for (const [index, name] of key.columns.entries()) {
        const other = key.referencedColumns[index] ?? "";
        if (other !== name) put(name, row[other]);
      }
    }
  }

  #columnValue(maker: TableMaker, column: MadeColumn, order: RowOrder): unknown {
    const { number, varied = false } = order;
    const edge = order.plain?.has(column.name) === true ? undefined : order.edge;
    if (column.alwaysNull || (edge === "nulls" && column.nullable)) return null;
    const context = this.#scope.contextOf(column.stream, number);
    if (edge !== undefined && edge !== "nulls") {
      const value = column.maker.edge(edge, context);
      if (value !== undefined) return value;
    }
    if (column.unit !== undefined) {
      return needed(maker, column, column.maker.nth(unitIndex(column.unit, number), context));
    }
    const { usual } = column;
    if (usual !== undefined && !(varied && context.random.chance(0.5))) return usual.value;
    return needed(maker, column, column.maker.sample(context));
  }

  #another(
    maker: TableMaker,
    { name, number, attempt }: { readonly name: string; readonly number: number; readonly attempt: number },
  ): unknown {
    const column = maker.columns.get(name);
    const context = this.#scope.contextOf((column?.stream ?? 0) + attempt, number);
    return column?.maker.sample(context);
  } // prettier-ignore
}

const ownProperty = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: true,
  writable: true,
  configurable: true,
});

function needed({ table }: TableMaker, { name, column, nullable }: MadeColumn, value: unknown): unknown {
  if (value !== undefined) return value;
  if (nullable) return null;
  const rules = [
    ...(column.pattern === undefined ? [] : ["its pattern"]),
    ...(column.format === undefined ? [] : ["its format"]),
    "its length and the checks of the table",
  ];
  throw new FixtureError(
    "CANNOT_MAKE",
    `No value for ${table.name}.${name} was found that fits ${rules.join(", ")}, and was not made before.`,
    { table: table.name, column: name, hint: `Give an override: { ${JSON.stringify(name)}: … }.` },
  );
} // prettier-ignore

/** What the model makes of a row. Whose fault it is when it does not take it is told apart. */
function parsed({ table, model }: TableMaker, row: Values, given: Values): Values {
  try {
    return model.parse(row);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const issues = error.issues.map(({ path, message }) => ({ name: String(path[0] ?? ""), message })); // prettier-ignore
    const wrong = issues.filter(({ name }) => given[name] !== undefined);
    const [first] = wrong.length > 0 ? wrong : issues;
    const told = (wrong.length > 0 ? wrong : issues)
      .map(({ name, message }) => `${table.name}.${name} ${message}`)
      .join("; ");
    throw new FixtureError(
      wrong.length > 0 ? "INVALID_OVERRIDE" : "CANNOT_MAKE",
      wrong.length > 0
        ? `The override is not valid: ${told}.`
        : `No valid row was made: ${told}.`,
      {
        table: table.name,
        column: first?.name,
        hint: wrong.length > 0 ? "Give what the model takes as input." : "Give an override for the column.",
        cause: error,
      },
    );
  }
} // prettier-ignore
