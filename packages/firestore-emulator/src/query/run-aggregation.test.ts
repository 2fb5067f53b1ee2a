import { describe, expect, test } from "vitest";
import { queryOf, testDatabase, type QueryDescription } from "../../testing/query-of.ts";
import type { AggregationMessage } from "../protocol/messages.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { Value } from "../value/value.ts";
import { runAggregation } from "./run-aggregation.ts";

function count(alias: string, upTo?: number): AggregationMessage {
  return { count: upTo === undefined ? {} : { upTo: { value: upTo } }, alias };
}

function sum(fieldPath: string, alias: string): AggregationMessage {
  return { sum: { field: { fieldPath } }, alias };
}

function avg(fieldPath: string, alias: string): AggregationMessage {
  return { avg: { field: { fieldPath } }, alias };
}

/** What the aggregations of a collection come to whose documents have these fields. */
function valuesOf(
  documents: readonly Readonly<Record<string, Value>>[],
  aggregations: readonly AggregationMessage[],
  description: QueryDescription = {},
): Readonly<Record<string, Value>> {
  const database = new Database(testDatabase, new Clock());
  const time = database.clock.commitTime();
  database.apply(
    time,
    documents.map((fields, index) => {
      const path = `c/${index}`;
      return {
        path,
        document: {
          path,
          fields: new Map(Object.entries(fields)),
          createTime: time,
          updateTime: time,
        },
      };
    }),
  );
  return runAggregation(database, queryOf("c", description), aggregations).values;
}

const summed = [sum("v", "sum"), avg("v", "avg")];

describe("a sum and an average", () => {
  test.each<[string, readonly Value[], Value, Value]>([
    ["of nothing are 0 and null", [], 0n, null],
    ["of what is no number are 0 and null", ["a", null, true, [1n]], 0n, null],
    ["of integers are an integer and a double", [1n, 2n], 3n, 1.5],
    ["with a double are doubles, if whole ones", [1n, 2], 3, 1.5],
    ["leave out what is no number", [1n, "x", 3n], 4n, 2],
    ["beyond the int64 are doubles", [2n ** 63n - 1n, 1n], 2 ** 63, 2 ** 62],
    ["below the int64 are doubles", [-(2n ** 63n), -1n], -(2 ** 63), -(2 ** 62)],
    ["may leave the int64 on the way", [2n ** 63n - 1n, 1n, -1n], 2n ** 63n - 1n, 2 ** 63 / 3],
    ["with NaN are NaN", [1n, Number.NaN], Number.NaN, Number.NaN],
    ["of both infinities are NaN", [Infinity, -Infinity], Number.NaN, Number.NaN],
    ["of more than the largest double are infinite", [1e308, 1e308], Infinity, Infinity],
    ["of -0 are 0", [-0], 0, 0],
  ])("%s", (_, values, expectedSum, expectedAverage) => {
    expect(
      valuesOf(
        values.map((v) => ({ v })),
        summed,
      ),
    ).toEqual({
      sum: expectedSum,
      avg: expectedAverage,
    });
  });

  test("leave out documents without the field, and then all others do too", () => {
    const documents = [{ v: 1n, w: 5n }, { v: 2n }, { w: 7n }];
    expect(valuesOf(documents, [count("n"), sum("v", "v")])).toEqual({ n: 2n, v: 3n });
    expect(valuesOf(documents, [count("n"), sum("v", "v"), sum("w", "w")])).toEqual({
      n: 1n,
      v: 1n,
      w: 5n,
    });
  });
});

test("a limit counts documents that have the fields", () => {
  const documents = [{ v: 1n }, { w: 2n }, { w: 3n }, { w: 4n }];
  expect(valuesOf(documents, [count("n"), sum("w", "w")], { limit: 2 })).toEqual({ n: 2n, w: 5n });
});

test("a count stops at its limit, and a sum beside it does not", () => {
  const documents = [{ v: 1n }, { v: 2n }, { v: 3n }];
  expect(valuesOf(documents, [count("n", 2), sum("v", "v")])).toEqual({ n: 2n, v: 6n });
});

test("those without a name are numbered", () => {
  expect(valuesOf([{ v: 1n }], [count(""), count("x"), sum("v", "")])).toEqual({
    field_1: 1n,
    x: 1n,
    field_2: 1n,
  });
});

test.each<[string, readonly AggregationMessage[]]>([
  ["Aggregations can not be empty.", []],
  ["Operator field in Aggregation is not set.", [{ alias: "" }]],
  [
    "The maximum number of aggregations allowed in an aggregation query is 5. Received: 6",
    ["a", "b", "c", "d", "e", "f"].map((alias) => count(alias)),
  ],
  ["Aggregation aliases contain duplicate alias: field_1.", [count("field_1"), count("")]],
  ['The property.name "__x__" is reserved.', [count("__x__")]],
  ["The property.name is longer than 1500 bytes.", [count("x".repeat(1501))]],
  ["Aggregations are not supported for the property: __key__", [sum("__name__", "s")]],
  [
    "The `up_to` value in a COUNT aggregation must be greater than or equal to zero.",
    [count("n", -1)],
  ],
])("refused: %s", (message, aggregations) => {
  expect(() => valuesOf([], aggregations)).toThrow(
    expect.objectContaining({ status: "INVALID_ARGUMENT", message }),
  );
});
