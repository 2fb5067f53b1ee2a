import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { selfSigned, startTlsDoor } from "../testing/tls-door.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Connection, Postgres } from "./postgres.ts";

const rows = 300_000;
const all = "COPY numbers TO STDOUT";

let database: TestDatabase;
/** One connection: whatever keeps it is seen at once. */
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, poolSize: 1 });
  await db.query("CREATE TABLE numbers (n int, label text)");
  await db.query("CREATE TABLE copied (n int PRIMARY KEY, label text)");
  await db.query(
    `INSERT INTO numbers SELECT n, repeat('x', n % 100) FROM generate_series(1, ${rows}) AS n`,
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function textOf(connection: Connection, sql: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of connection.copyOut(sql)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function usable(pool: Postgres = db): Promise<void> {
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
}

describe("copyOut of a connection", () => {
  test("gives every byte and the number of rows, in large pieces, and the session goes on", async () => {
    await db.withConnection(async (connection) => {
      const expected = await connection.query<{ md5: string; bytes: number }>(
        "SELECT md5(string_agg(n || E'\\t' || label || E'\\n', '' ORDER BY n)), sum(length(n || label) + 2)::int AS bytes FROM numbers",
      );
      const copy = connection.copyOut("COPY (SELECT * FROM numbers ORDER BY n) TO STDOUT");
      const sizes: number[] = [];
      const chunks: Buffer[] = [];
      for await (const chunk of copy) {
        sizes.push(chunk.length);
        chunks.push(Buffer.from(chunk));
        if (sizes.length === 2) await sleep(20);
      }
      const md5 = createHash("md5").update(Buffer.concat(chunks)).digest("hex");
      expect({ md5, bytes: sizes.reduce((sum, size) => sum + size, 0) }).toEqual(expected.rows[0]);
      expect(sizes.slice(0, -1).every((size) => size >= 256 * 1024)).toBe(true);
      expect([copy.rows, copy.messages]).toEqual([rows, rows]);
      expect(await textOf(connection, "COPY (SELECT 1, NULL) TO STDOUT")).toBe("1\t\\N\n");
      expect(await textOf(connection, "COPY (SELECT 1 WHERE false) TO STDOUT")).toBe("");
    });
    await usable();
  });

  test("sees what its transaction has not committed", async () => {
    await db.withConnection(async (connection) => {
      await connection.query("BEGIN");
      await connection.query("CREATE TABLE mine AS SELECT 7 AS n");
      expect(await textOf(connection, "COPY mine TO STDOUT")).toBe("7\n");
      await connection.query("ROLLBACK");
    });
  });

  test("of a row that is longer than any buffer gives it whole", async () => {
    await db.withConnection(async (connection) => {
      let bytes = 0;
      const copy = connection.copyOut("COPY (SELECT repeat('é', 20000000), 1) TO STDOUT");
      for await (const chunk of copy) bytes += chunk.length;
      expect(bytes).toBe(40_000_000 + 3);
      expect([copy.rows, copy.messages]).toEqual([1, 1]);
    });
  });

  test("lets notices through that come between the rows", async () => {
    await db.withConnection(async (connection) => {
      await connection.query(
        "CREATE FUNCTION pg_temp.say(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', repeat(n::text, 2000); RETURN n; END'",
      );
      const notices: string[] = [];
      connection.onNotice((notice) => notices.push(notice.message));
      const sql = "COPY (SELECT pg_temp.say(n) FROM generate_series(1, 9) AS n) TO STDOUT";
      expect(await textOf(connection, sql)).toBe("1\n2\n3\n4\n5\n6\n7\n8\n9\n");
      expect(notices).toEqual(Array.from({ length: 9 }, (_, n) => `${n + 1}`.repeat(2000)));
    });
  });

  test("that is left early stops the server, and the next one gets a session that works", async () => {
    await db.withConnection(async (connection) => {
      for await (const chunk of connection.copyOut(all)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect((await connection.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
      const copy = connection.copyOut(all);
      for await (const chunk of copy) if (chunk.length > 0) break;
      expect(copy.messages).toBeLessThan(rows);
    });
    await usable();
  });

  test("ends with its signal, even when the server sends nothing", async () => {
    await db.withConnection(async (connection) => {
      const controller = new AbortController();
      const reading = (async () => {
        for await (const chunk of connection.copyOut(all, { signal: controller.signal }))
          if (chunk.length > 0) controller.abort();
      })();
      await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
      const asleep = (async () => {
        const signal = AbortSignal.timeout(50);
        for await (const chunk of connection.copyOut("COPY (SELECT pg_sleep(600)) TO STDOUT", {
          signal,
        }))
          // prettier-ignore
          expect(chunk.length).toBe(0);
      })();
      await expect(asleep).rejects.toMatchObject({ code: "TIMEOUT" });
      expect((await connection.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
    });
    await usable();
  });

  test.each([
    ["a query without COPY", "SELECT n FROM numbers LIMIT 2", { code: "INVALID_OPTIONS" }],
    ["a COPY into the table", "COPY numbers FROM STDIN", { sqlState: "57014" }],
    ["two statements", `${all}; COPY (SELECT 1) TO STDOUT`, { code: "INVALID_OPTIONS" }],
    ["an unknown table", "COPY nowhere TO STDOUT", { code: "UNKNOWN_OBJECT" }],
    [
      "an error behind rows",
      "COPY (SELECT 1 / (50000 - n) FROM numbers ORDER BY n) TO STDOUT",
      { sqlState: "22012" },
    ],
  ])("throws for %s, and the session goes on", async (_name, sql, error) => {
    await db.withConnection(async (connection) => {
      await expect(textOf(connection, sql)).rejects.toMatchObject(error);
      expect((await connection.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
    });
    await usable();
  });

  test("is the same over TLS, in both directions", async () => {
    const certificate = selfSigned(["localhost", "127.0.0.1"]);
    await using door = await startTlsDoor(database.url, certificate);
    const url = new URL(database.url);
    url.hostname = "127.0.0.1";
    url.port = String(door.port);
    await using secure = await openPostgres({ url: url.href, ssl: { ca: certificate.cert }, poolSize: 2 }); // prettier-ignore
    await secure.withConnection(async (connection) => {
      await connection.query("BEGIN");
      const { rows: sent } = await secure.withConnection(
        async (from) => await connection.copyIn("COPY copied FROM STDIN", from.copyOut(all)),
      );
      expect(sent).toBe(rows);
      const different = "SELECT count(*)::int AS n FROM (TABLE copied EXCEPT TABLE numbers) AS more"; // prettier-ignore
      expect((await connection.query(different)).rows).toEqual([{ n: 0 }]);
      for await (const chunk of connection.copyOut(all)) if (chunk.length > 0) break;
      await connection.query("ROLLBACK");
    });
    await usable(secure);
  });

  test("never takes a lost connection for the end", async () => {
    await using other = await openPostgres({ url: database.url });
    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, poolSize: 1 });
    const losses: readonly ((pid: number) => Promise<unknown> | void)[] = [
      async (pid) => await other.query("SELECT pg_terminate_backend($1, 5000)", [pid]),
      () => proxy.cut(),
    ];
    for (const lose of losses) {
      const lost = far.withConnection(async (connection) => {
        let seen = 0;
        for await (const chunk of connection.copyOut(all)) {
          if ((seen += chunk.length) > 600_000) await lose(connection.processId);
        }
      });
      await expect(lost).rejects.toMatchObject({ code: "CONNECTION_LOST" });
      await usable(far);
    }
  });
});

describe("copyIn of a connection", () => {
  test("writes what copyOut read, inside of the transaction, and says how many rows", async () => {
    await using other = await openPostgres({ url: database.url, poolSize: 1 });
    await db.withConnection(async (connection) => {
      await connection.query("BEGIN; TRUNCATE copied");
      const copied = await other.withConnection(
        async (from) => await connection.copyIn("COPY copied FROM STDIN", from.copyOut(all)),
      );
      expect(copied).toEqual({ rows });
      const { rows: differences } = await connection.query(
        "SELECT * FROM (TABLE copied EXCEPT TABLE numbers) AS more",
      );
      expect(differences).toEqual([]);
      await connection.query("ROLLBACK");
      expect(await textOf(connection, "COPY copied TO STDOUT")).toBe("");
    });
  });

  test("takes a row of 40 MB, rows cut anywhere, and none at all", async () => {
    await db.withConnection(async (connection) => {
      await connection.query("BEGIN");
      const big = "y".repeat(40_000_000);
      const chunks = chunksOf("1\t", big, "\n2", "\tz\n", "");
      expect(await connection.copyIn("COPY copied FROM STDIN", chunks)).toEqual({ rows: 2 });
      expect(await connection.copyIn("COPY copied FROM STDIN", chunksOf())).toEqual({ rows: 0 });
      const { rows: lengths } = await connection.query("SELECT n, length(label) FROM copied");
      expect(lengths).toEqual([
        { n: 1, length: 40_000_000 },
        { n: 2, length: 1 },
      ]);
      await connection.query("ROLLBACK");
    });
  });

  test.each([
    ["a row of the wrong shape", "COPY copied FROM STDIN", { sqlState: "22P02" }],
    ["an unknown table", "COPY nowhere FROM STDIN", { code: "UNKNOWN_OBJECT" }],
    ["a query", "SELECT 1", { code: "INVALID_OPTIONS" }],
  ])("throws for %s, writes nothing, and the session goes on", async (_name, sql, error) => {
    const endless = (async function* () {
      yield Buffer.from("1\ta\nx\tb\n");
      for (;;) yield Buffer.from("2\ta\n".repeat(100_000));
    })();
    await db.withConnection(async (connection) => {
      await expect(connection.copyIn(sql, endless)).rejects.toMatchObject(error);
      expect(await textOf(connection, "COPY copied TO STDOUT")).toBe("");
    });
    await usable();
  });

  test("throws what its source throws, or that the signal ended it, and nothing is written", async () => {
    await db.withConnection(async (connection) => {
      const failing = (async function* () {
        yield Buffer.from("1\ta\n");
        throw new Error("mine");
      })();
      await expect(connection.copyIn("COPY copied FROM STDIN", failing)).rejects.toThrow("mine");
      let tellClosed: (() => void) | undefined;
      const closed = new Promise<void>((resolve) => {
        tellClosed = resolve;
      });
      const controller = new AbortController();
      const hanging = (async function* () {
        try {
          yield Buffer.from("1\ta\n");
          controller.abort();
          await sleep(300);
        } finally {
          tellClosed?.();
        }
      })();
      const { signal } = controller;
      await expect(
        connection.copyIn("COPY copied FROM STDIN", hanging, { signal }),
      ).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await textOf(connection, "COPY copied TO STDOUT")).toBe("");
      await closed;
    });
    await usable();
  });

  test("over a connection that breaks says so", async () => {
    await using proxy = await startTcpProxy(database.url);
    await using far = await openPostgres({ url: proxy.url, poolSize: 1 });
    const breaking = (async function* () {
      for (let n = 0; ; n++) {
        yield Buffer.from(`${n}\t${"a".repeat(100_000)}\n`);
        if (n === 50) proxy.cut();
      }
    })();
    await expect(
      far.withConnection(async (connection) => await connection.copyIn("COPY copied FROM STDIN", breaking)), // prettier-ignore
    ).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await usable(far);
    expect((await db.query("SELECT count(*)::int AS n FROM copied")).rows).toEqual([{ n: 0 }]);
  });
});
