import { jsonNull, type ModelValue, type RawJson } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { runs } from "../testing/random-registry.ts";
import { openPostgres } from "./open-postgres.ts";
import type { DataAccess, Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";

type Row = Readonly<Record<string, ModelValue>>;

const registry = parseRegistry(`
enums:
  mood: { values: [happy, "so so", 'it''s "bad", {no}', "back\\\\slash", "NULL"] }
tables:
  scalars:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: i2, type: smallint }
      - { name: i4, type: integer }
      - { name: i8, type: bigint }
      - { name: num, type: numeric }
      - { name: money2, type: "numeric(20,2)" }
      - { name: f4, type: real }
      - { name: f8, type: double precision }
      - { name: yes, type: boolean }
      - { name: txt, type: text }
      - { name: vc, type: varchar(20) }
      - { name: ch, type: char(5) }
      - { name: uid, type: uuid }
      - { name: day, type: date }
      - { name: clock, type: time }
      - { name: ts, type: timestamp }
      - { name: tz, type: timestamptz }
      - { name: iv, type: interval }
      - { name: js, type: json }
      - { name: jb, type: jsonb }
      - { name: raw, type: bytea }
      - { name: ip, type: inet }
      - { name: feeling, type: mood }
  lists:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: i2s, type: "smallint[]" }
      - { name: i4s, type: "integer[]" }
      - { name: grid, type: "integer[][]" }
      - { name: i8s, type: "bigint[]" }
      - { name: nums, type: "numeric[]" }
      - { name: f4s, type: "real[]" }
      - { name: f8s, type: "double precision[]" }
      - { name: yess, type: "boolean[]" }
      - { name: txts, type: "text[]" }
      - { name: uids, type: "uuid[]" }
      - { name: days, type: "date[]" }
      - { name: tss, type: "timestamp[]" }
      - { name: tzs, type: "timestamptz[]" }
      - { name: ivs, type: "interval[]" }
      - { name: jbs, type: "jsonb[]" }
      - { name: raws, type: "bytea[]" }
      - { name: ips, type: "inet[]" }
      - { name: feelings, type: "mood[]" }
`);

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const raw = (text: string): RawJson => Reflect.apply(Reflect.get(JSON, "rawJSON"), JSON, [text]);

/** One row per list index; a column that has fewer values starts again. */
const scalars: Readonly<Record<string, readonly ModelValue[]>> = {
  i2: [-32_768, 32_767, null],
  i4: [-2_147_483_648, 0, null, 2_147_483_647],
  i8: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n, null, 9_007_199_254_740_993n],
  num: ["NaN", "Infinity", "-Infinity", "0.1000", "-12345678901234567890.123456789", null],
  money2: ["0.00", "-999999999999999999.99", "NaN", null],
  f4: [0.1, Number.NaN, Number.POSITIVE_INFINITY, -0, null],
  f8: [0.1, Number.NaN, Number.NEGATIVE_INFINITY, -0, 5e-324, 1.797_693_134_862_315_7e308, null],
  yes: [true, false, null],
  txt: [
    "",
    "plain",
    "tab\tnew\nline\rback\\slash \\N \\.",
    "\"quotes\" 'and' {braces}, NULL",
    "ünï😀\u2028",
    null,
  ],
  vc: ["\\.", "", "x".repeat(20), null],
  ch: ["abcde", null],
  uid: ["0190163d-8694-739b-aea5-966c26f8ad91", null],
  day: ["2026-01-31", "infinity", "-infinity", "0044-03-15 BC", "5874897-12-31", null],
  clock: ["00:00:00", "23:59:59.999999", "24:00:00", "04:05:06.7", null],
  ts: [
    "2026-01-31T04:05:06.789012",
    "infinity",
    "-infinity",
    "0044-03-15T00:00:00 BC",
    "294276-12-31T23:59:59.999999",
    null,
  ],
  tz: [
    "2026-01-31T04:05:06.789012Z",
    "infinity",
    "-infinity",
    "0044-03-15T00:00:00 BC",
    "2026-06-30T00:00:00Z",
    null,
  ].map((value) => (value?.endsWith("BC") === true ? "0044-03-15T00:00:00Z BC" : value)),
  iv: [
    "1 year 2 mons 3 days 04:05:06.789",
    "-1 days +02:03:00",
    "00:00:00",
    "00:00:00.000001",
    null,
  ],
  js: [
    { big: 12_345_678_901_234_567_890n, exact: raw("0.1234567890123456789"), nothing: null },
    jsonNull,
    { a: [1, "x", { b: [] }] },
    null,
  ],
  jb: [
    { big: 12_345_678_901_234_567_890n, exact: raw("0.1234567890123456789") },
    jsonNull,
    { "": "\\", "é\t": "\n" },
    null,
  ],
  raw: [bytes(), bytes(0, 1, 92, 255), null],
  ip: ["10.0.0.1", "10.0.0.0/8", "2001:db8::1", "::ffff:1.2.3.4/100", null],
  feeling: ["happy", "so so", 'it\'s "bad", {no}', "back\\slash", "NULL", null],
};

const lists: Readonly<Record<string, readonly ModelValue[]>> = {
  i2s: [[], [1, null, -1], null],
  i4s: [[1, 2], [], [null]],
  grid: [
    [
      [1, 2],
      [3, null],
    ],
    [],
    null,
  ],
  i8s: [[9_007_199_254_740_993n, null], [-1n]],
  nums: [["NaN", "1.10", null, "-Infinity"], []],
  f4s: [[Number.NaN, -0, 1.5, null]],
  f8s: [[Number.NEGATIVE_INFINITY, -0, 0.1, null], null],
  yess: [[true, false, null]],
  txts: [["", "NULL", "null", null, 'a"b', "c\\d", "{e,f}", " g ", "\t\n\r", "\\N", "ü😀"], []],
  uids: [["0190163d-8694-739b-aea5-966c26f8ad91", null]],
  days: [["infinity", "0044-03-15 BC", null, "2026-01-31"]],
  tss: [["2026-01-31T04:05:06.000001", "-infinity", null, "0001-01-01T00:00:00 BC"]],
  tzs: [["2026-01-31T04:05:06.789012Z", "infinity", null]],
  ivs: [["1 mon", "-00:00:01", null]],
  jbs: [[{ a: 12_345_678_901_234_567_890n }, null, jsonNull, 1, { b: [1, null, "x"] }], []],
  raws: [[bytes(), bytes(92, 34, 0), null]],
  ips: [["10.0.0.0/8", null, "::1"]],
  feelings: [["happy", null, 'it\'s "bad", {no}', "back\\slash", "NULL"], [], null],
};

async function all<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

function rowsOf(columns: Readonly<Record<string, readonly ModelValue[]>>): readonly Row[] {
  const count = Math.max(...Object.values(columns).map((values) => values.length));
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    ...Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [
        name,
        values[index % values.length] ?? null,
      ]),
    ),
  }));
}

const tables = [
  ["scalars", rowsOf(scalars)],
  ["lists", rowsOf(lists)],
] as const;

/** By `query` and by Kysely an array is an array and a text is a text: JSON is given as objects. */
type Write = (db: DataAccess, table: string, rows: readonly Row[]) => Promise<unknown>;
const writers: Readonly<Record<string, Write>> = {
  query: async (db, table, rows) => {
    for (const row of rows) {
      const names = Object.keys(row);
      const places = names.map((_, index) => `$${index + 1}`);
      await db.query(
        `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places.join(", ")})`,
        Object.values(row),
      );
    }
  },
  Kysely: async (db, table, rows) =>
    await db
      .kysely<Record<string, Row>>()
      .insertInto(table)
      .values([...rows])
      .execute(),
  "table().insert, one by one": async (db, table, rows) => {
    for (const row of rows) expect(await db.table(table).insert(row)).toEqual(row);
  },
  "table().insert of a list": async (db, table, rows) =>
    expect(await db.table(table).insert(rows)).toEqual(rows),
  "table().upsert of a long list": async (db, table, rows) => {
    const more = Array.from({ length: 40 }, (_, turn) =>
      rows.map((row) => ({ ...row, id: turn * rows.length + Number(row["id"]) })),
    );
    expect(await db.table(table).upsert(more.flat())).toEqual(more.flat());
    await db.table(table).delete({ id: { gt: rows.length } });
  },
  copyIn: async (db, table, rows) => await db.copyIn(table, rows),
};

const readers: Readonly<Record<string, (db: DataAccess, table: string) => Promise<unknown>>> = {
  query: async (db, table) => (await db.query(`SELECT * FROM ${table} ORDER BY id`)).rows,
  Kysely: async (db, table) =>
    await db.kysely<Record<string, Row>>().selectFrom(table).selectAll().orderBy("id").execute(),
  "table().find": async (db, table) => await db.table(table).find({}, { orderBy: { id: "asc" } }),
  "copyOut of the table": async (db, table) => await all(db.copyOut(table)),
  "copyOut of a query": async (db, table) =>
    await all(db.copyOut({ query: `SELECT * FROM ${table} ORDER BY id -- all;` })),
};

describe("values", () => {
  let database: TestDatabase;
  let db: Postgres;

  beforeAll(async () => {
    database = await createTestDatabase();
    {
      await using admin = await openPostgres({ url: database.url });
      // What a database may have been set to must not change what a value is.
      for (const setting of [
        "TimeZone = 'Asia/Kathmandu'",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'iso_8601'",
        "bytea_output = 'escape'",
        "extra_float_digits = -5",
      ])
        // prettier-ignore
        await admin.query(`ALTER DATABASE ${database.name} SET ${setting}`);
    }
    db = await openPostgres({ url: database.url, registry });
    await db.query(schemaSql(registry));
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  for (const [writer, write] of Object.entries(writers)) {
    for (const [table, rows] of tables) {
      test(`of ${table} written by ${writer} are read as they were by every way`, async () => {
        await db.query(`TRUNCATE ${table}`);
        await write(db, table, rows);
        for (const read of Object.values(readers)) expect(await read(db, table)).toEqual(rows);
      });
    }
  }

  test("are the same in a session with another time zone and other styles", async () => {
    const [[table, rows]] = tables;
    await db.query(`TRUNCATE ${table}`);
    await db.transaction(async (tx) => {
      await tx.query("SET LOCAL TimeZone = 'America/St_Johns'");
      await tx.query("SET LOCAL bytea_output = 'escape'");
      await tx.table(table).insert(rows);
      for (const read of Object.values(readers)) expect(await read(tx, table)).toEqual(rows);
    });
    expect(await readers["query"]?.(db, table)).toEqual(rows);
  });

  test("of any text, number, moment and bytes come back by every way", async () => {
    const text = fc
      .string({ unit: "binary", maxLength: 30 })
      .map((value) => value.replaceAll("\0", ""));
    const moment = fc
      .date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString().replace(/\.?0*Z$/, "Z"));
    const row = fc.record({
      i8: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      f8: fc.double(),
      f4: fc.float().map(shortest),
      txt: text,
      tz: moment,
      js: fc.record({
        text,
        number: fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
      }),
      raw: fc.uint8Array({ maxLength: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (list) => {
        const rows = list.map((values, index) => ({ id: index + 1, ...values }));
        for (const write of Object.values(writers)) {
          if (write === writers["table().upsert of a long list"]) continue;
          await db.query("TRUNCATE scalars");
          await db.copyIn("scalars", []);
          await write(
            db,
            "scalars",
            rows.map((one) => ({ ...nothing, ...one })),
          );
          for (const read of Object.values(readers))
            expect(await read(db, "scalars")).toEqual(rows.map((one) => ({ ...nothing, ...one })));
        }
      }),
      { ...runs, numRuns: (runs.numRuns ?? 10) / 5 },
    );
  });

  test("of JSON arrays and texts are written by models, which know that they are JSON", async () => {
    const js = ["text", [1, "x", null], jsonNull, true];
    const jbs = [["text", null, jsonNull, [1, [2]], "{}"]];
    await db.query("TRUNCATE scalars RESTART IDENTITY");
    const texts = await db.table("scalars").insert(js.map((value) => ({ js: value, jb: value })));
    expect(texts.map((row) => [row["js"], row["jb"]])).toEqual(js.map((value) => [value, value]));
    await db.query("TRUNCATE lists");
    await db.copyIn("lists", [{ jbs: jbs[0] }]);
    await db.table("lists").insert({ jbs: jbs[0] });
    expect((await db.table("lists").find()).map((row) => row["jbs"])).toEqual([jbs[0], jbs[0]]);
  });

  test("of types that the registry does not know are text, and their arrays arrays of text", async () => {
    await db.query(
      "CREATE DOMAIN cents AS bigint CHECK (value >= 0); CREATE TYPE pair AS (a int, b text)",
    );
    const { rows } = await db.query(
      `SELECT 5::cents AS own, ARRAY[5]::cents[] AS owns, ROW(1, 'x')::pair AS pair, ARRAY[ROW(1, 'x')::pair] AS pairs,
        '1.50'::money AS money, int4range(1, 5) AS range, '(1,2)'::point AS point, ARRAY['happy']::mood[] AS moods,
        1::"char" AS single, 'x'::name AS name, 4294967295::oid AS oid`,
    );
    expect(rows).toEqual([
      {
        own: 5n,
        owns: [5n],
        pair: "(1,x)",
        pairs: ["(1,x)"],
        money: "$1.50",
        range: "[1,5)",
        point: "(1,2)",
        moods: ["happy"],
        single: "\u0001",
        name: "x",
        oid: 4_294_967_295,
      },
    ]);
  });
});

/** A `real` is given as the number that its shortest text reads as. */
function shortest(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return Object.is(float, -0) ? float : short;
  }
  return Number(float.toPrecision(9));
}

const nothing: Row = Object.fromEntries(Object.keys(scalars).map((name) => [name, null]));
