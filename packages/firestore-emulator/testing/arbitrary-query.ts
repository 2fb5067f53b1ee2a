import * as fc from "fast-check";
import type {
  AggregationMessage,
  FilterMessage,
  StructuredQuery,
} from "../src/protocol/messages.ts";
import { isIndexedWhole } from "../src/store/indexed-value.ts";
import { GeoPoint } from "../src/value/geo-point.ts";
import { Reference } from "../src/value/reference.ts";
import { Timestamp } from "../src/value/timestamp.ts";
import { isArray, type MapValue, type Value } from "../src/value/value.ts";

/** Documents and queries over them that often have something to do with each other. */
export interface QueryWorld<T> {
  /** By path. */
  readonly documents: ReadonlyMap<string, MapValue>;
  readonly queries: readonly T[];
}

export interface QueryMessage {
  /** The path of the document below which it looks. */
  readonly parent: string;
  readonly query: StructuredQuery;
}

const paths = [
  "c/1",
  "c/2",
  "c/10",
  "c/a",
  "c/A",
  "c/é",
  "c/\u{ff5e}",
  "c/\u{1f600}",
  "c/__id7__",
  "c/1/c/1",
  "c/1/c/2",
  "c/1/d/1",
  "d/1",
  "d/1/c/1",
  "d/1/c/3",
  "d/2/e/1/c/1",
] as const;
const fields = ["a", "b", "m.x", "l"] as const;

function vectorOf(value: readonly number[]): MapValue {
  return new Map<string, Value>([
    ["__type__", "__vector__"],
    ["value", value],
  ]);
}

/** As much text as is indexed. */
const long = "x".repeat(1499);

/** Values, many of them close to each other in the order of all values. */
function scalars(database: string): fc.Arbitrary<Value> {
  const reference = (path: string): Reference => new Reference(`${database}/documents/${path}`);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Value>(-1n, 0n, 1n, 2n, 1, 2, 0.5, -0) },
    fc.constantFrom<Value>(null, true, false, Number.NaN, Infinity, -Infinity),
    fc.constantFrom<Value>(
      2n ** 53n,
      2n ** 53n + 1n,
      2 ** 53,
      2n ** 63n - 1n,
      2 ** 63,
      -(2n ** 63n),
    ),
    fc.constantFrom<Value>("", "a", "aa", "b", "\u{ff5e}", "\u{1f600}"),
    fc.constantFrom<Value>(long, `${long}b`, `${long}a`, `${long}\u{1f600}`),
    fc.constantFrom<Value>(new Timestamp(0, 0), new Timestamp(0, 1000), new Timestamp(-1, 0)),
    fc.constantFrom<Value>(new Uint8Array(0), new Uint8Array([1]), new Uint8Array([1, 255])),
    fc.constantFrom<Value>(reference("c/1"), reference("c/10"), reference("c/1/d/1")),
    fc.constantFrom<Value>(new GeoPoint(0, 0), new GeoPoint(0, 1), new GeoPoint(-1, 5)),
    fc.constantFrom<Value>(vectorOf([1, 2]), vectorOf([2, 1]), vectorOf([0])),
  );
}

/** The same with arrays and maps of them. */
function values(database: string): fc.Arbitrary<Value> {
  const scalar = scalars(database);
  return fc.oneof(
    { weight: 4, arbitrary: scalar },
    fc.array(
      scalar.filter((value) => !(value instanceof Map)),
      { maxLength: 3 },
    ),
    fc
      .array(fc.tuple(fc.constantFrom("x", "y"), scalar), { maxLength: 2 })
      .map((entries): Value => new Map(entries)),
  );
}

/** The fields of one document. */
export function arbitraryQueriedFields(database: string): fc.Arbitrary<MapValue> {
  const value = values(database);
  const list = fc.array(
    scalars(database).filter((one) => !(one instanceof Map)),
    { maxLength: 3 },
  );
  return fc
    .record(
      {
        a: value,
        b: value,
        l: list,
        m: fc.record({ x: value }, { requiredKeys: [] }),
        v: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 2, maxLength: 2 }).map(vectorOf),
      },
      { requiredKeys: [] },
    )
    .map(({ m, ...rest }) => {
      const entries = Object.entries(rest).filter(([, one]) => one !== undefined);
      const nested = m && new Map(Object.entries(m));
      return new Map<string, Value>(nested ? [...entries, ["m", nested]] : entries);
    });
}

function filter(fieldPath: string, op: number, value: Value): FilterMessage {
  return { fieldFilter: { field: { fieldPath }, op, value } };
}

function isEmptyList(value: Value): boolean {
  return isArray(value) && value.length === 0;
}

function fieldFilters(database: string): fc.Arbitrary<FilterMessage> {
  const value = values(database);
  const name = fc
    .constantFrom(...paths, "c/5", "b/1", "z/1", "c/1/c/0")
    .map((path): Value => new Reference(`${database}/documents/${path}`));
  const short = value.filter(isIndexedWhole);
  const list = fc.array(short, { minLength: 1, maxLength: 4 });
  const field = fc.constantFrom(...fields, "a", "a", "b");
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(field, fc.integer({ min: 1, max: 7 }), value)
        // The official emulator does not count this as a question about elements.
        .filter(([, op, operand]) => op !== 7 || !isEmptyList(operand))
        .map(([...parts]) => filter(...parts)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(field, fc.integer({ min: 8, max: 10 }), list)
        .map(([...parts]) => filter(...parts)),
    },
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), name)
      .map(([op, operand]) => filter("__name__", op, operand)),
    fc
      .tuple(fc.constantFrom(8, 10), fc.array(name, { minLength: 1, maxLength: 3 }))
      .map(([op, operand]) => filter("__name__", op, operand)),
    fc
      .tuple(field, fc.integer({ min: 2, max: 5 }))
      .map(([fieldPath, op]): FilterMessage => ({ unaryFilter: { field: { fieldPath }, op } })),
  );
}

function filters(database: string, maxDepth: number): fc.Arbitrary<FilterMessage> {
  const leaf = fieldFilters(database);
  const composite = (depth: number): fc.Arbitrary<FilterMessage> =>
    depth === 0
      ? leaf
      : fc.oneof(
          { weight: 2, arbitrary: leaf },
          fc
            .tuple(
              fc.constantFrom(1, 1, 2),
              fc.array(composite(depth - 1), { minLength: 1, maxLength: 3 }),
            )
            .map(([op, parts]): FilterMessage => ({ compositeFilter: { op, filters: parts } })),
        );
  return composite(maxDepth);
}

type Orders = StructuredQuery["orderBy"];

function orders(): fc.Arbitrary<Orders> {
  const order = fc
    .tuple(fc.constantFrom(...fields, "a", "b", "__name__"), fc.constantFrom(0, 1, 2))
    .map(([fieldPath, direction]) => ({ field: { fieldPath }, direction }));
  return fc.uniqueArray(order, { maxLength: 3, selector: ({ field }) => field.fieldPath });
}

/** A cursor with as many values as there are orders, or fewer, and seldom more. */
function cursors(database: string, orderBy: Orders): fc.Arbitrary<StructuredQuery["startAt"]> {
  const name = fc
    .constantFrom(...paths, "b/1", "z/1")
    .map((path): Value => new Reference(`${database}/documents/${path}`));
  const parts = orderBy.map(({ field }) =>
    field?.fieldPath === "__name__" ? name : values(database),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    fc.record({
      values: fc
        .tuple(fc.tuple(...parts), fc.nat(orderBy.length))
        .map(([all, missing]) => all.slice(0, all.length - missing)),
      before: fc.boolean(),
    }),
  );
}

/**
 * A query, over any of the collections, that may be one that is refused.
 *
 * @param maxDepth how deep its filters are nested at most: the deeper, the more are refused and the fewer find anything.
 */
export function arbitraryQuery(database: string, maxDepth = 3): fc.Arbitrary<QueryMessage> {
  const from = fc.constantFrom<StructuredQuery["from"]>(
    [{ collectionId: "c", allDescendants: false }],
    [{ collectionId: "c", allDescendants: false }],
    [{ collectionId: "c", allDescendants: true }],
    [{ collectionId: "d", allDescendants: true }],
    [{ collectionId: "", allDescendants: true }],
    [{ collectionId: "", allDescendants: false }],
  );
  return orders().chain((orderBy) =>
    fc
      .record({
        parent: fc.constantFrom("", "", "", "c/1", "d/2"),
        from,
        where: fc.option(filters(database, maxDepth), { nil: undefined, freq: 4 }),
        startAt: cursors(database, orderBy),
        endAt: cursors(database, orderBy),
        offset: fc.constantFrom(0, 0, 0, 1, 3),
        limit: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined, freq: 1 }),
        select: fc.constantFrom(undefined, undefined, ["a", "m.x"], []),
      })
      .map(({ parent, limit, select, ...query }) => ({
        parent,
        query: {
          ...query,
          orderBy,
          limit: limit === undefined ? undefined : { value: limit },
          select: select && { fields: select.map((fieldPath) => ({ fieldPath })) },
        },
      })),
  );
}

/** Documents of any kind at some of the paths. */
export function arbitraryDocuments(database: string): fc.Arbitrary<ReadonlyMap<string, MapValue>> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...paths), arbitraryQueriedFields(database)), {
      minLength: 3,
      maxLength: paths.length,
      selector: ([path]) => path,
    })
    .map((entries) => new Map(entries));
}

/** Some counts, sums and averages, that may be refused. */
export function arbitraryAggregations(): fc.Arbitrary<readonly AggregationMessage[]> {
  const alias = fc.constantFrom("", "", "x", "y", "z", "field_2", "__x__");
  const field = fc
    .constantFrom(...fields, "__name__")
    .map((fieldPath) => ({ field: { fieldPath } }));
  const upTo = fc.option(fc.integer({ min: -1, max: 4 }), { nil: undefined, freq: 2 });
  return fc.array(
    fc.oneof(
      fc.record({
        alias,
        count: upTo.map((value) => ({ upTo: value === undefined ? undefined : { value } })),
      }),
      fc.record({ alias, sum: field }),
      fc.record({ alias, avg: field }),
    ),
    { maxLength: 5 },
  );
}

/** A query for the nearest of the vectors in the field `v`. */
export function arbitraryNearest(database: string): fc.Arbitrary<QueryMessage> {
  const number = fc.integer({ min: -2, max: 2 });
  const findNearest = fc.record({
    vectorField: fc.constant({ fieldPath: "v" }),
    queryVector: fc.array(number, { minLength: 1, maxLength: 3 }).map(vectorOf),
    distanceMeasure: fc.constantFrom(1, 2, 3),
    limit: fc.constantFrom(1, 3, 1000).map((value) => ({ value })),
    distanceResultField: fc.constantFrom("", "d", "a"),
    distanceThreshold: fc.option(
      fc.constantFrom(-1, 0, 0.5, 1, 2, 3).map((value) => ({ value })),
      { nil: undefined },
    ),
  });
  return fc
    .tuple(arbitraryQuery(database), findNearest)
    .map(([{ parent, query }, nearest]) => ({ parent, query: { ...query, findNearest: nearest } }));
}

/** Documents, and some of what is asked about them. */
export function arbitraryQueryWorld<T>(
  database: string,
  query: fc.Arbitrary<T>,
): fc.Arbitrary<QueryWorld<T>> {
  return fc.record({
    documents: arbitraryDocuments(database),
    queries: fc.array(query, { minLength: 1, maxLength: 30 }),
  });
}
