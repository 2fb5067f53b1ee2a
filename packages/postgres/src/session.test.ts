import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";

let database: TestDatabase;
/** One connection: whatever keeps it, or cancels the next statement on it, is seen at once. */
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, poolSize: 1 });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function one(): Promise<unknown> {
  return (await db.query("SELECT 1 AS one")).rows[0]?.["one"];
}

describe("a statement", () => {
  test("gives rows, columns, their number and the command", async () => {
    expect(await db.query("SELECT 1 AS a, 'x' AS b")).toEqual({
      rows: [{ a: 1, b: "x" }],
      rowCount: 1,
      command: "SELECT",
      columns: [{ name: "a", typeId: 23 }, { name: "b", typeId: 25 }],
    }); // prettier-ignore
    expect(await db.query("CREATE TEMPORARY TABLE t (id int)")).toEqual({
      rows: [],
      rowCount: 0,
      command: "CREATE",
      columns: [],
    });
    expect(await db.query("INSERT INTO t VALUES (1), (2)")).toMatchObject({
      rowCount: 2,
      command: "INSERT",
    });
    expect((await db.query("SELECT 1 AS a; SELECT 2 AS b")).rows).toEqual([{ b: 2 }]);
    expect(await db.query("")).toMatchObject({ rows: [], rowCount: 0 });
  });

  test.each<[string, string, object]>([
    [
      "a syntax error and its place",
      "SELECT 'ü😀', SELEC",
      { code: "UNKNOWN_OBJECT", position: 14 },
    ],
    [
      "an unknown table",
      "SELECT * FROM nope",
      { code: "UNKNOWN_OBJECT", sqlState: "42P01", hint: expect.any(String) },
    ],
    [
      "a table that is there already",
      "CREATE TABLE pg_temp.twice (); CREATE TABLE pg_temp.twice ()",
      { code: "DUPLICATE_OBJECT", sqlState: "42P07" },
    ],
    ["a division", "SELECT 1 / 0", { code: "INVALID_VALUE", sqlState: "22012" }],
    [
      "an error of its own",
      "DO $$ BEGIN RAISE 'mine' USING ERRCODE = 'MY001', DETAIL = 'd', HINT = 'h'; END $$",
      { code: "QUERY_FAILED", sqlState: "MY001", message: "mine.", detail: "d", hint: "h" },
    ],
  ])("that fails tells of %s", async (_name, sql, error) => {
    await expect(db.query(sql)).rejects.toMatchObject(error);
    expect(await one()).toBe(1);
  });

  test.each<[string, string, readonly string[] | undefined]>([
    ["one column", "INSERT INTO keys (a) VALUES (1), (1)", ["a"]],
    ["two columns", 'INSERT INTO keys (b, "C, ""d""") VALUES (1, 1), (1, 1)', ["b", 'C, "d"']],
    ["an expression", "INSERT INTO keys (e) VALUES ('x'), ('X')", undefined],
    ["a value that looks like a key", "INSERT INTO keys (a, e) VALUES (5, ')=('), (5, '')", ["a"]],
  ])("names the columns of a unique key of %s", async (_name, sql, columns) => {
    await db.query(`CREATE TABLE IF NOT EXISTS keys (a int UNIQUE, b int, "C, ""d""" int, e text, UNIQUE (b, "C, ""d"""));
      CREATE UNIQUE INDEX IF NOT EXISTS keys_e ON keys (lower(e))`);
    const error: unknown = await db.query(sql).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "CONSTRAINT_VIOLATION", sqlState: "23505" });
    expect(Reflect.get(Object(error), "columns")).toEqual(columns);
  });

  test("takes parameters of every kind that a program has", async () => {
    const { rows } = await db.query(
      `SELECT $1::int AS i, $2::int8 AS big, $3::timestamptz AS at, $4::bytea AS raw, $5::jsonb AS data, $6::int[][] AS list,
        $7::text AS nothing, $8::text[] AS texts, $9::date AS bc, $10::bool AS yes, $11::float8 AS zero, $12::bytea[] AS raws`,
      [
        5, 2n ** 62n, new Date("2026-01-31T04:05:06.789Z"), Uint8Array.of(0, 255), { a: [1n, null] }, [[1, 2], [3, null]],
        undefined, ["", null, 'a"b\\{', "NULL"], new Date("-000043-03-15T00:00:00Z"), true, -0, [Uint8Array.of(1), null],
      ], // prettier-ignore
    );
    expect(rows[0]).toEqual({
      i: 5,
      big: 2n ** 62n,
      at: "2026-01-31T04:05:06.789Z",
      raw: Uint8Array.of(0, 255),
      data: { a: [1, null] },
      list: [[1, 2], [3, null]],
      nothing: null,
      texts: ["", null, 'a"b\\{', "NULL"],
      bc: "0044-03-15 BC",
      yes: true,
      zero: -0,
      raws: [Uint8Array.of(1), null],
    }); // prettier-ignore
  });

  test.each<[string, unknown]>([
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["an invalid Date", new Date(Number.NaN)],
    ["a NUL character", "a\0b"],
    ["NaN in JSON", { a: Number.NaN }],
    [
      "a circle",
      (() => {
        const circle: { self?: unknown } = {};
        circle.self = circle;
        return circle;
      })(),
    ],
  ])("refuses %s as a parameter, and says which", async (_name, value) => {
    await expect(db.query("SELECT $1, $2", ["fine", value])).rejects.toMatchObject({
      code: "INVALID_VALUE",
      message: expect.stringContaining("$2"),
    });
    expect(await one()).toBe(1);
  });

  test("of a name is prepared once", async () => {
    for (let n = 0; n < 3; n++)
      expect((await db.query("SELECT $1::int + 1 AS n", [n], { name: "plus one" })).rows).toEqual([
        { n: n + 1 },
      ]);
    const { rows } = await db.query(
      "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name = 'plus one'",
    );
    expect(rows).toEqual([{ n: 1 }]);
  });
});

describe("a statement that is stopped", () => {
  test("by its signal is cancelled in the server, and the next one is not", async () => {
    for (let round = 0; round < 5; round++) {
      const controller = new AbortController();
      const sleeping = db.query("SELECT pg_sleep(600)", [], { signal: controller.signal });
      setTimeout(() => controller.abort(), 10);
      await expect(sleeping).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await one()).toBe(1);
    }
  });

  test("when it is done already does no harm to the next", async () => {
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const quick = db.query("SELECT 1", [], { signal: controller.signal });
      setImmediate(() => controller.abort());
      const outcome = await quick.then(
        () => "done",
        (error: unknown) => Reflect.get(Object(error), "code"),
      );
      expect(["done", "CANCELLED"]).toContain(outcome);
      expect(await one()).toBe(1);
    }
  });

  test("before it began is not sent", async () => {
    await expect(db.query("SELECT 1", [], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  test("the time that the database allows a statement counts unless another is given", async () => {
    await using limited = await createTestDatabase();
    await using owner = await openPostgres({ url: limited.url });
    await owner.query(`ALTER DATABASE ${limited.name} SET statement_timeout = '50ms'`);
    await using hasty = await openPostgres({ url: limited.url });
    await expect(hasty.query("SELECT pg_sleep(20)")).rejects.toMatchObject({ code: "TIMEOUT" });
    await using patient = await openPostgres({ url: limited.url, statementTimeoutMs: 0 });
    expect(await patient.query("SELECT pg_sleep(0.2) IS NULL AS done")).toMatchObject({
      rowCount: 1,
    });
  });

  test("by its own time, by the time of its signal or of the pool says TIMEOUT", async () => {
    await expect(db.query("SELECT pg_sleep(600)", [], { timeoutMs: 20 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    await expect(
      db.query("SELECT pg_sleep(600)", [], { signal: AbortSignal.timeout(20) }),
    ).rejects.toMatchObject({ code: "TIMEOUT" });
    await using hasty = await openPostgres({ url: database.url, statementTimeoutMs: 30 });
    await expect(hasty.query("SELECT pg_sleep(600)")).rejects.toMatchObject({
      code: "TIMEOUT",
      sqlState: "57014",
    });
    await expect(
      db.transaction(async (tx) => await tx.query("SELECT pg_sleep(600)"), {
        statementTimeoutMs: 20,
      }),
    ).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await one()).toBe(1);
  });

  test("by an administrator says CANCELLED", async () => {
    await using other = await openPostgres({ url: database.url });
    const { rows } = await db.query("SELECT pg_backend_pid() AS pid");
    const sleeping = db.query("SELECT pg_sleep(600)");
    const cancel = async (): Promise<unknown> => {
      const found = await other.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep%' AND state = 'active'",
        [rows[0]?.["pid"]],
      );
      return found.rowCount;
    };
    const cancelling = (async () => {
      await expect.poll(cancel).toBe(1);
    })();
    await Promise.all([
      cancelling,
      expect(sleeping).rejects.toMatchObject({ code: "CANCELLED", sqlState: "57014" }),
    ]);
    expect(await one()).toBe(1);
  });

  test("while it waits for a lock ends the wait", async () => {
    await using other = await openPostgres({ url: database.url });
    await db.query("CREATE TABLE IF NOT EXISTS locked (id int)");
    await other.transaction(async (tx) => {
      await tx.query("LOCK TABLE locked");
      await expect(db.query("SELECT * FROM locked", [], { timeoutMs: 20 })).rejects.toMatchObject({
        code: "TIMEOUT",
      });
      await expect(db.query("SET lock_timeout = 10; SELECT * FROM locked")).rejects.toMatchObject({
        code: "TIMEOUT",
        sqlState: "55P03",
      });
    });
    await db.query("RESET lock_timeout");
  });

  test("on a session that is lent leaves the session to its borrower", async () => {
    await db.withConnection(async (connection) => {
      await connection.query("CREATE TEMPORARY TABLE kept (id int)");
      await expect(
        connection.query("SELECT pg_sleep(600)", [], { timeoutMs: 20 }),
      ).rejects.toMatchObject({ code: "TIMEOUT" });
      expect((await connection.query("SELECT * FROM kept")).rows).toEqual([]);
      const controller = new AbortController();
      const first = connection.query("SELECT pg_sleep(600)", [], { signal: controller.signal });
      const second = connection.query("SELECT 2 AS two");
      controller.abort();
      await expect(first).rejects.toMatchObject({ code: "CANCELLED" });
      expect((await second).rows).toEqual([{ two: 2 }]);
    });
  });

  test("by the signal of withConnection ends what the borrower does", async () => {
    const controller = new AbortController();
    const lent = db.withConnection(
      async (connection) => {
        setTimeout(() => controller.abort(), 20);
        await connection.query("SELECT pg_sleep(600)");
      },
      { signal: controller.signal },
    );
    await expect(lent).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await one()).toBe(1);
  });

  test("over a network that is gone is cut", async () => {
    const proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, poolSize: 1 });
    const sleeping = far.query("SELECT pg_sleep(600)");
    setTimeout(() => proxy.cut(), 20);
    await expect(sleeping).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      hint: expect.any(String),
    });
    await proxy[Symbol.asyncDispose]();
    await expect(
      far.query("SELECT 1", [], { signal: AbortSignal.timeout(100) }),
    ).rejects.toMatchObject({ code: "TIMEOUT" });
  });
});
