import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres, type Connection, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startLocalPostgres } from "../../testing/local-postgres.ts";
import { memoryParts } from "../../testing/rows-memory-parts.ts";
import { localServer } from "../../testing/schema-servers.ts";
import {
  openPostgresSnapshot,
  type PostgresSnapshot,
  type PostgresSnapshotOptions,
} from "./open-postgres-snapshot.ts";

let database: TestDatabase;
let db: Postgres;
/** Somebody else. */
let app: Postgres;

beforeEach(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url });
  app = await openPostgres({ url: database.url, applicationName: "the app" });
  await run(
    "CREATE TABLE users (id int PRIMARY KEY, name text)",
    "INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 1000) AS n",
    "CREATE TABLE orders (id int)",
    "INSERT INTO orders VALUES (1)",
    "CREATE VIEW names AS SELECT name FROM users",
    "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TYPE mood AS ENUM ('good')",
  );
});
afterEach(async () => {
  await db.close();
  await app.close();
  await database.drop();
});

async function run(...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await app.query(sql);
}

async function open(options: Partial<PostgresSnapshotOptions> = {}): Promise<PostgresSnapshot> {
  return await openPostgresSnapshot({ postgres: db, parts: memoryParts(), ...options });
}

/** Resolves when a session waits for a lock. */
async function untilWaiting(sessions = 1): Promise<void> {
  const sql =
    "SELECT count(DISTINCT pid)::int AS n FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
  for (;;) {
    const { rows } = await app.query<{ n: number }>(sql);
    if ((rows[0]?.n ?? 0) >= sessions) return;
    await sleep(10);
  }
}

async function countIn(connection: Connection, table: string): Promise<number> {
  const { rows } = await connection.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM public.${table}`,
  );
  return rows[0]?.n ?? 0;
}

describe("a snapshot", () => {
  test("is one moment for all of its sessions and for others that name it, whatever is written", async () => {
    await using snapshot = await open({ jobs: 2 });
    await run("INSERT INTO orders VALUES (2)", "DELETE FROM users WHERE id > 10", "UPDATE users SET name = 'x'"); // prettier-ignore
    const counts = await Promise.all(
      [0, 1].map(
        async () =>
          await snapshot.withSnapshotConnection(async (connection) => [
            await countIn(connection, "orders"),
            await countIn(connection, "users"),
          ]),
      ),
    );
    expect(counts).toEqual([[1, 1000], [1, 1000]]); // prettier-ignore
    await db.withConnection(async (connection) => {
      await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await connection.query(`SET TRANSACTION SNAPSHOT '${snapshot.id}'`);
      expect(await countIn(connection, "users")).toBe(1000);
      await connection.query("COMMIT");
    });
    const tables = await snapshot.dumpRows();
    expect(tables.map(({ name, rows }) => [name, rows])).toEqual([["orders", 1], ["users", 1000]]); // prettier-ignore
    expect(snapshot.takenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(snapshot.snapshot).toMatch(/^\d+:\d+:[\d,]*$/);
    expect(snapshot.lsn).toMatch(/^[\dA-F]+\/[\dA-F]+$/);
    expect(await snapshot.checkSchemaUnchanged()).toEqual({ warnings: [] });
  });

  test("is taken after its locks: a row that was committed while it waited for them is in it", async () => {
    const opening = app.withConnection(async (connection) => {
      await connection.query("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      const late = open({ lockTimeoutMs: 60_000 });
      await untilWaiting();
      await connection.query("INSERT INTO users VALUES (2000, 'late'); COMMIT");
      return await late;
    });
    await using snapshot = await opening;
    expect(await snapshot.withSnapshotConnection(async (connection) => await countIn(connection, "users"))).toBe(1001); // prettier-ignore
  });

  test("leaves nothing set in its sessions, and undoes what was set in those it lends", async () => {
    await using snapshot = await open({ jobs: 1 });
    await snapshot.withSnapshotConnection(async (connection) => {
      await connection.query("SET LOCAL search_path = public");
      await expect(connection.query("SELECT * FROM nowhere")).rejects.toThrow("nowhere");
    });
    await snapshot.withSnapshotConnection(async (connection) => {
      const { rows } = await connection.query("SHOW search_path");
      expect(rows).toEqual([{ search_path: '""' }]);
      expect(await countIn(connection, "users")).toBe(1000);
    });
    await snapshot.close();
    const { rows } = await db.query("SHOW search_path");
    expect(rows).toEqual([{ search_path: '"$user", public' }]);
    await run("TRUNCATE users");
  });

  test("makes do with a pool of 3, and refuses a smaller one", async () => {
    await using small = await openPostgres({ url: database.url, poolSize: 3 });
    await using snapshot = await open({ postgres: small, jobs: 8 });
    expect((await snapshot.dumpRows()).length).toBe(2);
    expect(await snapshot.checkSchemaUnchanged()).toEqual({ warnings: [] });
    await using tiny = await openPostgres({ url: database.url, poolSize: 2 });
    await expect(open({ postgres: tiny })).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  });

  test("outlives the database's time limits", async () => {
    const { rows: limits } = await app.query<{ name: string }>(
      "SELECT name FROM pg_settings WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'lock_timeout')",
    );
    for (const { name } of limits)
      await run(`ALTER DATABASE ${database.name} SET ${name} = '100ms'`);
    await using own = await openPostgres({ url: database.url });
    await using snapshot = await open({ postgres: own });
    await snapshot.withSnapshotConnection(async (connection) => {
      await connection.query("SELECT pg_sleep(0.3)");
    });
    expect((await snapshot.dumpRows()).length).toBe(2);
    expect(await snapshot.checkSchemaUnchanged()).toEqual({ warnings: [] });
  });
});

describe("what others do during the run", () => {
  test.each([
    "TRUNCATE users",
    "ALTER TABLE users ADD c int",
    "DROP TABLE users CASCADE",
    "VACUUM FULL users",
  ])("%s waits until the snapshot is closed, and the rows are all there", async (sql) => {
    await using snapshot = await open({ jobs: 2 });
    const done: string[] = [];
    const other = run(sql).then(() => done.push("other"));
    await untilWaiting();
    // The sessions that read are not behind the one that waits: they hold their locks already.
    const tables = await snapshot.dumpRows();
    expect(tables.map(({ rows }) => rows)).toEqual([1, 1000]);
    await snapshot.checkSchemaUnchanged();
    expect(done).toEqual([]);
    await snapshot.close();
    await other;
    expect(done).toEqual(["other"]);
  });

  test("never ends a migration for a deadlock: it is the backup that tries again", async () => {
    await run("CREATE TABLE a_first (n int)");
    const migration = app.withConnection(async (connection) => {
      await connection.query("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      const opening = open();
      await untilWaiting();
      // The backup has a_first and waits for users.
      await connection.query("ALTER TABLE a_first ADD m int; COMMIT");
      return await opening;
    });
    await using snapshot = await migration;
    expect((await snapshot.dumpRows()).map(({ columns }) => columns)).toContainEqual(["n", "m"]);
  });

  test("a table that stays locked is named, with who has it", async () => {
    await app.withConnection(async (connection) => {
      await connection.query("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      await expect(open({ lockTimeoutMs: 20, lockTries: 2 })).rejects.toMatchObject({
        code: "LOCK_TIMEOUT",
        table: "public.users",
        message: expect.stringContaining(`process ${connection.processId} (the app)`),
      });
      await connection.query("ROLLBACK");
    });
    // Nothing is left behind.
    await run("TRUNCATE users");
  });

  test.skipIf(localServer === undefined)(
    "a table that a prepared transaction keeps locked is named, though no process holds it",
    async () => {
      await using server = await startLocalPostgres(localServer ?? "");
      await using here = await openPostgres({ url: await server.createDatabase("prepared") });
      await here.withConnection(async (connection) => {
        for (const sql of ["CREATE TABLE users ()", "BEGIN", "LOCK TABLE users"])
          await connection.query(sql);
        await connection.query("PREPARE TRANSACTION 'forgotten'");
      });
      await expect(open({ postgres: here, lockTimeoutMs: 20, lockTries: 2 })).rejects.toMatchObject(
        {
          code: "LOCK_TIMEOUT",
          table: "public.users",
          message: expect.stringContaining("a prepared transaction"),
        },
      );
    },
  );

  test("a signal ends the waiting for locks, and leaves nothing behind", async () => {
    await app.withConnection(async (connection) => {
      await connection.query("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
      for (const lockTimeoutMs of [1, 60_000]) {
        const controller = new AbortController();
        const opening = open({ lockTimeoutMs, signal: controller.signal });
        if (lockTimeoutMs > 1) await untilWaiting();
        else await sleep(100);
        controller.abort();
        await expect(opening).rejects.toMatchObject({ code: "CANCELLED" });
      }
      await connection.query("ROLLBACK");
    });
    await run("TRUNCATE users");
  });

  test.each([
    ["a view", "CREATE OR REPLACE VIEW names AS SELECT upper(name) AS name FROM users", "names"],
    [
      "a function",
      "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'",
      "one",
    ],
    ["a type", "ALTER TYPE mood RENAME VALUE 'good' TO 'better'", "mood.good"],
    ["a dropped view", "DROP VIEW names", "names"],
    ["a dropped function", "DROP FUNCTION one", "one"],
    ["a schema", "ALTER SCHEMA other RENAME TO another", "other"],
    ["a sequence", "ALTER SEQUENCE counter INCREMENT 5", "counter"],
    ["a right", "GRANT SELECT ON names TO PUBLIC", "names"],
  ])("%s that is altered makes the backup fail", async (_name, sql, object) => {
    await run("CREATE SCHEMA other", "CREATE SEQUENCE counter");
    await using snapshot = await open();
    await snapshot.dumpRows();
    await run(sql);
    await expect(snapshot.checkSchemaUnchanged()).rejects.toMatchObject({
      code: "SCHEMA_CHANGED",
      message: expect.stringContaining(object),
    });
  });

  test("what is new is a warning that names it, and what changes no definition is nothing", async () => {
    await run("CREATE INDEX by_name ON users (name)", "ALTER TABLE users ADD CONSTRAINT u UNIQUE (name)"); // prettier-ignore
    await using snapshot = await open();
    await run(
      "ANALYZE",
      "VACUUM users",
      "REINDEX INDEX by_name",
      "REINDEX TABLE users",
      "CREATE TEMPORARY TABLE mine AS SELECT 1 AS n",
      "DROP FUNCTION one",
      "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    );
    expect(await snapshot.checkSchemaUnchanged()).toEqual({ warnings: [] });
    await run("CREATE TABLE fresh (n int)", "CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'"); // prettier-ignore
    const { warnings } = await snapshot.checkSchemaUnchanged();
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain("relation public.fresh");
    expect(warnings[0]).toContain("function public.two()");
  });
});

async function asUser<T>(fn: (user: Postgres) => Promise<T>): Promise<T> {
  const role = `${database.name}_user`;
  await run(
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`,
    `GRANT USAGE ON SCHEMA public TO ${role}`,
    `GRANT SELECT ON users TO ${role}`,
  );
  try {
    const url = new URL(database.url);
    url.username = role;
    url.password = "secret";
    await using user = await openPostgres({ url: url.href });
    return await fn(user);
  } finally {
    await run(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  }
}

describe("what is refused", () => {
  test("a table that may not be read, by its name, before anything is read", async () => {
    await asUser(async (user) => {
      await expect(open({ postgres: user })).rejects.toMatchObject({
        code: "DATABASE_FAILED",
        table: "public.orders",
        hint: expect.stringContaining("pg_read_all_data"),
      });
    });
  });

  test("rows that a policy hides: never fewer rows in silence", async () => {
    await run("ALTER TABLE users ENABLE ROW LEVEL SECURITY", "DROP TABLE orders");
    await asUser(async (user) => {
      await expect(open({ postgres: user })).rejects.toMatchObject({
        code: "DATABASE_FAILED",
        table: "public.users",
        message: expect.stringContaining("Row-level security"),
      });
    });
    await using snapshot = await open();
    expect((await snapshot.dumpRows())[0]?.rows).toBe(1000);
  });

  test("a pooler, with the host behind it", async () => {
    const pooled = Object.create(db, {
      description: { value: "ep-cool-1-pooler.eu.neon.tech:5432/main" },
    });
    await expect(open({ postgres: pooled })).rejects.toMatchObject({
      code: "POOLED_HOST",
      hint: expect.stringContaining("ep-cool-1.eu.neon.tech"),
    });
  });

  test("is said of what the archive will not have", async () => {
    await run("SELECT lo_from_bytea(0, 'abc')", "SELECT lo_from_bytea(0, 'abc')");
    await using snapshot = await open();
    expect(snapshot.uncovered).toEqual([
      { kind: "large objects", name: "2 large objects", why: expect.any(String) },
    ]);
  });
});
