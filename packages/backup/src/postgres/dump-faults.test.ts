import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, startTcpProxy, type TestDatabase } from "@ctb-data/postgres/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryParts } from "../../testing/rows-memory-parts.ts";
import { BackupError } from "../backup-error.ts";
import { compareTable } from "./compare-table.ts";
import { openPostgresSnapshot, type PostgresSnapshotOptions } from "./open-postgres-snapshot.ts";
import { restoreRows } from "./restore-rows.ts";

let database: TestDatabase;
let app: Postgres;
const rows = 200_000;

beforeEach(async () => {
  database = await createTestDatabase();
  app = await openPostgres({ url: database.url });
  await app.query("CREATE TABLE large (n int, label text)");
  await app.query("CREATE TABLE small AS SELECT 1 AS n");
  await app.query(
    `INSERT INTO large SELECT n, repeat('x', 150 + n % 100) FROM generate_series(1, ${rows}) AS n`,
  );
});
afterEach(async () => {
  await app.close();
  await database.drop();
});

/** Backs up with a sink that calls `fault` after about so many bytes of the large table. */
async function dumpWith(
  url: string,
  fault: () => Promise<unknown> | void,
  { after = 1_000_000, ...options }: Partial<PostgresSnapshotOptions> & { readonly after?: number } = {}, // prettier-ignore
): Promise<{
  readonly finished: readonly string[];
  readonly aborted: readonly string[];
  readonly error: unknown;
}> {
  await using db = await openPostgres({ url, connectRetries: 0 });
  let seen = 0;
  let done = false;
  const parts = memoryParts(async (name, bytes) => {
    if (name.includes("large")) seen += bytes;
    if (seen < after || done) return;
    done = true;
    await fault();
  });
  let error: unknown;
  try {
    await using snapshot = await openPostgresSnapshot({ postgres: db, parts, ...options });
    await snapshot.dumpRows();
  } catch (failure) {
    error = failure;
  }
  return { finished: [...parts.finished.keys()], aborted: parts.aborted, error };
}

async function sessionsOfBackup(): Promise<
  readonly { readonly pid: number; readonly reads: boolean }[]
> {
  const { rows: found } = await app.query<{ pid: number; reads: boolean }>(
    `SELECT pid, query LIKE 'COPY%' AND state = 'active' AS reads FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL ORDER BY xact_start`,
  );
  return found;
}

describe("a server that goes away while rows are read", () => {
  test.each([1_000_000, 4_000_000, 9_000_000])(
    "fails when the session that reads is ended after %i bytes",
    async (after) => {
      const { error, finished, aborted } = await dumpWith(
        database.url,
        async () => {
          for (const { pid, reads } of await sessionsOfBackup())
            if (reads) await app.query("SELECT pg_terminate_backend($1, 5000)", [pid]);
        },
        { after },
      );
      expect(error).toMatchObject({ code: "DATABASE_FAILED", table: "public.large" });
      expect(finished.filter((name) => name.includes("large"))).toEqual([]);
      expect(aborted).toEqual(["postgres/data/public.large/0000.copy"]);
    },
  );

  test("fails when only the session that holds the snapshot is ended", async () => {
    const { error } = await dumpWith(database.url, async () => {
      const lead = (await sessionsOfBackup()).find(({ reads }) => !reads);
      await app.query("SELECT pg_terminate_backend($1, 5000)", [lead?.pid]);
    }, { jobs: 1 }); // prettier-ignore
    expect(error).toMatchObject({ code: "DATABASE_FAILED" });
    expect(error).toMatchObject({ message: expect.stringContaining("Keeping the snapshot") });
  });

  test("fails when the network is cut, and leaves no session behind", async () => {
    await using proxy = await startTcpProxy(database.url);
    const { error, finished } = await dumpWith(proxy.url, () => proxy.cut());
    expect(error).toMatchObject({ code: "DATABASE_FAILED" });
    expect(finished.filter((name) => name.includes("large"))).toEqual([]);
    await app.query("TRUNCATE large");
  });

  test("gives the locks back when the storage fails, and throws that error", async () => {
    const full = new BackupError("STORAGE_FULL", "The disk is full.");
    const { error, aborted } = await dumpWith(database.url, async () => {
      await Promise.resolve();
      throw full;
    });
    expect(error).toBe(full);
    expect(aborted).toEqual(["postgres/data/public.large/0000.copy"]);
    await app.query("TRUNCATE large");
  });

  test("stops at the signal of the reading alone", async () => {
    await using db = await openPostgres({ url: database.url });
    const controller = new AbortController();
    const parts = memoryParts(async () => {
      controller.abort();
      await Promise.resolve();
    });
    await using snapshot = await openPostgresSnapshot({ postgres: db, parts });
    await expect(snapshot.dumpRows({ signal: controller.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(parts.finished.size).toBe(0);
  });

  test("stops at its signal", async () => {
    const controller = new AbortController();
    const { error, aborted } = await dumpWith(database.url, () => controller.abort(), {
      signal: controller.signal,
    });
    expect(error).toMatchObject({ code: "CANCELLED" });
    expect(aborted).toEqual(["postgres/data/public.large/0000.copy"]);
    await app.query("TRUNCATE large");
  });
});

describe("an extension's tables", () => {
  test("are read as far as the extension says, named otherwise, and do not stand in the way of a restore", async () => {
    await using target = await createTestDatabase();
    await using into = await openPostgres({ url: target.url });
    await using db = await openPostgres({ url: database.url });
    for (const pool of [app, into]) {
      for (const sql of [
        "CREATE TABLE marked (n int)",
        "INSERT INTO marked VALUES (1), (2)",
        "CREATE TABLE unmarked (n int)",
        "ALTER EXTENSION plpgsql ADD TABLE marked",
        "ALTER EXTENSION plpgsql ADD TABLE unmarked",
        "UPDATE pg_extension SET extconfig = ARRAY['marked'::regclass::oid], extcondition = ARRAY['WHERE n > 5'] WHERE extname = 'plpgsql'",
      ])
        await pool.query(sql);
    }
    await app.query("INSERT INTO marked VALUES (6), (7)");
    const parts = memoryParts();
    await using snapshot = await openPostgresSnapshot({ postgres: db, parts });
    const marked = (await snapshot.dumpRows()).filter(({ name }) => name.includes("marked"));
    expect(marked.map(({ name, rows: count }) => [name, count])).toEqual([["marked", 2]]);
    expect(snapshot.uncovered).toMatchObject([{ kind: "extension table rows", name: "public.unmarked" }]); // prettier-ignore
    const expected = [1, 2, 6, 7].map((n) => ({ n }));
    await restoreRows({ postgres: into, tables: marked, parts, mode: "empty" });
    expect((await into.query("SELECT * FROM marked ORDER BY n")).rows).toEqual(expected);
    await into.query("INSERT INTO marked VALUES (8)");
    await restoreRows({ postgres: into, tables: marked, parts, mode: "exact" });
    expect((await into.query("SELECT * FROM marked ORDER BY n")).rows).toEqual(expected);
  });
});

describe("rows that are written while they are read", () => {
  test("do not matter, in parts by pages either: each row once, as it was", async () => {
    await using target = await createTestDatabase();
    await using into = await openPostgres({ url: target.url });
    await using db = await openPostgres({ url: database.url });
    const parts = memoryParts();
    const before = (await app.query("SELECT md5(string_agg(large::text, ',' ORDER BY n)) FROM large")).rows; // prettier-ignore
    await using snapshot = await openPostgresSnapshot({
      postgres: db,
      parts,
      splitBytes: 1_000_000,
      jobs: 3,
    });
    const ended = new AbortController();
    const writing = (async () => {
      for (let round = 0; !ended.signal.aborted && round < 10; round++) {
        await app.query("UPDATE large SET label = label || 'y' WHERE n % 97 = $1", [round]);
        await app.query("DELETE FROM large WHERE n % 89 = $1", [round]);
        await app.query("INSERT INTO large SELECT -n, 'new' FROM generate_series(1, 500) AS n");
      }
    })();
    const tables = await snapshot.dumpRows();
    ended.abort();
    await writing;
    const large = tables.find(({ name }) => name === "large");
    expect(large?.rows).toBe(rows);
    expect(large?.parts.length).toBeGreaterThan(10);
    await into.query("CREATE TABLE large (n int, label text)");
    if (!large) throw new Error("no table");
    await restoreRows({ postgres: into, tables: [large], parts, mode: "empty", jobs: 3 });
    expect((await into.query("SELECT md5(string_agg(large::text, ',' ORDER BY n)) FROM large")).rows).toEqual(before); // prettier-ignore
    expect(await compareTable({ postgres: into, table: large, parts })).toMatchObject({
      equal: true,
    });
  });
});
