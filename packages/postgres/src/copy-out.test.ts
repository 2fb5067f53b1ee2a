import { text } from "node:stream/consumers";
import { parseRegistry } from "@ctb-data/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";
import type { DataAccess, Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";

const wide = Array.from({ length: 1600 }, (_, index) => `c${index}`);
const registry = parseRegistry(
  JSON.stringify({
    tables: {
      numbers: { columns: [{ name: "n", type: "integer" }, { name: "label", type: "text" }] }, // prettier-ignore
      wide: { columns: wide.map((name) => ({ name, type: "smallint" })) },
    },
  }),
);
const rows = 300_000;

let database: TestDatabase;
/** One connection: whatever keeps it is seen at once. */
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, registry, poolSize: 1 });
  await db.query(schemaSql(registry));
  await db.query(
    `INSERT INTO numbers SELECT n, repeat('x', 50) FROM generate_series(1, ${rows}) AS n`,
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function all(source: AsyncIterable<object>): Promise<readonly object[]> {
  const list: object[] = [];
  for await (const row of source) list.push(row);
  return list;
}

async function usable(access: DataAccess = db): Promise<void> {
  expect((await access.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
}

describe("copyOut", () => {
  test("gives every row once, in the order of its query, and tells its progress", async () => {
    let sum = 0;
    let told = 0;
    for await (const row of db.copyOut<{ n: number }>("numbers", {
      columns: ["n"],
      onProgress: (progress) => (told = progress.rows),
    }))
      sum += row.n;
    expect(sum).toBe((rows * (rows + 1)) / 2);
    expect(told).toBe(rows);
    const query = "SELECT n FROM numbers ORDER BY n DESC LIMIT 3; ";
    expect(await all(db.copyOut({ query }))).toEqual([
      { n: rows },
      { n: rows - 1 },
      { n: rows - 2 },
    ]);
  });

  test("of no rows, no columns and 1,600 columns is what it is", async () => {
    expect(await all(db.copyOut("wide"))).toEqual([]);
    const row = Object.fromEntries(
      wide.map((name, index) => [name, index % 7 === 0 ? null : index]),
    );
    await db.copyIn("wide", [row, row]);
    expect(await all(db.copyOut("wide"))).toEqual([row, row]);
    expect(await db.table("wide").find()).toEqual([row, row]);
    expect(await db.table("wide").insert([row])).toEqual([row]);
    expect(await all(db.copyOut({ query: "SELECT FROM generate_series(1, 3)" }))).toEqual([
      {},
      {},
      {},
    ]);
    expect(await all(db.copyOut({ query: "SELECT '' AS a, NULL AS b, '\\N' AS c" }))).toEqual([
      { a: "", b: null, c: "\\N" },
    ]);
  });

  test("gives its connection back when the loop ends early, without reading the rest", async () => {
    for (let round = 0; round < 3; round++) {
      for await (const row of db.copyOut("numbers")) {
        expect(row).toEqual({ n: 1, label: "x".repeat(50) });
        break;
      }
      await usable();
    }
    const failing = (async () => {
      for await (const row of db.copyOut("numbers"))
        throw new Error(`mine ${Object.keys(row).length}`);
    })();
    await expect(failing).rejects.toThrow("mine 2");
    await usable();
  });

  test("that ends early in a transaction leaves the transaction usable", async () => {
    await db.transaction(async (tx) => {
      await tx.query("CREATE TEMPORARY TABLE kept (n int)");
      for await (const row of tx.copyOut("numbers")) if (Reflect.get(row, "n") === 2) break;
      await tx.query("INSERT INTO kept VALUES (1)");
      expect(await all(tx.copyOut({ query: "SELECT * FROM kept" }))).toEqual([{ n: 1 }]);
    });
    await usable();
  });

  test("does not let the server send ahead of its reader", async () => {
    let bytes = 0;
    let seen = 0;
    for await (const row of db.copyOut("numbers", {
      onProgress: (progress) => (bytes = progress.bytes),
    })) {
      seen += Object.keys(row).length / 2;
      if (seen % 10_000 === 0) await new Promise((resolve) => void setTimeout(resolve, 1));
      // A chunk is counted when all of its rows were taken.
      expect(bytes).toBeLessThanOrEqual(seen * 58);
    }
    expect(seen).toBe(rows);
  });

  test.each<[string, string, object]>([
    ["an error of the query", "SELECT * FROM nowhere", { code: "UNKNOWN_OBJECT" }],
    [
      "an error in the middle",
      "SELECT 1 / (50000 - n) AS x FROM numbers ORDER BY n",
      { sqlState: "22012" },
    ],
    ["a second statement", "SELECT 1); DELETE FROM numbers; SELECT (1", { code: "SYNTAX_ERROR" }],
    ["a statement without rows", "DELETE FROM numbers", { code: "SYNTAX_ERROR" }],
  ])("throws %s, and gives its connection back", async (_name, query, error) => {
    await expect(all(db.copyOut({ query }))).rejects.toMatchObject(error);
    await usable();
    expect((await db.query("SELECT count(*)::int AS n FROM numbers")).rows).toEqual([{ n: rows }]);
  });

  test("of an unknown table or column says so", async () => {
    expect(() => db.table("nope")).toThrow(expect.objectContaining({ code: "UNKNOWN_OBJECT" }));
    await expect(all(db.copyOut("nope"))).rejects.toMatchObject({ code: "UNKNOWN_OBJECT" });
    await expect(all(db.copyOut("numbers", { columns: ["m"] }))).rejects.toMatchObject({
      code: "UNKNOWN_OBJECT",
      columns: ["m"],
    });
    await usable();
  });

  test("ends with its signal", async () => {
    const controller = new AbortController();
    let seen = 0;
    const reading = (async () => {
      for await (const row of db.copyOut("numbers", { signal: controller.signal })) {
        seen += Object.keys(row).length / 2;
        if (seen === 10) controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
    expect(seen).toBeLessThan(rows);
    await usable();
    const slow = all(
      db.copyOut({ query: "SELECT pg_sleep(600)" }, { signal: AbortSignal.timeout(50) }),
    );
    await expect(slow).rejects.toMatchObject({ code: "TIMEOUT" });
    await usable();
  });

  test("of a server process that is ended, or a connection that is cut, fails, and the program goes on", async () => {
    await using other = await openPostgres({ url: database.url });
    const { rows: pids } = await db.query("SELECT pg_backend_pid() AS pid");
    const terminated = (async () => {
      let seen = 0;
      for await (const row of db.copyOut("numbers"))
        if (row && (seen += 1) === 1)
          await other.query("SELECT pg_terminate_backend($1, 5000)", [pids[0]?.["pid"]]);
    })();
    await expect(terminated).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await usable();

    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, registry, poolSize: 1 });
    const cut = (async () => {
      for await (const row of far.copyOut("numbers")) if (row) proxy.cut();
    })();
    await expect(cut).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await usable(far);
  });
});

describe("copyOutStream", () => {
  test("gives the text of COPY as it is", async () => {
    const sql = "COPY (SELECT n, NULL FROM numbers ORDER BY n LIMIT 2) TO STDOUT";
    expect(await text(await db.copyOutStream(sql))).toBe("1\t\\N\n2\t\\N\n");
    await usable();
  });

  test("that is destroyed early, fails or is aborted gives its connection back", async () => {
    const stream = await db.copyOutStream("COPY numbers TO STDOUT");
    await new Promise((resolve) => void stream.once("data", resolve));
    stream.destroy();
    await usable();
    await expect(text(await db.copyOutStream("COPY nowhere TO STDOUT"))).rejects.toMatchObject({
      code: "UNKNOWN_OBJECT",
    });
    await usable();
    const unread = await db.copyOutStream("COPY numbers TO STDOUT");
    unread.destroy();
    await usable();
    const controller = new AbortController();
    const aborted = await db.copyOutStream("COPY numbers TO STDOUT", { signal: controller.signal });
    await new Promise((resolve) => void aborted.once("data", resolve));
    controller.abort();
    await expect(text(aborted)).rejects.toMatchObject({ code: "CANCELLED" });
    await usable();
  });
});
