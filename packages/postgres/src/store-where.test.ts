import { jsonNull } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { runs } from "../testing/random-registry.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";
import type { TableStore } from "./table-store.ts";

const registry = parseRegistry(`
enums:
  status: { values: [new, open, done] }
tables:
  orders:
    columns:
      - { name: shop, type: text, nullable: false }
      - { name: number, type: integer, nullable: false }
      - { name: status, type: status, nullable: false, default: "'new'" }
      - { name: total, type: "numeric(10,2)" }
      - { name: big, type: bigint }
      - { name: at, type: timestamptz }
      - { name: tags, type: "text[]" }
      - { name: data, type: jsonb }
      - { name: note, type: json }
    primary_key: [shop, number]
  logs:
    columns: [{ name: line, type: text }]
`);

let database: TestDatabase;
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, registry });
  await db.query(schemaSql(registry));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query("TRUNCATE orders, logs RESTART IDENTITY");
});

const orders = (): TableStore => db.table("orders");
const rowName = (row: object): string =>
  `${Reflect.get(row, "shop")} ${Reflect.get(row, "number")}`;

describe("find", () => {
  beforeEach(async () => {
    await orders().insert([
      {
        shop: "a",
        number: 1,
        total: "10.00",
        big: 2n ** 60n,
        at: "2026-01-01T00:00:00Z",
        tags: ["x", "y"],
        data: { a: 1 },
        note: { n: 1 },
      },
      {
        shop: "a",
        number: 2,
        status: "open",
        total: "20.50",
        big: -1n,
        at: "2026-02-01T00:00:00.000001Z",
        tags: [],
        data: jsonNull,
      },
      { shop: "b", number: 1, status: "done", total: null, data: ["a%_"], note: jsonNull },
      { shop: "B%", number: 3, total: "NaN", at: "infinity" },
    ]);
  });

  test.each<[string, object, readonly number[]]>([
    ["nothing", {}, [1, 2, 3, 4]],
    ["undefined, which is nothing", { shop: undefined }, [1, 2, 3, 4]],
    ["a value", { shop: "a" }, [1, 2]],
    ["two values", { shop: "a", number: 1 }, [1]],
    ["null", { total: null }, [3]],
    ["not null", { total: { not: null } }, [1, 2, 4]],
    ["not a value, which null is not", { total: { not: "10.00" } }, [2, 3, 4]],
    ["a list", { shop: ["a", "B%"] }, [1, 2, 4]],
    ["an empty list", { shop: [] }, []],
    ["an empty list by name", { shop: { in: [] } }, []],
    ["a range", { total: { gte: "10", lt: "20.50" } }, [1]],
    ["NaN, which is larger than all", { total: { gt: "20.50" } }, [4]],
    ["a number where the column is numeric", { total: 10 }, [1]],
    ["a list of numbers where the column is bigint", { big: { in: [-1, 5] } }, [2]],
    ["a bigint", { big: { gt: 2n ** 53n } }, [1]],
    ["a Date", { at: new Date("2026-01-01T00:00:00Z") }, [1]],
    ["microseconds", { at: { gt: "2026-02-01T00:00:00Z" } }, [2, 4]],
    ["an enum", { status: ["open", "done"] }, [2, 3]],
    ["like", { shop: { like: "b%" } }, [3]],
    ["ilike", { shop: { ilike: "b%" } }, [3, 4]],
    ["an array", { tags: ["x", "y"] }, [1]],
    ["an empty array", { tags: [] }, [2]],
    ["one of several arrays", { tags: { in: [["x", "y"], ["z"]] } }, [1]],
    ["JSON", { data: { a: 1 } }, [1]],
    ["a JSON array", { data: ["a%_"] }, [3]],
    ["the JSON value null", { data: jsonNull }, [2]],
    ["SQL's NULL in a JSON column", { data: null }, [4]],
    ["json, which PostgreSQL cannot compare", { note: { n: 1 } }, [1]],
    ["one of several JSON values", { note: { in: [{ n: 1 }, jsonNull] } }, [1, 3]],
  ])("finds the rows with %s", async (_name, where, found) => {
    const all = await orders().find({}, { orderBy: { shop: "asc", number: "asc" } });
    const numbers = new Map(["a 1", "a 2", "b 1", "B% 3"].map((text, index) => [text, index + 1]));
    const rows = await orders().find(where);
    expect(new Set(rows.map((row) => numbers.get(rowName(row))))).toEqual(new Set(found));
    expect(rows).toHaveLength(found.length);
    expect(await orders().count(where)).toBe(found.length);
    expect(all).toHaveLength(4);
  });

  test.each<[string, object, object]>([
    ["an unknown column", { nope: 1 }, { code: "UNKNOWN_OBJECT", columns: ["nope"] }],
    ["an unknown comparison", { shop: { startsWith: "a" } }, { code: "INVALID_OPTIONS" }],
    ["a value of another type", { number: "one" }, { code: "INVALID_VALUE", columns: ["number"] }],
    ["an unknown enum value", { status: "lost" }, { code: "INVALID_VALUE" }],
    ["in without a list", { number: { in: 5 } }, { code: "INVALID_OPTIONS" }],
    ["like without a text", { shop: { like: 5 } }, { code: "INVALID_OPTIONS" }],
  ])("refuses %s", async (_name, where, error) => {
    await expect(orders().find(where)).rejects.toMatchObject(error);
  });

  test("orders, limits and skips", async () => {
    const rows = await orders().find(
      {},
      { orderBy: { number: "desc", shop: "desc" }, limit: 2, offset: 1 },
    );
    expect(rows.map(({ shop, number }) => [shop, number])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    await expect(orders().find({}, { limit: -1 })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
    await expect(orders().find({}, { limit: 1.5 })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
  });

  test("finds by a key of several columns, and says what a key must have", async () => {
    expect(await orders().get({ shop: "a", number: 2 })).toMatchObject({ status: "open" });
    expect(await orders().get({ shop: "z", number: 2 })).toBeUndefined();
    for (const key of [{ shop: "a" }, "a", 1])
      await expect(orders().get(key)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
    await expect(db.table("logs").get("x")).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await expect(orders().get({ shop: "a", number: Number.NaN })).rejects.toMatchObject({
      code: "INVALID_VALUE",
    });
  });

  test("finds what a filter in the program would find", async () => {
    await db.query("TRUNCATE orders");
    const number = fc.integer({ min: -3, max: 3 });
    const comparison = fc.record(
      {
        eq: number,
        not: number,
        in: fc.array(number),
        gt: number,
        gte: number,
        lt: number,
        lte: number,
      },
      { requiredKeys: [] },
    );
    const rows = Array.from({ length: 7 }, (_, index) => ({ shop: "s", number: index - 3 }));
    await orders().insert(rows);
    await fc.assert(
      fc.asyncProperty(comparison, async (where) => {
        const holds = (n: number): boolean =>
          (where.eq === undefined || n === where.eq) &&
          (where.not === undefined || n !== where.not) &&
          (where.in === undefined || where.in.includes(n)) &&
          (where.gt === undefined || n > where.gt) &&
          (where.gte === undefined || n >= where.gte) &&
          (where.lt === undefined || n < where.lt) &&
          (where.lte === undefined || n <= where.lte);
        const found = await orders().find({ number: where }, { orderBy: { number: "asc" } });
        expect(found.map((row) => row["number"])).toEqual(
          rows.map((row) => row.number).filter(holds),
        );
      }),
      { ...runs, numRuns: (runs.numRuns ?? 10) * 5 },
    );
  });
});
