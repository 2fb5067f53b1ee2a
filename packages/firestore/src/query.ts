import type { FirestoreTimestamp } from "@ctb-data/models";
import type { DocumentShape, FieldPath, Operand, ValueAt } from "./document-shape.ts";
import type { StoredDocument } from "./stored-document.ts";

/** How a field is compared. */
export type Operator =
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "not-in"
  | "array-contains"
  | "array-contains-any";

type Item<Value> =
  Extract<Value, readonly unknown[]> extends readonly (infer Part)[] ? Part : Value;

/** What a field is compared with: one value, or a list of them. */
export type Comparand<Value, Op extends Operator> = Op extends "==" | "!="
  ? Operand<Value> | null
  : Op extends "in" | "not-in"
    ? readonly Operand<Value>[]
    : Op extends "array-contains"
      ? Item<Value>
      : Op extends "array-contains-any"
        ? readonly Item<Value>[]
        : Operand<NonNullable<Value>>;

/** A condition, made by {@link Conditions}. */
export interface Condition {
  readonly condition: "field" | "and" | "or";
}

/** Makes conditions for `where((is) => is.or(is.field("name", "==", "Ada"), …))`. */
export interface Conditions<Data> {
  readonly field: <Path extends FieldPath<Data>, Op extends Operator>(
    path: Path,
    operator: Op,
    value: Comparand<ValueAt<Data, Path>, Op>,
  ) => Condition;
  readonly and: (...conditions: readonly Condition[]) => Condition;
  readonly or: (...conditions: readonly Condition[]) => Condition;
}

/** What the limits of one request, and of a long reading, are. */
export interface GetOptions {
  readonly signal?: AbortSignal;
  /** For each request. Default: that of the database. */
  readonly timeoutMs?: number;
}

export interface IterateOptions extends GetOptions {
  /** Documents of one request; so many are in memory. Default 500. */
  readonly pageSize?: number;
}

/** The documents of a query at one moment. */
export interface QueryState<Shape extends DocumentShape> {
  readonly documents: readonly StoredDocument<Shape>[];
  /** Since the state before that was handed out: in the first one everything is added. */
  readonly changes: readonly DocumentChange<Shape>[];
  readonly readTime: FirestoreTimestamp;
}

export interface DocumentChange<Shape extends DocumentShape> {
  readonly type: "added" | "modified" | "removed";
  /** As it is now; a removed one as it was. */
  readonly document: StoredDocument<Shape>;
}

export interface ListenOptions {
  /** Called once, when listening ends with an error: of the server, of a document that does not fit, of the listener. */
  readonly onError: (error: unknown) => void;
  readonly signal?: AbortSignal;
}

/** What to work out of the documents, by the name of the result. */
export type Aggregates<Data> = Readonly<
  Record<string, "count" | readonly ["sum" | "average", FieldPath<Data>]>
>;

/** Numbers; the average of nothing is null, and a sum beyond 2^53 a bigint. */
export type Aggregated<Spec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends "count"
    ? number
    : Spec[Name] extends readonly ["average", unknown]
      ? number | null
      : number | bigint;
};

/** The shape of documents of which only some fields were read. */
export interface SelectedShape<Data, Field extends keyof Data> extends DocumentShape {
  readonly data: Pick<Data, Field>;
  readonly value: never;
  readonly row: never;
}

/**
 * What every query can do. Every method that narrows it makes a new one. `Order` are the types of the fields that it is
 * ordered by, which are those of a cursor's values.
 *
 * Looping over it (`for await`) reads page by page, as fast as the loop goes.
 */
export interface QueryMethods<
  Shape extends DocumentShape,
  Order extends readonly unknown[],
  Live extends boolean,
> extends AsyncIterable<StoredDocument<Shape>> {
  /** @throws {FirestoreError} INVALID_QUERY for a field that the registry does not know, or a value of another type. */
  where<Path extends FieldPath<Shape["data"]>, Op extends Operator>(
    path: Path,
    operator: Op,
    value: Comparand<ValueAt<Shape["data"], Path>, Op>,
  ): AnyQuery<Shape, Order, Live>;
  where(make: (conditions: Conditions<Shape["data"]>) => Condition): AnyQuery<Shape, Order, Live>;
  orderBy<Path extends FieldPath<Shape["data"]>>(
    path: Path,
    direction?: "asc" | "desc",
  ): AnyQuery<Shape, [...Order, Operand<ValueAt<Shape["data"], Path>>], Live>;
  limit(count: number): AnyQuery<Shape, Order, Live>;
  /** The last ones of the order, which it needs. */
  limitToLast(count: number): AnyQuery<Shape, Order, Live>;
  offset(count: number): AnyQuery<Shape, Order, Live>;
  /** Reads these fields only. Documents are not missed for the others, and have no `value`. */
  select<Field extends keyof Shape["data"] & string>(
    ...fields: readonly Field[]
  ): AnyQuery<SelectedShape<Shape["data"], Field>, Order, Live>;
  /** From a document, or from values of the fields that it is ordered by. */
  startAt(...cursor: Cursor<Order>): AnyQuery<Shape, Order, Live>;
  startAfter(...cursor: Cursor<Order>): AnyQuery<Shape, Order, Live>;
  endAt(...cursor: Cursor<Order>): AnyQuery<Shape, Order, Live>;
  endBefore(...cursor: Cursor<Order>): AnyQuery<Shape, Order, Live>;
  /** All of them at once. @throws {FirestoreError} INVALID_DOCUMENT, INDEX_MISSING, … */
  get(options?: GetOptions): Promise<readonly StoredDocument<Shape>[]>;
  first(options?: GetOptions): Promise<StoredDocument<Shape> | undefined>;
  /** One after the other, page by page. @throws {FirestoreError} CANCELLED */
  iterate(options?: IterateOptions): AsyncIterable<StoredDocument<Shape>>;
  count(options?: GetOptions): Promise<number>;
  sum(path: FieldPath<Shape["data"]>, options?: GetOptions): Promise<number | bigint>;
  average(path: FieldPath<Shape["data"]>, options?: GetOptions): Promise<number | null>;
  /** Several of them in one request: `{ clients: "count", total: ["sum", "amount"] }`. */
  aggregate<const Spec extends Aggregates<Shape["data"]>>(
    spec: Spec,
    options?: GetOptions,
  ): Promise<Aggregated<Spec>>;
}

/** Values of the first fields of the order, or one document. */
export type Cursor<Order extends readonly unknown[]> = Partial<Order> | readonly [StoredDocument];

/** A query that reads. */
export interface ReadableQuery<
  Shape extends DocumentShape,
  Order extends readonly unknown[] = [],
> extends QueryMethods<Shape, Order, false> {}

/** A query that can be listened to as well. */
export interface Query<
  Shape extends DocumentShape,
  Order extends readonly unknown[] = [],
> extends QueryMethods<Shape, Order, true> {
  /** Calls `listener` now and whenever the documents change. Returns a function that stops it. */
  listen(listener: (state: QueryState<Shape>) => void, options: ListenOptions): () => void;
  /** The same as a loop. A slow one gets the newest state, with all changes since the last that it got. */
  states(options?: { readonly signal?: AbortSignal }): AsyncIterable<QueryState<Shape>>;
}

/** The query that a method of a query makes. */
type AnyQuery<
  Shape extends DocumentShape,
  Order extends readonly unknown[],
  Live extends boolean,
> = Live extends true ? Query<Shape, Order> : ReadableQuery<Shape, Order>;
