import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { denseFields, denseQuery, nameQuery } from "../../testing/arbitrary-dense-query.ts";
import {
  arbitraryQueriedFields,
  arbitraryQuery,
  type QueryMessage,
} from "../../testing/arbitrary-query.ts";
import {
  queryOf,
  someReference,
  testDatabase,
  type QueryDescription,
} from "../../testing/query-of.ts";
import { nameOf } from "../name/resource-name.ts";
import { RpcError } from "../rpc-error.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { MapValue, Value } from "../value/value.ts";
import { parseQuery } from "./parse-query.ts";
import type { ParsedQuery } from "./parsed-query.ts";
import { queryMatcher } from "./query-matcher.ts";
import { runQuery } from "./run-query.ts";

const numRuns = process.env["SLOW"] === "1" ? 500 : 25;

/** A database next to all that it ever held, written down in the plainest way. */
class World {
  readonly database = new Database(testDatabase, new Clock());
  readonly #states: {
    readonly time: number;
    readonly documents: ReadonlyMap<string, StoredDocument>;
  }[] = [];

  write(changes: ReadonlyMap<string, MapValue | undefined>): number {
    const time = this.database.clock.commitTime();
    const documents = new Map(this.#states.at(-1)?.documents);
    const applied = [...changes].map(([path, fields]) => {
      const document = fields && { path, fields, createTime: time, updateTime: time };
      if (document) documents.set(path, document);
      else documents.delete(path);
      return { path, document };
    });
    this.database.apply(time, applied);
    this.#states.push({ time, documents });
    return time;
  }

  /** The result of a query by looking at every document. */
  expected(query: ParsedQuery, time?: number): readonly string[] {
    const state = this.#states.findLast((one) => time === undefined || one.time <= time);
    const { matches, compare } = queryMatcher(query);
    const all = [...(state?.documents.values() ?? [])].filter(matches).toSorted(compare);
    const end = query.limit === undefined ? all.length : query.offset + query.limit;
    return all.slice(query.offset, end).map(({ path }) => path);
  }

  actual(query: ParsedQuery, time?: number): readonly string[] {
    return runQuery(this.database, query, time).documents.map(({ path }) => path);
  }
}

const paths = [
  "c/first",
  "z/1/c/1",
  ...Array.from({ length: 120 }, (_, index) => `c/${index}`),
  ...Array.from({ length: 60 }, (_, index) => `d/${index % 7}/c/${index}`),
  ...Array.from({ length: 40 }, (_, index) => `c/${index % 3}/d/${index}`),
  ...Array.from({ length: 90 }, (_, index) => `e/1/${index % 2 === 0 ? "c" : "d"}/${index}`),
] as const;

function parsed(parent: string, query: Parameters<typeof parseQuery>[2]): ParsedQuery | undefined {
  try {
    return parseQuery(testDatabase, nameOf(testDatabase, parent), query);
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

/** Changes, and queries after them: of now, and of that many changes ago. */
interface Step {
  readonly changes: readonly (readonly [string, MapValue | undefined])[];
  readonly queries: readonly QueryMessage[];
  readonly ago: number;
}

function steps(
  fields: fc.Arbitrary<MapValue>,
  query: fc.Arbitrary<QueryMessage>,
): fc.Arbitrary<readonly Step[]> {
  const change = fc.tuple(fc.constantFrom(...paths), fc.option(fields, { nil: undefined }));
  const step = fc.record({
    changes: fc.array(change, { maxLength: 8 }),
    queries: fc.array(query, { minLength: 10, maxLength: 40 }),
    ago: fc.nat(3),
  });
  return fc.array(step, { minLength: 1, maxLength: 5 });
}

/** What the queries found, and what they should have. */
function playedSteps(
  pool: readonly MapValue[],
  all: readonly Step[],
): readonly [found: readonly (readonly string[])[], expected: readonly (readonly string[])[]] {
  const world = new World();
  const first = paths.map((path, index) => [path, pool[(index * 7) % pool.length]] as const);
  const times = [world.write(new Map(first))];
  const found: (readonly string[])[] = [];
  const expected: (readonly string[])[] = [];
  for (const { changes, queries, ago } of all) {
    for (const { parent, query } of queries) {
      const ready = parsed(parent, query);
      if (!ready) continue;
      for (const time of [undefined, times.at(-1 - ago)]) {
        found.push(world.actual(ready, time));
        expected.push(world.expected(ready, time));
      }
    }
    times.push(world.write(new Map(changes)));
  }
  return [found, expected];
}

describe("any query", () => {
  test("of values of every kind finds what looking at every document finds, now and at any time before", () => {
    const fields = arbitraryQueriedFields(testDatabase);
    const query = fc.oneof(arbitraryQuery(testDatabase), arbitraryQuery(testDatabase, 1));
    fc.assert(
      fc.property(
        fc.array(fields, { minLength: 5, maxLength: 40 }),
        steps(fields, query),
        (pool, all) => {
          const [found, expected] = playedSteps(pool, all);
          expect(found).toEqual(expected);
        },
      ),
      { numRuns },
    );
  });

  test("that finds many does so too", () => {
    fc.assert(
      fc.property(
        fc.array(denseFields, { minLength: 20, maxLength: 40 }),
        steps(
          denseFields,
          fc.oneof(denseQuery(testDatabase, paths), nameQuery(testDatabase, paths)),
        ),
        (pool, all) => {
          const [found, expected] = playedSteps(pool, all);
          expect(found).toEqual(expected);
        },
      ),
      { numRuns },
    );
  });
});

describe("of 5,000 documents", () => {
  const world = new World();
  const documents = Array.from({ length: 5000 }, (_, index): [string, MapValue] => {
    const path = index % 2 === 0 ? `cities/${index}` : `countries/${index % 100}/cities/${index}`;
    const fields: readonly [string, Value][] = [
      ["rank", BigInt(index)],
      ["half", BigInt(index % 2)],
      ["group", BigInt(index % 500)],
      ["tags", [`t${index % 250}`, "all"]],
    ];
    return [path, new Map(fields)];
  });
  world.write(new Map(documents));

  test.each<[string, QueryDescription, number]>([
    ["one value", { where: [["group", "==", 8n]] }, 10],
    ["one of several values", { where: [["group", "in", [8n, 10n]]] }, 20],
    ["one element", { where: [["tags", "array-contains", "t4"]] }, 20],
    [
      "a range",
      {
        where: [
          ["rank", ">", 100n],
          ["rank", "<=", 110n],
        ],
      },
      5,
    ],
    ["the first of an order", { orderBy: ["rank desc"], limit: 7 }, 7],
    ["the first of an order where many tie", { where: [["half", "==", 0n]], limit: 7 }, 7],
    [
      "an alternative of two fields",
      {
        where: [
          {
            or: [
              ["group", "==", 8n],
              ["rank", "<", 4n],
            ],
          },
        ],
      },
      12,
    ],
    [
      "the more selective of two",
      {
        where: [
          ["half", "==", 0n],
          ["group", "==", 8n],
        ],
      },
      10,
    ],
    ["a collection group", { where: [["group", "==", 8n]], group: true }, 10],
    ["the first of two orders", { orderBy: ["group", "rank desc"], limit: 5 }, 11],
    ["the first names", { limit: 3 }, 3],
    ["the first names of a collection group", { group: true, limit: 3 }, 3],
  ])("a query of %s looks at no more than it has to", (_, description, most) => {
    const query = queryOf("cities", description);
    expect(world.actual(query)).toEqual(world.expected(query));
    expect(runQuery(world.database, query).scanned).toBeLessThanOrEqual(most);
  });

  test("a page from the middle does not read those before it", () => {
    const query = queryOf("cities", { orderBy: ["rank"], limit: 10 });
    const page = { ...query, startAt: { values: [2501n], before: true } };
    expect(world.actual(page)).toEqual(world.expected(page));
    expect(runQuery(world.database, page).scanned).toBeLessThanOrEqual(10);
  });
});

test("the last page of what is below a document does not go on behind it", () => {
  const world = new World();
  const below = Array.from(
    { length: 100 },
    (_, index) => `b/1/${index % 2 === 0 ? "c" : "d"}/${index}`,
  );
  world.write(new Map(["a/1/c/1", ...below, "c/1"].map((path) => [path, new Map()])));
  const all = queryOf("", { group: true, parent: "b/1" });
  const last = someReference("b/1/d/95");
  const page = { ...all, startAt: { values: [last], before: true }, limit: 10 };
  expect(world.actual(page)).toEqual(["b/1/d/95", "b/1/d/97", "b/1/d/99"]);
});

test("the offset is skipped and counted, and the limit counts from there", () => {
  const world = new World();
  world.write(new Map(["1", "2", "3", "4"].map((id) => [`c/${id}`, new Map()])));
  const { documents, skipped } = runQuery(world.database, queryOf("c", { offset: 1, limit: 2 }));
  expect([skipped, ...documents.map(({ path }) => path)]).toEqual([1, "c/2", "c/3"]);
});

test("a selection has only the fields that were asked for, and an empty one none", () => {
  const world = new World();
  world.write(
    new Map([
      [
        "c/1",
        new Map<string, Value>([
          ["a", 1n],
          [
            "b",
            new Map([
              ["x", 1n],
              ["y", 2n],
            ]),
          ],
        ]),
      ],
    ]),
  );
  const selected = (select: ParsedQuery["select"]) => {
    const { documents, fields } = runQuery(world.database, { ...queryOf("c"), select });
    return documents.map(fields);
  };
  expect(selected([["b", "y"], ["z"]])).toEqual([new Map([["b", new Map([["y", 2n]])]])]);
  expect(selected([["__name__"]])).toEqual([new Map()]);
});
