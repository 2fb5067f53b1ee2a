import { expect, test } from "vitest";
import { parseQuery } from "../query/parse-query.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { checkAggregatedFields } from "./check-aggregated-fields.ts";

const database = "projects/p/databases/d";

function orderedBy(...fields: string[]): ParsedQuery {
  return parseQuery(database, `${database}/documents`, {
    from: [{ collectionId: "c", allDescendants: false }],
    orderBy: fields.map((fieldPath) => ({ field: { fieldPath }, direction: 1 })),
    offset: 0,
  });
}

test("a sum of a field that is not ordered by before the name is refused", () => {
  const text = "This query requires an index that has fields [num] after __name__";
  for (const query of [orderedBy("__name__"), orderedBy("foo", "__name__")]) {
    expect(() => {
      checkAggregatedFields(query, [["num"]]);
    }).toThrow(text);
  }
});

test("a sum needs no order, and no field more than the order by name has", () => {
  for (const query of [orderedBy(), orderedBy("foo"), orderedBy("num", "__name__")]) {
    expect(() => {
      checkAggregatedFields(query, [["num"]]);
    }).not.toThrow();
  }
  expect(() => {
    checkAggregatedFields(orderedBy("__name__"), []);
  }).not.toThrow();
});
