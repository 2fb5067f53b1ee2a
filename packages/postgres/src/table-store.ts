/** A row as a model has it, when no model says more. */
export type AnyRow = Readonly<Record<string, unknown>>;

/** A condition on one column: a value (equal), null (is null), a list (one of), or comparisons (all of them). */
export type Condition<T> = T | null | readonly T[] | Comparisons<T>;

export interface Comparisons<T> {
  readonly eq?: T | null;
  readonly not?: T | null;
  readonly in?: readonly T[];
  readonly gt?: T;
  readonly gte?: T;
  readonly lt?: T;
  readonly lte?: T;
  /** With `%` and `_`. */
  readonly like?: string;
  readonly ilike?: string;
}

/** All conditions must hold. */
export type Where<Value> = { readonly [K in keyof Value]?: Condition<NonNullable<Value[K]>> };

export interface FindOptions<Value> {
  /** Column to direction, in this order of importance. */
  readonly orderBy?: { readonly [K in keyof Value]?: "asc" | "desc" };
  readonly limit?: number;
  readonly offset?: number;
}

/** A primary key: its value, or for several columns an object of them. */
export type Key<Value> = string | number | bigint | Partial<Value>;

/** The rows of one table, as models. `Value` is what can be asked for, `Input` what can be given, `Row` what comes back. */
export interface TableStore<Value = AnyRow, Input = AnyRow, Row = Value> {
  /** Writes one row, or many in one statement; gives them back as they are stored (defaults filled in). */
  insert(input: Input): Promise<Row>;
  insert(inputs: readonly Input[]): Promise<readonly Row[]>;
  get(key: Key<Value>): Promise<Row | undefined>;
  find(where?: Where<Value>, options?: FindOptions<Value>): Promise<readonly Row[]>;
  count(where?: Where<Value>): Promise<number>;
  /** Gives the number of rows changed. An empty `where` is refused: say `{ all: true }`. */
  update(
    where: Where<Value> | Key<Value>,
    changes: Partial<Input>,
    options?: { readonly all?: boolean },
  ): Promise<number>;
  delete(where: Where<Value> | Key<Value>, options?: { readonly all?: boolean }): Promise<number>;
  /** Inserts, or updates the row that has the same key. */
  upsert(input: Input, options?: UpsertOptions<Value>): Promise<Row>;
  upsert(inputs: readonly Input[], options?: UpsertOptions<Value>): Promise<readonly Row[]>;
}

export interface UpsertOptions<Value> {
  /** The columns of a primary key or unique constraint. Default: the primary key. */
  readonly conflict?: readonly (keyof Value & string)[];
  /** The columns to overwrite. Default: all that the input has. Empty: the row that exists stays as it is. */
  readonly update?: readonly (keyof Value & string)[];
}
