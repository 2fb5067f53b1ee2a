import { describe, expect, test } from "vitest";
import { testDatabase } from "../../testing/query-of.ts";
import type { Value } from "../value/value.ts";
import { Clock } from "./clock.ts";
import { Database } from "./database.ts";
import { edgeAtValue, wholeRange } from "./index-range.ts";
import { IndexSet } from "./index-set.ts";

const scope = { parent: "", collectionId: "c", allDescendants: false };
const group = { ...scope, allDescendants: true };

function write(database: Database, documents: Readonly<Record<string, Value | undefined>>): void {
  const time = database.clock.commitTime();
  database.apply(
    time,
    Object.entries(documents).map(([path, a]) => ({
      path,
      document:
        a === undefined
          ? undefined
          : { path, fields: new Map([["a", a]]), createTime: time, updateTime: time },
    })),
  );
}

function pathsOf(documents: Iterable<{ readonly path: string }>): readonly string[] {
  return [...documents].map(({ path }) => path);
}

describe("an index", () => {
  test("follows what is written after it was made", () => {
    const database = new Database(testDatabase, new Clock());
    const indexes = IndexSet.of(database);
    write(database, { "c/1": 2n, "c/2": 1n });
    expect(pathsOf(indexes.byValue(scope, ["a"]).walk(wholeRange, false))).toEqual(["c/2", "c/1"]);
    write(database, { "c/1": 0n, "c/2": undefined, "c/3": "x" });
    expect(pathsOf(indexes.byValue(scope, ["a"]).walk(wholeRange, false))).toEqual(["c/1", "c/3"]);
    expect(pathsOf(indexes.byValue(scope, ["a"]).walk(wholeRange, true))).toEqual(["c/3", "c/1"]);
  });

  test("gives the new version of a document whose value stayed the same", () => {
    const database = new Database(testDatabase, new Clock());
    write(database, { "c/1": 1n });
    const index = IndexSet.of(database).byValue(scope, ["a"]);
    expect([...index.walk(wholeRange, false)]).toEqual([database.document("c/1")]);
    write(database, { "c/1": 1 });
    expect([...index.walk(wholeRange, false)]).toEqual([database.document("c/1")]);
  });

  test("of a collection has no documents of others, and that of a group has all of its id", () => {
    const database = new Database(testDatabase, new Clock());
    write(database, { "c/1": 1n, "c/1/c/2": 2n, "d/1/c/3": 3n, "d/1": 4n });
    const indexes = IndexSet.of(database);
    expect(pathsOf(indexes.byValue(scope, ["a"]).walk(wholeRange, false))).toEqual(["c/1"]);
    expect(pathsOf(indexes.byName(group).walk(wholeRange, false))).toEqual([
      "c/1",
      "c/1/c/2",
      "d/1/c/3",
    ]);
  });

  test("of elements has a document once for equal ones", () => {
    const database = new Database(testDatabase, new Clock());
    write(database, { "c/1": [1n, 1, 2n], "c/2": "1" });
    const index = IndexSet.of(database).byElement(scope, ["a"]);
    const ones = { from: [edgeAtValue(1n, false)], to: [edgeAtValue(1n, true)] };
    expect(pathsOf(index.walk(ones, false))).toEqual(["c/1"]);
    expect(index.count(ones)).toBe(1);
    expect(index.count(wholeRange)).toBe(2);
  });

  test("that was dropped because nobody asked for it is made anew", () => {
    const database = new Database(testDatabase, new Clock());
    const indexes = IndexSet.of(database);
    write(database, { "c/1": 0n });
    const idle = indexes.byValue(scope, ["a"]);
    for (let value = 1n; value <= 10_100n; value += 1n) write(database, { "c/1": value });
    expect([...idle.walk(wholeRange, false)]).not.toEqual([database.document("c/1")]);
    expect([...indexes.byValue(scope, ["a"]).walk(wholeRange, false)]).toEqual([
      database.document("c/1"),
    ]);
  });
});
