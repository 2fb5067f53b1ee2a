import { describe, expect, test } from "vitest";
import type { FilterMessage, StructuredQuery } from "../protocol/messages.ts";
import { Reference } from "../value/reference.ts";
import type { Value } from "../value/value.ts";
import { parseQuery } from "./parse-query.ts";

const database = "projects/p/databases/(default)";
const root = `${database}/documents`;

function parse(query: Partial<StructuredQuery>, parent = root) {
  return parseQuery(database, parent, {
    from: [{ collectionId: "c", allDescendants: false }],
    orderBy: [],
    offset: 0,
    ...query,
  });
}

const numbers = {
  "<": 1,
  "<=": 2,
  ">": 3,
  ">=": 4,
  "==": 5,
  "!=": 6,
  "array-contains": 7,
  in: 8,
  "array-contains-any": 9,
  "not-in": 10,
} as const;

function where(fieldPath: string, operator: keyof typeof numbers, value: Value): FilterMessage {
  return { fieldFilter: { field: { fieldPath }, op: numbers[operator], value } };
}

function and(...filters: readonly FilterMessage[]): FilterMessage {
  return { compositeFilter: { op: 1, filters } };
}

function or(...filters: readonly FilterMessage[]): FilterMessage {
  return { compositeFilter: { op: 2, filters } };
}

function order(fieldPath: string, direction = 1) {
  return { field: { fieldPath }, direction };
}

function numbersUpTo(count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, index) => BigInt(index));
}

describe("what a query implies", () => {
  test("every order ends with the document's name", () => {
    const { orderBy, givenOrders } = parse({});
    expect(orderBy).toEqual([{ field: ["__name__"], descending: false }]);
    expect(givenOrders).toBe(0);
  });

  test("inequality fields follow the given orders by their names, in the direction of the last of them", () => {
    const filter = and(where("z", ">", 1n), where("a.b", "!=", 1n), where("m", "==", 1n));
    const { orderBy, givenOrders } = parse({ where: filter, orderBy: [order("x"), order("m", 2)] });
    expect(orderBy.map(({ field, descending }) => [field.join("."), descending])).toEqual([
      ["x", false],
      ["m", true],
      ["a.b", true],
      ["z", true],
      ["__name__", true],
    ]);
    expect(givenOrders).toBe(2);
  });

  test("an inequality of the name does not order by it before other fields", () => {
    const filter = and(where("a", ">", 1n), where("__name__", ">", new Reference(`${root}/c/1`)));
    expect(parse({ where: filter }).orderBy.map(({ field }) => field)).toEqual([
      ["a"],
      ["__name__"],
    ]);
  });

  test("a selection of nothing is one of the names", () => {
    expect(parse({ select: { fields: [] } }).select).toEqual([["__name__"]]);
  });

  test("nothing is equal to null in a field filter, but in a unary filter null is", () => {
    expect(parse({ where: where("a", "==", null) }).filter).toMatchObject({
      operator: "in",
      value: [null],
    });
    const unary = { unaryFilter: { field: { fieldPath: "a" }, op: 3 } };
    expect(parse({ where: unary }).filter).toMatchObject({ operator: "==", value: null });
  });
});

describe("a query that is refused", () => {
  test.each<[string, Partial<StructuredQuery>]>([
    [
      'Collection id "a/b" is invalid because it contains "/".',
      { from: [{ collectionId: "a/b", allDescendants: false }] },
    ],
    ["'IN' supports up to 30 comparison values.", { where: where("a", "in", numbersUpTo(31)) }],
    ["'IN' requires an non-empty ArrayValue.", { where: where("a", "in", []) }],
    ["'NOT_IN' requires an ArrayValue.", { where: where("a", "not-in", 1n) }],
    [
      "'NOT_IN' supports up to 10 comparison values.",
      { where: where("a", "not-in", numbersUpTo(11)) },
    ],
    [
      "Cannot convert firestore.v1.Value with type unset.",
      { where: { fieldFilter: { field: { fieldPath: "a" }, op: 5 } } },
    ],
    [
      "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query.",
      { where: and(where("a", "!=", 1n), where("b", "not-in", [1n])) },
    ],
    [
      "'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.",
      { where: and(where("a", "not-in", [1n]), where("b", "in", [1n])) },
    ],
    [
      "A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.",
      { where: and(where("a", "array-contains", 1n), where("b", "array-contains", 1n)) },
    ],
    [
      "Too many disjunctions after normalization. Result had 36 disjunctions which is more than the maximum of 30",
      { where: and(where("a", "in", numbersUpTo(6)), where("b", "in", numbersUpTo(6))) },
    ],
    [
      "Cursor has too many values.",
      { startAt: { values: [new Reference(`${root}/c/1`)], before: true } },
    ],
    [
      "Cursor __key__ value is not a document reference.",
      { orderBy: [order("__name__")], endAt: { values: ["1"], before: true } },
    ],
    ["__key__ filter value must be a Key", { where: where("__name__", "==", "1") }],
    [
      "order by clause cannot contain more fields after the key",
      { orderBy: [order("__name__")], where: where("a", ">", 1n) },
    ],
    ["order by clause cannot contain duplicate fields a", { orderBy: [order("a"), order("a", 2)] }],
    ["Unrecognized ordering.", { orderBy: [order("a", 3)] }],
    ["limit is negative", { limit: { value: -1 } }],
    ["offset is negative", { offset: -1 }],
    [
      "value for a is too large to be used in a query",
      { where: where("a", "==", "x".repeat(1500)) },
    ],
    ["Invalid reserved name in field path __x__", { orderBy: [order("a.__x__")] }],
    [
      "kind is required for filter: a",
      { from: [{ collectionId: "", allDescendants: true }], where: where("a", "==", 1n) },
    ],
    [
      "kind is required for all orders except __key__ ascending",
      { from: [{ collectionId: "", allDescendants: true }], orderBy: [order("__name__", 2)] },
    ],
  ])("%s", (text, query) => {
    expect(() => parse(query)).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT", message: text }),
    );
  });

  test("one with as many alternatives as are allowed is not", () => {
    expect(() =>
      parse({ where: or(where("a", "in", numbersUpTo(15)), where("b", "in", numbersUpTo(15))) }),
    ).not.toThrow();
    expect(() =>
      parse({ where: or(where("a", "in", numbersUpTo(15)), where("b", "in", numbersUpTo(16))) }),
    ).toThrow("31 disjunctions");
  });
});
