import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";

let database: TestDatabase;
/** Another pool, to look at the first from outside. */
let admin: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = await openPostgres({ url: database.url });
});
afterAll(async () => {
  await admin.close();
  await database.drop();
});

function urlWith(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return urlAt(server.address());
}

function urlAt(address: AddressInfo | string | null): string {
  return urlWith((url) => {
    url.hostname = "127.0.0.1";
    url.port = String(typeof address === "object" ? address?.port : 0);
  });
}

/** What a server says in place of anything else: an ErrorResponse. */
function fatal(sqlState: string, message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${message}\0\0`);
  const head = Buffer.from("E0000");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

async function terminate(processId: number): Promise<void> {
  await admin.query("SELECT pg_terminate_backend($1, 5000)", [processId]);
}

describe("connecting", () => {
  test("waits for a server that does not listen yet", async () => {
    const server = createServer();
    const url = await listening(server);
    const port = Number(new URL(url).port);
    server.close();
    await once(server, "close");
    const { hostname, port: real } = new URL(database.url);
    const door = createServer((near) => {
      const far = connect(Number(real), hostname);
      near.pipe(far).pipe(near);
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
    });
    const retries: unknown[] = [];
    const db = await openPostgres({
      url,
      onRetry: ({ attempt, error }) => {
        retries.push([attempt, Reflect.get(error, "code")]);
        if (attempt === 2) door.listen(port, "127.0.0.1");
      },
    });
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    expect(retries.slice(0, 2)).toEqual([[1, "CONNECTION_FAILED"], [2, "CONNECTION_FAILED"]]); // prettier-ignore
    await db.close();
    door.close();
  });

  test("waits for a server that is starting up, or has no free connection", async () => {
    const { hostname, port } = new URL(database.url);
    const answers = [
      fatal("57P03", "the database system is starting up"),
      fatal("53300", "sorry, too many clients already"),
    ];
    const server = createServer((near) => {
      near.on("error", () => near.destroy());
      const answer = answers.shift();
      if (answer) {
        near.once("data", () => near.end(answer));
        return;
      }
      const far = connect(Number(port), hostname);
      near.pipe(far).pipe(near);
    });
    const url = await listening(server);
    const states: unknown[] = [];
    const db = await openPostgres({
      url,
      onRetry: ({ error }) => void states.push(Reflect.get(error, "sqlState")),
    });
    expect(states).toEqual(["57P03", "53300"]);
    await db.close();
    server.close();
  });

  test("gives up after its tries, and says what to check", async () => {
    const server = createServer();
    const url = await listening(server);
    server.close();
    await once(server, "close");
    let retries = 0;
    await expect(
      openPostgres({ url, connectRetries: 2, onRetry: () => void (retries += 1) }),
    ).rejects.toMatchObject({
      code: "CONNECTION_FAILED",
      message: expect.stringContaining(new URL(url).host),
      hint: expect.stringContaining("port"),
    });
    expect(retries).toBe(2);
  });

  test.each<[string, (url: URL) => void, string]>([
    ["a wrong password", (url) => (url.password = "wrong"), "AUTHENTICATION_FAILED"],
    ["no password", (url) => (url.password = ""), "AUTHENTICATION_FAILED"],
    ["an unknown user", (url) => (url.username = "nobody at all"), "AUTHENTICATION_FAILED"],
    ["an unknown database", (url) => (url.pathname = "/nowhere"), "DATABASE_NOT_FOUND"],
    ["an unknown host", (url) => (url.host = "nowhere.invalid"), "CONNECTION_FAILED"],
    ["a server without TLS", (url) => url.searchParams.set("sslmode", "require"), "TLS_FAILED"],
  ])("does not try again for %s", async (_name, change, code) => {
    let retries = 0;
    const opening = openPostgres({ url: urlWith(change), onRetry: () => void (retries += 1) });
    await expect(opening).rejects.toMatchObject({ code, hint: expect.any(String) });
    expect(retries).toBe(0);
  });

  test("leaves no half-open connection when the password is missing", async () => {
    await using proxy = await startTcpProxy(urlWith((url) => (url.password = "")));
    await expect(openPostgres({ url: proxy.url })).rejects.toMatchObject({
      code: "AUTHENTICATION_FAILED",
    });
    await expect.poll(() => proxy.open).toBe(0);
  });

  test("to something that never answers ends after connectTimeoutMs", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined));
    const url = await listening(server);
    await expect(
      openPostgres({ url, connectTimeoutMs: 50, connectRetries: 1 }),
    ).rejects.toMatchObject({
      code: "CONNECTION_FAILED",
    });
    server.close();
  });

  test("to something that is no PostgreSQL is an error", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    const url = await listening(server);
    await expect(
      openPostgres({ url, connectTimeoutMs: 200, connectRetries: 0 }),
    ).rejects.toMatchObject({
      code: "CONNECTION_FAILED",
    });
    server.close();
  });

  test("ends with its signal", async () => {
    const server = createServer();
    const url = await listening(server);
    server.close();
    await once(server, "close");
    const controller = new AbortController();
    const opening = openPostgres({
      url,
      connectRetries: 1000,
      signal: controller.signal,
      onRetry: () => controller.abort(),
    });
    await expect(opening).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test.each([
    ["poolSize", { poolSize: 0 }],
    ["connectTimeoutMs", { connectTimeoutMs: -1 }],
    ["statementTimeoutMs", { statementTimeoutMs: 1.5 }],
    ["connectRetries", { connectRetries: Number.NaN }],
  ])("refuses a wrong %s before it connects", async (name, options) => {
    await expect(openPostgres({ url: database.url, ...options })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      message: expect.stringContaining(name),
    });
  });
});

describe("a session that the server ends", () => {
  test("during a query fails that query only", async () => {
    await using db = await openPostgres({ url: database.url, poolSize: 1 });
    const pid = Number((await db.query("SELECT pg_backend_pid() AS pid")).rows[0]?.["pid"]);
    const sleeping = db.query("SELECT pg_sleep(600)");
    await Promise.all([
      terminate(pid),
      expect(sleeping).rejects.toMatchObject({ code: "CONNECTION_LOST", sqlState: "57P01" }),
    ]);
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("while it lies in the pool is nobody's error", async () => {
    await using db = await openPostgres({ url: database.url, poolSize: 2 });
    const pids = await Promise.all(
      [1, 2].map(
        async () =>
          (await db.query("SELECT pg_backend_pid() AS pid, pg_sleep(0.05)")).rows[0]?.["pid"],
      ),
    );
    await Promise.all(pids.map(async (pid) => await terminate(Number(pid))));
    await expect.poll(async () => await db.health()).toMatchObject({ ok: true });
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("while it is lent fails its next query, and it is not given to anybody else", async () => {
    await using db = await openPostgres({ url: database.url, poolSize: 1 });
    const first = await db.withConnection(async (connection) => {
      await terminate(connection.processId);
      await expect(connection.query("SELECT 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
      await expect.poll(() => connection.lost).toBe(true);
      return connection.processId;
    });
    await db.withConnection(async ({ processId }) => {
      expect(processId).not.toBe(first);
      await Promise.resolve();
    });
  });

  test("that vanishes without a word is replaced", async () => {
    await using proxy = await startTcpProxy(database.url);
    await using db = await openPostgres({ url: proxy.url, poolSize: 3 });
    await Promise.all([1, 2, 3].map(async () => await db.query("SELECT pg_sleep(0.05)")));
    proxy.cut();
    await expect.poll(async () => await db.health()).toMatchObject({ ok: true, pool: { open: 1 } });
  });
});

describe("withConnection", () => {
  test("lends one session, and keeps what was set in it only when it goes back", async () => {
    await using db = await openPostgres({ url: database.url, poolSize: 1 });
    const first = await db.withConnection(async (connection) => {
      await connection.query("CREATE TEMPORARY TABLE mine (id int)");
      return connection.processId;
    });
    await db.withConnection(
      async (connection) => {
        expect(connection.processId).toBe(first);
        await connection.query("SELECT * FROM mine");
      },
      { destroy: true },
    );
    await expect(db.query("SELECT * FROM mine")).rejects.toMatchObject({ code: "UNKNOWN_OBJECT" });
  });

  test("hands notices to whoever listens, until the session goes back", async () => {
    const all: string[] = [];
    const own: string[] = [];
    await using db = await openPostgres({
      url: database.url,
      poolSize: 1,
      onNotice: ({ message }) => void all.push(message),
    });
    const say = "DO $$ BEGIN RAISE WARNING 'careful' USING HINT = 'slowly'; END $$";
    await db.withConnection(async (connection) => {
      connection.onNotice(
        (notice) => void own.push(`${notice.severity} ${notice.message} ${notice.hint ?? ""}`),
      );
      await connection.query(say);
    });
    await db.query(say);
    expect(all).toEqual(["careful", "careful"]);
    expect(own).toEqual(["WARNING careful slowly"]);
  });

  test("refuses a session that was given back", async () => {
    const kept = await admin.withConnection(
      async (connection) => await Promise.resolve(connection),
    );
    await expect(kept.query("SELECT 1")).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("a pool", () => {
  test("of which every connection is in use too long says so", async () => {
    await using db = await openPostgres({
      url: database.url,
      poolSize: 1,
      connectTimeoutMs: 1000,
      connectRetries: 0,
    });
    await db.withConnection(async () => {
      await expect(db.query("SELECT 1")).rejects.toMatchObject({
        code: "POOL_EXHAUSTED",
        hint: expect.stringContaining("DATABASE_POOL_SIZE"),
      });
    });
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("never has more connections than its size, and gives them out in turn", async () => {
    await using db = await openPostgres({
      url: database.url,
      poolSize: 3,
      applicationName: "ctb three",
    });
    const counts = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const { rows } = await db.query(
          "SELECT count(*)::int AS n, pg_sleep(0.005) FROM pg_stat_activity WHERE application_name = 'ctb three'",
        );
        return Number(rows[0]?.["n"]);
      }),
    );
    expect(Math.max(...counts)).toBe(3);
  });

  test("waits on close for what runs, and refuses new work", async () => {
    const db = await openPostgres({ url: database.url });
    const running = db.query("SELECT pg_sleep(0.2), 'done' AS state");
    const closing = db.close();
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "CLOSED" });
    expect((await running).rows[0]?.["state"]).toBe("done");
    await closing;
    await db.close();
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("cancels on close what takes too long, and leaves no session", async () => {
    const db = await openPostgres({ url: database.url, applicationName: "ctb closing" });
    const sleeping = db.query("SELECT pg_sleep(600)");
    await Promise.all([
      expect(sleeping).rejects.toMatchObject({ code: "CANCELLED" }),
      db.close({ graceMs: 20 }),
    ]);
    const left =
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'ctb closing'";
    await expect.poll(async () => (await admin.query(left)).rows).toEqual([{ n: 0 }]);
  });

  test("gives up on close to wait for a server that does not answer", async () => {
    await using proxy = await startTcpProxy(database.url);
    const db = await openPostgres({ url: proxy.url, poolSize: 1 });
    proxy.cutAt("\0user\0");
    proxy.cut();
    const waiting = db.query("SELECT 1");
    await Promise.all([
      expect(waiting).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:CLOSED|CONNECTION_LOST)$/),
      }),
      db.close({ graceMs: 300 }),
    ]);
  });

  test("cuts on close a session whose borrower never gives it back", async () => {
    const db = await openPostgres({ url: database.url });
    const kept = db.withConnection(async (connection) => {
      await connection.query("SELECT 1");
      await new Promise(() => undefined);
    });
    await db.close({ graceMs: 10 });
    await expect(Promise.race([kept, Promise.resolve("still waits")])).resolves.toBe("still waits");
  });

  test("gives a caller who waits for a connection back to his signal", async () => {
    await using db = await openPostgres({ url: database.url, poolSize: 1 });
    await db.withConnection(async () => {
      const waiting = db.query("SELECT 1", [], { signal: AbortSignal.timeout(20) });
      await expect(waiting).rejects.toMatchObject({ code: "TIMEOUT" });
    });
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});
