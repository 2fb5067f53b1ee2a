import { describe, expect, it } from "vitest";
import { indexSetOf } from "../../testing/index-set-of.ts";
import { queryOf, type Condition } from "../../testing/query-of.ts";
import { missingIndex } from "./missing-index.ts";
import { NeededIndexes } from "./needed-indexes.ts";
import { readIndexes } from "./read-indexes.ts";

const equal = (...fields: readonly string[]) => fields.map((field): Condition => [field, "==", 1n]);

describe("the indexes that queries needed", () => {
  it("are none for queries that the automatic ones answer", () => {
    const needed = new NeededIndexes();
    needed.record(queryOf("cities", { where: equal("a", "b") }));
    expect(JSON.parse(needed.toJson())).toEqual({ indexes: [], fieldOverrides: [] });
  });

  it("are each told once, as firebase-tools has them, without the name that is implied", () => {
    const needed = new NeededIndexes();
    for (const value of [1n, 2n]) {
      needed.record(
        queryOf("cities", { where: [["state", "==", value]], orderBy: ["population desc"] }),
      );
    }
    expect(JSON.parse(needed.toJson())).toEqual({
      indexes: [
        {
          collectionGroup: "cities",
          queryScope: "COLLECTION",
          fields: [
            { fieldPath: "state", order: "ASCENDING" },
            { fieldPath: "population", order: "DESCENDING" },
          ],
        },
      ],
      fieldOverrides: [],
    });
  });

  it("keep the name where it is not implied", () => {
    const needed = new NeededIndexes();
    needed.record(queryOf("cities", { orderBy: ["a", "__name__ desc"] }));
    needed.record(queryOf("cities", { orderBy: ["__name__ desc"] }));
    expect(readIndexes(needed.toJson(), "needed").composites.map(({ fields }) => fields)).toEqual([
      [{ path: ["__name__"], mode: "DESCENDING" }],
      [
        { path: ["a"], mode: "ASCENDING" },
        { path: ["__name__"], mode: "DESCENDING" },
      ],
    ]);
  });

  it("leave out what the others make up for when they are merged, in whatever order they came", () => {
    const needed = new NeededIndexes();
    const queries = [equal("a", "b"), equal("a"), equal("b")].map((where) =>
      queryOf("cities", { where, orderBy: ["c"] }),
    );
    for (const query of queries) needed.record(query);
    const indexes = needed.indexes();
    expect(indexes.composites).toHaveLength(2);
    expect(queries.map((query) => missingIndex(query, indexes))).toEqual(
      queries.map(() => undefined),
    );
  });

  it("of a group's field are an override that keeps the automatic indexes of its collections", () => {
    const needed = new NeededIndexes();
    const group = queryOf("landmarks", { group: true, where: equal("type") });
    needed.record(group);
    needed.record(queryOf("landmarks", { group: true, orderBy: ["type desc"] }));
    const indexes = readIndexes(needed.toJson(), "needed");
    expect(indexes.composites).toEqual([]);
    expect(indexes.overrides).toHaveLength(1);
    expect(missingIndex(group, indexes)).toBeUndefined();
    for (const query of [
      queryOf("landmarks", { where: equal("type") }),
      queryOf("landmarks", { orderBy: ["type desc"] }),
      queryOf("landmarks", { where: [["type", "array-contains", 1n]] }),
    ]) {
      expect(missingIndex(query, indexes)).toBeUndefined();
    }
  });

  it("come with those that were given, and are forgotten on demand", () => {
    const needed = new NeededIndexes(indexSetOf("cities: a ASC, b ASC"));
    needed.record(queryOf("cities", { where: equal("a"), orderBy: ["b"] }));
    needed.record(queryOf("cities", { where: equal("a"), orderBy: ["d"] }));
    expect(needed.indexes().composites).toHaveLength(2);
    needed.clear();
    expect(needed.indexes()).toEqual(indexSetOf("cities: a ASC, b ASC"));
  });

  it("of sums hold the field that is added up", () => {
    const needed = new NeededIndexes();
    needed.record(queryOf("cities", { where: equal("state") }), [["population"]]);
    expect(needed.toJson()).toContain('"population"');
  });
});
