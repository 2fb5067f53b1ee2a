import { afterAll, describe, expect, test } from "vitest";
import { OfficialEmulator } from "../../testing/official-emulator.ts";
import type { FilterMessage, FindNearestMessage, StructuredQuery } from "../protocol/messages.ts";
import { RpcError } from "../rpc-error.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { parseQuery } from "./parse-query.ts";

const address = process.env["FIRESTORE_EMULATOR_HOST"];
const name = `projects/refusals-${process.pid}/databases/(default)`;
const root = `${name}/documents`;

type Query = Partial<StructuredQuery>;

function where(fieldPath: string, op: number, value: Value): FilterMessage {
  return { fieldFilter: { field: { fieldPath }, op, value } };
}

function whereEach(count: number, op: number): Query {
  return { where: and(...Array.from({ length: count }, (_, index) => where(`f${index}`, op, 1n))) };
}

function and(...filters: readonly FilterMessage[]): FilterMessage {
  return { compositeFilter: { op: 1, filters } };
}

function or(...filters: readonly FilterMessage[]): FilterMessage {
  return { compositeFilter: { op: 2, filters } };
}

function orderBy(...paths: readonly string[]): Query {
  return { orderBy: paths.map((fieldPath) => ({ field: { fieldPath }, direction: 1 })) };
}

function orderDirection(direction: number): Query {
  return { orderBy: [{ field: { fieldPath: "a" }, direction }] };
}

function from(collectionId: string, allDescendants = false): Query {
  return { from: [{ collectionId, allDescendants }] };
}

function select(...paths: readonly string[]): Query {
  return { select: { fields: paths.map((fieldPath) => ({ fieldPath })) } };
}

function startAt(...values: readonly Value[]): Query {
  return { startAt: { values, before: true } };
}

function numbers(count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, index) => BigInt(index));
}

function vector(...value: readonly Value[]): MapValue {
  return new Map<string, Value>([
    ["__type__", "__vector__"],
    ["value", value],
  ]);
}

function nearest(search: Partial<FindNearestMessage>): Query {
  return {
    findNearest: {
      vectorField: { fieldPath: "v" },
      queryVector: vector(1, 2),
      distanceMeasure: 1,
      limit: { value: 3 },
      distanceResultField: "",
      ...search,
    },
  };
}

function document(path: string): Reference {
  return new Reference(`${root}/${path}`);
}

const equal = 5;
const greater = 3;
const notIn = 10;
const long = "x".repeat(1501);

/** One thing that is wrong, or nearly is. */
const queries: readonly (readonly [string, Query])[] = [
  ["nothing", {}],
  ["no collection", { from: [] }],
  [
    "two collections",
    {
      from: [
        { collectionId: "a", allDescendants: false },
        { collectionId: "b", allDescendants: false },
      ],
    },
  ],
  ["a path for a collection", from("a/b")],
  ["a reserved collection", from("__a__")],
  ["a dot for a collection", from(".")],
  ["two dots for a collection", from("..")],
  ["a long collection", from(long)],
  ["a field of any collection", { ...from("", true), where: where("a", equal, 1n) }],
  ["an element of any collection", { ...from("", true), where: where("a", 7, 1n) }],
  ["an order of any collection", { ...from(""), ...orderBy("a") }],
  ...[-1, 0, 3].map((direction) => [`direction ${direction}`, orderDirection(direction)] as const),
  ["an order of no field", { orderBy: [{ direction: 1 }] }],
  ...[
    "",
    "a..b",
    ".a",
    "a.",
    "1a",
    "a b",
    "`a",
    "``",
    "`a`b",
    "a`b`",
    "`a\\",
    "__x__",
    "a.__x__",
    "__name__.a",
    "a.__name__",
    "__",
    "___",
    long,
    `${"x".repeat(800)}.${"x".repeat(800)}`,
  ].flatMap((path) => [
    [`an order by ${path.slice(0, 12)}`, orderBy(path)] as const,
    [`a comparison of ${path.slice(0, 12)}`, { where: where(path, equal, 1n) }] as const,
    [`a selection of ${path.slice(0, 12)}`, select(path)] as const,
  ]),
  ...["", "a..b", "a.b", "`a", "__x__", "__name__"].map(
    (path) => [`a vector in ${path}`, nearest({ vectorField: { fieldPath: path } })] as const,
  ),
  ["an order twice", orderBy("a", "a")],
  ["an order of the name twice", orderBy("__name__", "__name__")],
  ["an order behind the name", orderBy("__name__", "a")],
  ["an inequality behind the name", { ...orderBy("__name__"), where: where("a", greater, 1n) }],
  ...[-1, 0, 11].map((op) => [`operator ${op}`, { where: where("a", op, 1n) }] as const),
  ...[0, 1, 6].map(
    (op) =>
      [
        `unary operator ${op}`,
        { where: { unaryFilter: { field: { fieldPath: "a" }, op } } },
      ] as const,
  ),
  ...[0, 3].map(
    (op) =>
      [
        `composite operator ${op}`,
        { where: { compositeFilter: { op, filters: [where("a", equal, 1n)] } } },
      ] as const,
  ),
  ["a comparison of no field", { where: { fieldFilter: { op: equal, value: 1n } } }],
  [
    "a comparison with nothing",
    { where: { fieldFilter: { op: equal, field: { fieldPath: "a" } } } },
  ],
  ["a unary filter of no field", { where: { unaryFilter: { op: 2 } } }],
  [
    "a unary filter of the name",
    { where: { unaryFilter: { op: 3, field: { fieldPath: "__name__" } } } },
  ],
  ["a filter of nothing", { where: {} }],
  ["a filter of nothing in another", { where: and(where("a", equal, 1n), {}) }],
  ["all of nothing", { where: and() }],
  ["one of nothing", { where: or() }],
  ...[8, 9, notIn].flatMap((op) => [
    [`operator ${op} with no list`, { where: where("a", op, 1n) }] as const,
    [`operator ${op} with an empty list`, { where: where("a", op, []) }] as const,
    ...[10, 11, 30, 31].map(
      (count) =>
        [`operator ${op} with ${count}`, { where: where("a", op, numbers(count)) }] as const,
    ),
  ]),
  ["not-in and !=", { where: and(where("a", notIn, [1n]), where("b", 6, 1n)) }],
  ["not-in in one of one", { where: or(where("a", notIn, [1n])) }],
  ["two elements", { where: and(where("a", 7, 1n), where("a", 7, 2n)) }],
  ["two elements of which one is null", { where: and(where("a", 7, null), where("b", 7, 2n)) }],
  ["10 inequalities", whereEach(10, greater)],
  ["100 comparisons", whereEach(100, equal)],
  ["101 comparisons", whereEach(101, equal)],
  ["100 comparisons and an order", { ...whereEach(100, equal), ...orderBy("a") }],
  ["31 alternatives", { where: or(...numbers(31).map((value) => where("a", equal, value))) }],
  ["36 alternatives", { where: and(where("a", 8, numbers(6)), where("b", 8, numbers(6))) }],
  ["64 alternatives", { where: and(where("a", 8, numbers(8)), where("b", 8, numbers(8))) }],
  [
    "a name and an inequality",
    { where: and(where("__name__", equal, document("c/1")), where("a", greater, 1n)) },
  ],
  ["a name that is none", { where: where("__name__", equal, "c/1") }],
  ["a name of a collection", { where: where("__name__", equal, document("c")) }],
  [
    "a name of another database",
    { where: where("__name__", equal, new Reference("projects/p/databases/d/documents/c/1")) },
  ],
  ["an element of the name", { where: where("__name__", 7, document("c/1")) }],
  ["a list of names with null", { where: where("__name__", 8, [null]) }],
  ["a reference that is none", { where: where("a", equal, new Reference("c/1")) }],
  ["a point that is none", { where: where("a", equal, new GeoPoint(91, 0)) }],
  ["a time that is none", { where: where("a", equal, new Timestamp(0, -1)) }],
  ["a time that is too late", { where: where("a", equal, new Timestamp(253_402_300_800, 0)) }],
  ["a map with a reserved key", { where: where("a", equal, new Map([["__x__", 1n]])) }],
  ["a map with an empty key", { where: where("a", equal, new Map([["", 1n]])) }],
  ["a list in a list", { where: where("a", equal, [[1n]]) }],
  ["a list in the list of in", { where: where("a", 8, [[[1n]]]) }],
  ["a vector in a list", { where: where("a", equal, [vector(1)]) }],
  ["a vector of integers", { where: where("a", equal, vector(1n)) }],
  ...[1499, 1500].map(
    (length) => [`text of ${length}`, { where: where("a", equal, "x".repeat(length)) }] as const,
  ),
  ["an element of 1500", { where: where("a", 7, "x".repeat(1500)) }],
  ["a long start", { ...orderBy("a"), ...startAt("x".repeat(2000)) }],
  ["a start of too many values", { ...orderBy("a"), ...startAt(1n, document("c/1")) }],
  ["a start without an order", startAt(document("c/1"))],
  ["a start of nothing", startAt()],
  ["a start that is no name", { ...orderBy("__name__"), ...startAt("c/1") }],
  [
    "a start in another database",
    { ...orderBy("__name__"), ...startAt(new Reference("projects/p/databases/d/documents/c/1")) },
  ],
  ["a start of a name that is none", { ...orderBy("__name__"), ...startAt(new Reference("c/1")) }],
  ["a start of a point that is none", { ...orderBy("a"), ...startAt(new GeoPoint(0, 181)) }],
  ["an end of too many values", { endAt: { values: [1n], before: true } }],
  ["a negative limit", { limit: { value: -1 } }],
  ["a negative offset", { offset: -1 }],
  ...[-1, 0, 1, 1000, 1001].map(
    (value) => [`the nearest ${value}`, nearest({ limit: { value } })] as const,
  ),
  ["the nearest without a limit", nearest({ limit: undefined })],
  ...[-1, 0, 4].map(
    (distanceMeasure) => [`measure ${distanceMeasure}`, nearest({ distanceMeasure })] as const,
  ),
  ...[Infinity, Number.NaN].map(
    (value) => [`threshold ${value}`, nearest({ distanceThreshold: { value } })] as const,
  ),
  ["a search for no vector", nearest({ queryVector: undefined })],
  ["a search for a list", nearest({ queryVector: [1, 2] })],
  ["a search for an empty vector", nearest({ queryVector: vector() })],
  ["a search for a vector of integers", nearest({ queryVector: vector(1n) })],
  [
    "a search for 2,049 dimensions",
    nearest({ queryVector: vector(...Array.from({ length: 2049 }, () => 1)) }),
  ],
  ["a search in no field", nearest({ vectorField: undefined })],
  ...["__x__", "__name__", long, "a..b"].map(
    (distanceResultField) =>
      [
        `the distance in ${distanceResultField.slice(0, 9)}`,
        nearest({ distanceResultField }),
      ] as const,
  ),
  ["a search with a limit", { ...nearest({}), limit: { value: 1 } }],
  ["a search with an offset", { ...nearest({}), offset: 1 }],
  ["a search with a start", { ...nearest({}), ...orderBy("a"), ...startAt(1n) }],
];

const parents = [
  "c/1",
  "c",
  "c/",
  "",
  "/c/1",
  "c//1",
  "c/1/d",
  "__x__/1",
  "c/__x__",
  "c/.",
  `c/${long}`,
];

function refusalHere(parent: string, query: StructuredQuery): string {
  try {
    parseQuery(name, parent, query);
    return "";
  } catch (error) {
    if (error instanceof RpcError) return `${error.code} ${error.message}`;
    throw error;
  }
}

function complete(query: Query): StructuredQuery {
  return { from: [{ collectionId: "c", allDescendants: false }], orderBy: [], offset: 0, ...query };
}

describe.skipIf(address === undefined)("refused as the official emulator does it", () => {
  const official = new OfficialEmulator(address ?? "127.0.0.1:1", name);
  afterAll(() => official.close());

  test.each(queries)("%s", async (_, query) => {
    const { code, details } = await official.query("", complete(query));
    expect(refusalHere(root, complete(query))).toBe(code === 0 ? "" : `${code} ${details}`);
  });

  test.each(parents)("below %s", async (path) => {
    const { code, details } = await official.query(path, complete({}));
    const parent = path === "" ? root : `${root}/${path}`;
    expect(refusalHere(parent, complete({}))).toBe(code === 0 ? "" : `${code} ${details}`);
  });
});
