import * as fc from "fast-check";
import { expect, test } from "vitest";
import { queryOf, testDatabase } from "../../testing/query-of.ts";
import type { CursorMessage } from "../protocol/messages.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { partitionQuery } from "./partition-query.ts";
import { runQuery } from "./run-query.ts";

function databaseOf(count: number): Database {
  const database = new Database(testDatabase, new Clock());
  const time = database.clock.commitTime();
  database.apply(
    time,
    Array.from({ length: count }, (_, index) => {
      const path = `${index % 3 === 0 ? "" : `a/${index % 5}/`}c/${index}`;
      return { path, document: { path, fields: new Map(), createTime: time, updateTime: time } };
    }),
  );
  return database;
}

const group = queryOf("c", { group: true, orderBy: ["__name__"] });
const all = { partitionCount: 1000, pageSize: 0, pageToken: "" };

/** What each part of the query gives. */
function partsOf(
  database: Database,
  cuts: readonly CursorMessage[],
): readonly (readonly string[])[] {
  const bounds = [undefined, ...cuts, undefined];
  return bounds.slice(1).map((endAt, index) => {
    const part: ParsedQuery = { ...group, startAt: bounds[index], endAt };
    return runQuery(database, part).documents.map(({ path }) => path);
  });
}

test("the parts have every document once, in order", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 1, max: 12 }), (count, partitionCount) => {
      const database = databaseOf(count);
      const { partitions } = partitionQuery(database, group, { ...all, partitionCount });
      expect(partitions.length).toBeLessThanOrEqual(partitionCount);
      expect(partsOf(database, partitions).flat()).toEqual(
        runQuery(database, group).documents.map(({ path }) => path),
      );
    }),
    { numRuns: 20 },
  );
});

test("383 documents are three parts of about the same size, and 128 are one", () => {
  const database = databaseOf(383);
  const { partitions } = partitionQuery(database, group, { ...all, partitionCount: 10 });
  expect(partsOf(database, partitions).map(({ length }) => length)).toEqual([128, 128, 127]);
  expect(partitionQuery(databaseOf(128), group, all).partitions).toEqual([]);
});

test("page after page gives the same cuts as all at once", () => {
  const database = databaseOf(900);
  const request = { partitionCount: 5, pageSize: 2 };
  const cuts: CursorMessage[] = [];
  let pageToken = "";
  let pages = 0;
  do {
    const page = partitionQuery(database, group, { ...request, pageToken });
    cuts.push(...page.partitions);
    pageToken = page.nextPageToken;
    pages += 1;
  } while (pageToken !== "");
  expect(pages).toBe(3);
  expect(cuts).toEqual(
    partitionQuery(database, group, { ...request, pageSize: 0, pageToken: "" }).partitions,
  );
});

test.each<[string, ParsedQuery]>([
  ["of one collection", queryOf("c")],
  ["with a filter", queryOf("c", { group: true, where: [["a", "==", 1n]] })],
  ["in another order", queryOf("c", { group: true, orderBy: ["a"] })],
  ["with a limit", queryOf("c", { group: true, limit: 5 })],
])("a query %s is not cut", (_, query) => {
  expect(() => partitionQuery(databaseOf(0), query, all)).toThrow(
    expect.objectContaining({ status: "INVALID_ARGUMENT" }),
  );
});

test("a count that is not positive is refused, and so is a token that was not given", () => {
  const database = databaseOf(0);
  expect(() => partitionQuery(database, group, { ...all, partitionCount: 0 })).toThrow("positive");
  expect(() => partitionQuery(database, group, { ...all, pageToken: "x" })).toThrow("page token");
});
