import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Client } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";
import type { CopyProgress, Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";

const registry = parseRegistry(`
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(255), required: true }
      - { name: email, type: varchar(255), unique: true }
      - { name: created_at, type: timestamp, default: now() }
  numbers:
    columns:
      - { name: n, type: integer, nullable: false }
      - { name: half, type: numeric }
`);

let database: TestDatabase;
/** One connection: whatever keeps it is seen at once. */
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, registry, poolSize: 1 });
  await db.query(schemaSql(registry));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query("TRUNCATE clients, numbers RESTART IDENTITY");
});

async function count(table = "numbers"): Promise<unknown> {
  return (await db.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.["n"];
}

function* numbers(to: number, from = 1): Generator<{ n: number }, void> {
  for (let n = from; n <= to; n++) yield { n };
}

async function* later(): AsyncGenerator<object, void> {
  yield { name: "b" };
  await Promise.resolve();
  yield { name: "c" };
}
describe("copyIn", () => {
  test("gives defaults to columns that the first row leaves out, and takes rows from any source", async () => {
    expect(await db.copyIn(Client, [{ name: "a" }])).toEqual({ rows: 1 });
    expect(await db.copyIn("clients", later())).toEqual({ rows: 2 });
    expect(await db.copyIn(Client.model, new Set([{ name: "d" }]))).toEqual({ rows: 1 });
    const rows = await db.table(Client).find({}, { orderBy: { id: "asc" } });
    expect(rows.map(({ id, name, created_at }) => [id, name, typeof created_at])).toEqual(
      ["a", "b", "c", "d"].map((name, index) => [index + 1, name, "string"]),
    );
  });

  test("of no rows does nothing", async () => {
    expect(await db.copyIn("numbers", [])).toEqual({ rows: 0 });
    expect(await db.copyIn("numbers", (async function* () {})())).toEqual({ rows: 0 });
  });

  test("does not read its source ahead of the server", async () => {
    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, registry, poolSize: 1 });
    let read = 0;
    let ahead = 0;
    function* source(): Generator<object, void> {
      for (const row of numbers(1_000_000)) {
        read += 1;
        yield row;
      }
    }
    const { rows } = await far.copyIn("numbers", source(), {
      onProgress: (progress) => {
        ahead = Math.max(ahead, read - progress.rows);
      },
    });
    expect(rows).toBe(1_000_000);
    expect(ahead).toBeLessThanOrEqual(1);
    expect(await count()).toBe(1_000_000);
  });

  test("stops reading when the server does not take more", async () => {
    // Somebody else holds the table, so that the server takes nothing.
    await using other = await openPostgres({ url: database.url });
    let read = 0;
    await other.transaction(async (tx) => {
      await tx.query("LOCK TABLE numbers");
      const controller = new AbortController();
      const copying = db.copyIn(
        "numbers",
        (function* () {
          for (const row of numbers(50_000_000)) {
            read += 1;
            yield row;
          }
        })(),
        { signal: controller.signal },
      );
      await expect.poll(() => read).toBeGreaterThan(1000);
      let before = -1;
      await expect
        .poll(
          () => {
            const same = read === before;
            before = read;
            return same;
          },
          { interval: 200, timeout: 30_000 },
        )
        .toBe(true);
      // What the sockets of both sides hold, and not much more.
      expect(read).toBeLessThan(3_000_000);
      controller.abort();
      await expect(copying).rejects.toMatchObject({ code: "CANCELLED" });
    });
    expect(await count()).toBe(0);
  });

  test("tells its progress", async () => {
    const told: CopyProgress[] = [];
    await db.copyIn("numbers", numbers(100_000), {
      onProgress: (progress) => void told.push(progress),
    });
    expect(told.length).toBeGreaterThan(2);
    expect(told.at(-1)?.rows).toBe(100_000);
    expect(told.map(({ rows }) => rows)).toEqual(
      told.map(({ rows }) => rows).toSorted((a, b) => a - b),
    );
  });

  test.each<[string, object[], object]>([
    [
      "a value of another type",
      [{ n: 1 }, { n: "two" }],
      { code: "INVALID_VALUE", row: 2, columns: ["n"] },
    ],
    [
      "a missing value",
      [{ n: 1, half: "1" }, { n: 2 }],
      { code: "INVALID_VALUE", row: 2, columns: ["half"] },
    ],
    [
      "a column too many",
      [{ n: 1 }, { n: 2, half: "1" }],
      { code: "INVALID_VALUE", row: 2, columns: ["half"] },
    ],
    ["an unknown column", [{ n: 1, m: 2 }], { code: "UNKNOWN_OBJECT", columns: ["m"], row: 1 }],
    ["no column", [{}], { code: "INVALID_OPTIONS", row: 1 }],
    [
      "null where the server wants none",
      [{ n: 1 }, { n: null }],
      { code: "CONSTRAINT_VIOLATION", row: 2, columns: ["n"] },
    ],
    [
      "a number too large for the server",
      [{ n: 1 }, { n: 2 }, { n: 3_000_000_000 }],
      { code: "INVALID_VALUE", row: 3 },
    ],
  ])("names the row with %s, and keeps none", async (_name, rows, error) => {
    await expect(db.copyIn("numbers", rows)).rejects.toMatchObject({
      ...error,
      message: expect.stringMatching(/row|no column/i),
    });
    expect(await count()).toBe(0);
  });

  test("names the row that breaks a constraint among many", async () => {
    const rows = Array.from({ length: 50_000 }, (_, index) => ({
      name: "n",
      email: `${index % 49_990}`,
    }));
    await expect(db.copyIn("clients", rows)).rejects.toMatchObject({
      code: "CONSTRAINT_VIOLATION",
      constraint: "clients_email_key",
      columns: ["email"],
      row: 49_991,
    });
    expect(await count("clients")).toBe(0);
  });

  test("stops asking a source when the server refuses", async () => {
    let read = 0;
    let ended = false;
    function* endless(): Generator<object, void> {
      try {
        for (const row of numbers(100_000_000)) {
          read += 1;
          yield read === 10 ? { n: null } : row;
        }
      } finally {
        ended = true;
      }
    }
    await expect(db.copyIn("numbers", endless())).rejects.toMatchObject({ row: 10 });
    expect(ended).toBe(true);
    expect(read).toBeLessThan(10_000_000);
  });

  test.each([0, 1, 70_000])(
    "of a source that throws after %i rows throws the same, and keeps none",
    async (rows) => {
      const error = new Error("mine");
      async function* failing(): AsyncGenerator<object, void> {
        yield* numbers(rows);
        await Promise.resolve();
        throw error;
      }
      await expect(db.copyIn("numbers", failing())).rejects.toBe(error);
      expect(await count()).toBe(0);
    },
  );

  test("ends with its signal, even when the source never gives another row", async () => {
    const controller = new AbortController();
    let started: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => {
      started = resolve;
    });
    async function* hanging(): AsyncGenerator<object, void> {
      yield* numbers(70_000);
      started?.();
      await new Promise(() => undefined);
    }
    const copying = db.copyIn("numbers", hanging(), { signal: controller.signal });
    await waiting;
    controller.abort();
    await expect(copying).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await count()).toBe(0);
    await expect(
      db.copyIn("numbers", numbers(3), { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("of a server process that is ended fails, and the program goes on", async () => {
    await using other = await openPostgres({ url: database.url });
    const { rows } = await db.query("SELECT pg_backend_pid() AS pid");
    async function* source(): AsyncGenerator<object, void> {
      yield* numbers(70_000);
      await other.query("SELECT pg_terminate_backend($1, 5000)", [rows[0]?.["pid"]]);
      yield* numbers(500_000);
    }
    await expect(db.copyIn("numbers", source())).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    expect(await count()).toBe(0);
  });

  test("over a connection that is cut fails, and the program goes on", async () => {
    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, registry, poolSize: 1 });
    async function* source(): AsyncGenerator<object, void> {
      yield* numbers(70_000);
      await Promise.resolve();
      proxy.cut();
      yield* numbers(500_000);
    }
    await expect(far.copyIn("numbers", source())).rejects.toMatchObject({
      code: "CONNECTION_LOST",
    });
    expect((await far.query("SELECT count(*)::int AS n FROM numbers")).rows).toEqual([{ n: 0 }]);
  });

  test("in a transaction is part of it", async () => {
    await expect(
      db.transaction(async (tx) => {
        await tx.copyIn("numbers", numbers(10));
        expect((await tx.query("SELECT count(*)::int AS n FROM numbers")).rows).toEqual([
          { n: 10 },
        ]);
        await tx
          .transaction(async (inner) => await inner.copyIn("numbers", [{ n: "x" }]))
          .catch(() => undefined);
        expect((await tx.query("SELECT count(*)::int AS n FROM numbers")).rows).toEqual([
          { n: 10 },
        ]);
        throw new Error("mine");
      }),
    ).rejects.toThrow("mine");
    expect(await count()).toBe(0);
  });
});

describe("copyInStream", () => {
  test("takes the text of COPY as it is", async () => {
    const sql = "COPY numbers (n) FROM STDIN";
    await pipeline(Readable.from(["1\n2", "\n3\n"]), await db.copyInStream(sql));
    expect(await count()).toBe(3);
    await expect(
      pipeline(Readable.from(["4\nfive\n"]), await db.copyInStream(sql)),
    ).rejects.toMatchObject({
      code: "INVALID_VALUE",
      where: expect.stringContaining("line 2"),
    });
    await expect(
      pipeline(Readable.from(["4\n"]), await db.copyInStream("COPY nowhere FROM STDIN")),
    ).rejects.toMatchObject({
      code: "UNKNOWN_OBJECT",
    });
    expect(await count()).toBe(3);
  });

  test("that is destroyed or aborted keeps nothing, and gives its connection back", async () => {
    const stream = await db.copyInStream("COPY numbers (n) FROM STDIN");
    stream.write("1\n");
    stream.destroy();
    expect(await count()).toBe(0);
    const controller = new AbortController();
    const aborted = await db.copyInStream("COPY numbers (n) FROM STDIN", {
      signal: controller.signal,
    });
    const failed = new Promise((resolve) => void aborted.once("error", resolve));
    aborted.write("1\n");
    controller.abort();
    expect(await failed).toMatchObject({ code: "CANCELLED" });
    expect(await count()).toBe(0);
  });
});
