import { describe, expect, test } from "vitest";
import { testDatabase, vectorValue } from "../../testing/query-of.ts";
import type { FindNearestMessage, StructuredQuery } from "../protocol/messages.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { MapValue, Value } from "../value/value.ts";
import { parseQuery } from "./parse-query.ts";
import { runQuery } from "./run-query.ts";

const euclidean = 1;
const cosine = 2;
const dotProduct = 3;

const documents: Readonly<Record<string, Readonly<Record<string, Value>>>> = {
  ahead: { v: vectorValue([1, 0]), t: 1n },
  across: { v: vectorValue([0, 1]), t: 1n },
  behind: { v: vectorValue([-1, 0]), t: 2n },
  far: { v: vectorValue([3, 0]), t: 2n },
  zero: { v: vectorValue([0, 0]), t: 1n },
  longer: { v: vectorValue([1, 0, 0]), t: 1n },
  list: { v: [1, 0], t: 1n },
  none: { t: 1n },
  nested: { m: new Map([["v", vectorValue([1, 1])]]) },
};

/** The ids and the fields of the results, without the vectors. */
function nearest(
  search: Partial<FindNearestMessage>,
  query: Partial<StructuredQuery> = {},
): readonly (readonly [string, MapValue])[] {
  const database = new Database(testDatabase, new Clock());
  const time = database.clock.commitTime();
  database.apply(
    time,
    Object.entries(documents).map(([id, fields]) => {
      const path = `c/${id}`;
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
  const parsed = parseQuery(testDatabase, `${testDatabase}/documents`, {
    from: [{ collectionId: "c", allDescendants: false }],
    orderBy: [],
    offset: 0,
    findNearest: {
      vectorField: { fieldPath: "v" },
      queryVector: vectorValue([1, 0]),
      distanceMeasure: euclidean,
      limit: { value: 10 },
      distanceResultField: "",
      ...search,
    },
    ...query,
  });
  const result = runQuery(database, parsed);
  return result.documents.map((document) => {
    const fields = new Map(result.fields(document));
    fields.delete("v");
    return [document.path.slice(2), fields];
  });
}

function ids(results: readonly (readonly [string, MapValue])[]): readonly string[] {
  return results.map(([id]) => id);
}

function select(...paths: readonly string[]): Pick<StructuredQuery, "select"> {
  return { select: { fields: paths.map((fieldPath) => ({ fieldPath })) } };
}

describe("the nearest documents", () => {
  test("are those with a vector of as many dimensions, by distance and then by name", () => {
    expect(ids(nearest({}))).toEqual(["ahead", "zero", "across", "behind", "far"]);
    expect(ids(nearest({ queryVector: vectorValue([1, 0, 1]) }))).toEqual(["longer"]);
  });

  test("by the cosine do not depend on length, and what has no direction is last", () => {
    expect(ids(nearest({ distanceMeasure: cosine }))).toEqual([
      "ahead",
      "far",
      "across",
      "behind",
      "zero",
    ]);
  });

  test("by the dot product are those with the greatest", () => {
    expect(ids(nearest({ distanceMeasure: dotProduct }))).toEqual([
      "far",
      "ahead",
      "across",
      "zero",
      "behind",
    ]);
  });

  test("are as many as the limit says, of those that the filter leaves", () => {
    const filter = { fieldFilter: { field: { fieldPath: "t" }, op: 5, value: 2n } };
    expect(ids(nearest({ limit: { value: 2 } }))).toEqual(["ahead", "zero"]);
    expect(ids(nearest({ limit: { value: 1 } }, { where: filter }))).toEqual(["behind"]);
  });

  test("are no farther than the threshold, and for a dot product no less", () => {
    expect(ids(nearest({ distanceThreshold: { value: 1 } }))).toEqual(["ahead", "zero"]);
    expect(ids(nearest({ distanceMeasure: cosine, distanceThreshold: { value: 2 } }))).toEqual([
      "ahead",
      "far",
      "across",
      "behind",
    ]);
    expect(ids(nearest({ distanceMeasure: dotProduct, distanceThreshold: { value: 1 } }))).toEqual([
      "far",
      "ahead",
    ]);
  });

  test("are found by a vector within a map", () => {
    expect(ids(nearest({ vectorField: { fieldPath: "m.v" } }))).toEqual(["nested"]);
  });

  test("tell their distance in the field that was asked for, in place of what is there", () => {
    const [first] = nearest({ distanceResultField: "d", limit: { value: 1 } });
    expect(first).toEqual([
      "ahead",
      new Map<string, Value>([
        ["t", 1n],
        ["d", 0],
      ]),
    ]);
    expect(nearest({ distanceResultField: "t", limit: { value: 1 } })).toEqual([
      ["ahead", new Map([["t", 0]])],
    ]);
  });

  test("tell their distance beside selected fields when it is one of them", () => {
    const search = { distanceResultField: "d", limit: { value: 1 } };
    expect(nearest(search, select("t", "d"))).toEqual([
      [
        "ahead",
        new Map<string, Value>([
          ["t", 1n],
          ["d", 0],
        ]),
      ],
    ]);
    expect(nearest(search, select("t"))).toEqual([["ahead", new Map([["t", 1n]])]]);
  });
});

test.each<[string, Partial<FindNearestMessage>, Partial<StructuredQuery>]>([
  [
    "FindNearest.limit must be a positive integer of no more than 1000",
    { limit: { value: 1001 } },
    {},
  ],
  ["FindNearest.limit must be a positive integer of no more than 1000", { limit: undefined }, {}],
  ["Unknown Distance Measure.", { distanceMeasure: 0 }, {}],
  ["Query Value must be of type vector.", { queryVector: [1, 0] }, {}],
  [
    "Vectors must be at most 2048 dimensions.",
    { queryVector: vectorValue(Array.from({ length: 2049 }, () => 1)) },
    {},
  ],
  ["distanceThreshold must be a finite number.", { distanceThreshold: { value: Number.NaN } }, {}],
  [
    'The distanceResultField.property.name "__x__" is reserved.',
    { distanceResultField: "__x__" },
    {},
  ],
  ["A query limit cannot be used with FindNearest", {}, { limit: { value: 1 } }],
  ["A query offset cannot be used with FindNearest", {}, { offset: 1 }],
])("refused: %s", (message, search, query) => {
  expect(() => nearest(search, query)).toThrow(
    expect.objectContaining({ status: "INVALID_ARGUMENT", message }),
  );
});
