import * as fc from "fast-check";
import { expect, test } from "vitest";
import { queryOf, testDatabase } from "../../testing/query-of.ts";
import { runQuery } from "../query/run-query.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { Value } from "../value/value.ts";
import type { DocumentTransition } from "./watch-target.ts";
import { WindowTarget } from "./window-target.ts";

/** Sets the field `n` of documents of the collection `c`, or deletes them. Returns what changed. */
function write(
  database: Database,
  numbers: Readonly<Record<string, bigint | undefined>>,
): readonly DocumentTransition[] {
  const time = database.clock.commitTime();
  const changes = Object.entries(numbers).map(([id, n]) => {
    const path = `c/${id}`;
    const fields = new Map<string, Value>(n === undefined ? [] : [["n", n]]);
    const document =
      n === undefined ? undefined : { path, fields, createTime: time, updateTime: time };
    return { path, document };
  });
  return database
    .apply(time, changes)
    .changes.map(({ path, before, document }) => ({ path, before, after: document }))
    .filter(({ before, after }) => before !== after);
}

function newDatabase(numbers: Readonly<Record<string, bigint>>): Database {
  const database = new Database(testDatabase, new Clock());
  write(database, numbers);
  return database;
}

function startedWindow(database: Database, limit: number, offset = 0): WindowTarget {
  const target = new WindowTarget(1, database, queryOf("c", { orderBy: ["n"], limit, offset }));
  target.start(undefined);
  return target;
}

function told(effects: ReturnType<WindowTarget["apply"]>): readonly string[] {
  return effects.map(({ path, isIn }) => `${isIn ? "+" : "-"}${path}`);
}

test("a document that enters a full window pushes the last one out, though that one did not change", () => {
  const database = newDatabase({ a: 1n, b: 2n, d: 4n });
  const target = startedWindow(database, 2);
  const effects = target.apply(write(database, { e: 0n }));
  expect(told(effects)).toEqual(["-c/b", "+c/e"]);
  expect(effects.find(({ isIn }) => !isIn)?.changed).toBe(false);
});

test("a window that lost a document is filled up from behind it", () => {
  const database = newDatabase({ a: 1n, b: 2n, d: 4n });
  const target = startedWindow(database, 2);
  expect(told(target.apply(write(database, { a: undefined })))).toEqual(["-c/a", "+c/d"]);
});

test("the last document of a full window leaves it when it moves behind one outside", () => {
  const database = newDatabase({ a: 1n, b: 2n, d: 4n });
  const target = startedWindow(database, 2);
  expect(told(target.apply(write(database, { b: 5n })))).toEqual(["-c/b", "+c/d"]);
});

test("a document that stays behind a full window is not told", () => {
  const database = newDatabase({ a: 1n, b: 2n, d: 4n });
  const target = startedWindow(database, 2);
  expect(target.apply(write(database, { d: 3n }))).toEqual([]);
});

test("a document before the offset moves the window on when it goes away", () => {
  const database = newDatabase({ a: 1n, b: 2n, d: 4n });
  const target = startedWindow(database, 1, 1);
  expect(told(target.apply(write(database, { a: undefined })))).toEqual(["-c/b", "+c/d"]);
});

test("what the effects say adds up to the query after each of many commits", () => {
  const id = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i");
  const numbers = fc.dictionary(
    id,
    fc.option(fc.bigInt({ min: 0n, max: 4n }), { nil: undefined }),
    {
      minKeys: 1,
      maxKeys: 3,
    },
  );
  const window = fc.record({
    orderBy: fc.constantFrom<readonly string[]>(["n"], ["n desc"], []),
    limit: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 6 }),
    offset: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(
      window,
      fc.array(numbers, { minLength: 3, maxLength: 30 }),
      ({ limit, ...rest }, all) => {
        const database = newDatabase({});
        const query = queryOf("c", limit === undefined ? rest : { ...rest, limit });
        const target = new WindowTarget(1, database, query);
        const seen = new Map(target.start(undefined).documents.map((one) => [one.path, one]));
        for (const changes of all) {
          for (const { path, document, isIn } of target.apply(write(database, changes))) {
            if (isIn && document) seen.set(path, document);
            else seen.delete(path);
          }
          const expected = runQuery(database, query).documents.map(
            (one) => [one.path, one] as const,
          );
          expect(seen).toEqual(new Map(expected));
        }
      },
    ),
    { numRuns: process.env["SLOW"] === "1" ? 2000 : 200 },
  );
});
