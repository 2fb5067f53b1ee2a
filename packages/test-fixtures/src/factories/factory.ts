import type { Edge } from "./column-maker.ts";
import type { WritableDatabase } from "./create-rows.ts";
import type { MadeDocument } from "./document-maker.ts";

/** Values in the place of made ones, by column; and by the name of a reference (`client` for `client_id`) the row to refer to. */
export type Overrides<Input extends object> = { readonly [Name in keyof Input]?: Input[Name] } & {
  readonly [Name in keyof Input as Name extends `${infer Other}_id` ? Exclude<Other, keyof Input> : never]?: object;
}; // prettier-ignore

/** Overrides, or a function from the number of the row (from 0) to them. */
export type EachOverrides<Input extends object> =
  | Overrides<Input>
  | ((index: number) => Overrides<Input>);

/**
 * Makes rows of one table. All of them throw a {@link FixtureError}: INVALID_OVERRIDE when an override is not valid, or
 * names a column that is not there; CANNOT_MAKE when something is needed that no rule tells how to make, or when a key
 * has no more values.
 */
export interface Factory<Input extends object, Row> {
  readonly table: string;
  /**
   * A row with a value in every column, as the model has it. The nth row that is made refers to the nth row of the other
   * table, unless an override says to which.
   */
  make(overrides?: Overrides<Input>): Row;
  many(count: number, overrides?: EachOverrides<Input>): readonly Row[];
  /** A row with values at an edge of what is allowed, wherever the column has one. */
  edge(edge: Edge, overrides?: Overrides<Input>): Row;
  /** A row for each edge. */
  edges(overrides?: Overrides<Input>): readonly Row[];
  /**
   * Writes a row, and a row of each table that it refers to unless an override says which one is there; all or none.
   * Gives back what the database has. PostgreSQL numbers it, and fills in the defaults that only it knows.
   */
  create(db: WritableDatabase, overrides?: Overrides<Input>): Promise<Row>;
  createMany(db: WritableDatabase, count: number, overrides?: EachOverrides<Input>): Promise<readonly Row[]>;
  createEdge(db: WritableDatabase, edge: Edge, overrides?: Overrides<Input>): Promise<Row>;
  createEdges(db: WritableDatabase, overrides?: Overrides<Input>): Promise<readonly Row[]>;
  /** A document of the table's collection; overrides may name its own fields, too. */
  document(overrides?: Overrides<Input> & Readonly<Record<string, unknown>>): MadeDocument;
} // prettier-ignore
