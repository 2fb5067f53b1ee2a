import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { cuttingProxy, type Verdict } from "../testing/cutting-proxy.ts";
import { errorOf, historyOf, testMigrations, valueOf } from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import { migrationLock } from "./migration-lock.ts";
import { retry } from "./retry.ts";
import { rollback } from "./rollback.ts";

/** Breaks the connection once, at the first chunk that has all the words in it. */
function once(verdict: Verdict, ...words: readonly string[]): (text: string) => Verdict {
  let done = false;
  return (text) => {
    if (done || !words.every((word) => text.includes(word))) return "forward";
    done = true;
    return verdict;
  };
}

const files = {
  "001_a.sql": "CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);",
  "002_b.sql": "CREATE TABLE b ();\nINSERT INTO a VALUES (2);",
  "002_b.down.sql": "DROP TABLE b;\nDELETE FROM a WHERE x = 2;",
  "003_c.sql": "INSERT INTO a VALUES (3);",
};

test("a COMMIT whose answer never came is found in the history, and the run goes on", async () => {
  await using at = await testMigrations(files);
  await using proxy = await cuttingProxy(at.url, once("forward and cut", "COMMIT", "'b'"));
  await using db = await openPostgres({ url: proxy.url });
  const result = await migrateUp(db, { dir: at.dir });
  expect(result.migrations.map((run) => run.version)).toEqual([1, 2, 3]);
  expect(await historyOf(at.db)).toEqual([
    "1 up applied 2/2",
    "2 up applied 2/2",
    "3 up applied 1/1",
  ]);
  expect(await valueOf(at.db, "SELECT string_agg(x::text, ',' ORDER BY x) FROM a")).toBe("1,2,3");
});

test("so is the COMMIT of a rollback", async () => {
  await using at = await testMigrations(files);
  await migrateUp(at.db, { dir: at.dir, to: 2 });
  await using proxy = await cuttingProxy(at.url, once("forward and cut", "COMMIT", "'down'"));
  await using db = await openPostgres({ url: proxy.url });
  const result = await rollback(db, { dir: at.dir });
  expect(result.migrations).toMatchObject([{ version: 2, schemaChanged: true }]);
  expect(await historyOf(at.db)).toEqual([
    "1 up applied 2/2",
    "2 up applied 2/2",
    "2 down rolled_back 2/2",
  ]);
});

test.each([
  ["before the COMMIT arrived", once("cut", "COMMIT", "'b'")],
  ["in the middle of the file", once("forward and cut", "INSERT INTO a VALUES (2)")],
])("a connection that breaks %s leaves nothing of the file, and says so", async (_name, judge) => {
  await using at = await testMigrations(files);
  await using proxy = await cuttingProxy(at.url, judge);
  await using db = await openPostgres({ url: proxy.url });
  const error = await errorOf(migrateUp(db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "CONNECTION_LOST", file: "002_b.sql", version: 2 });
  expect(error.message).toContain("nothing of it was done");
  expect(await historyOf(at.db)).toEqual(["1 up applied 2/2", "2 up failed 0/2"]);
  expect((await migrateUp(db, { dir: at.dir })).migrations).toHaveLength(2);
  expect(await valueOf(at.db, "SELECT string_agg(x::text, ',' ORDER BY x) FROM a")).toBe("1,2,3");
});

test("a connection that breaks in a file without a transaction says where, and retry goes on there", async () => {
  await using at = await testMigrations({
    "001_a.sql":
      "-- Transaction: none\nCREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\nCREATE INDEX CONCURRENTLY i ON a (x);\nINSERT INTO a VALUES (2);",
  });
  await using proxy = await cuttingProxy(
    at.url,
    once("forward and cut", "CREATE INDEX CONCURRENTLY"),
  );
  await using db = await openPostgres({ url: proxy.url });
  const error = await errorOf(migrateUp(db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "CONNECTION_LOST", statement: 3, statements: 4 });
  expect(error.hint).toContain("ctb-data migrate retry");
  await retry(db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT string_agg(x::text, ',' ORDER BY x) FROM a")).toBe("1,2");
  expect(
    await valueOf(at.db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"),
  ).toBe("true");
});

test("when the server cannot be asked again, the error says that nobody knows", async () => {
  await using at = await testMigrations(files);
  let closeDoor: (() => void) | undefined;
  const breaking = once("forward and cut", "COMMIT", "'b'");
  await using proxy = await cuttingProxy(at.url, (text) => {
    const verdict = breaking(text);
    if (verdict !== "forward") closeDoor?.();
    return verdict;
  });
  closeDoor = () => proxy.closeDoor();
  await using db = await openPostgres({ url: proxy.url, connectRetries: 1 });
  const error = await errorOf(migrateUp(db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "CONNECTION_LOST", file: "002_b.sql" });
  expect(error.message).toContain("could not be asked what became of it");
  expect(error.hint).toContain("ctb-data migrate status");
});

test("a connection that breaks while the lock is taken is made again", async () => {
  await using at = await testMigrations(files);
  await using proxy = await cuttingProxy(at.url, once("cut", "pg_try_advisory_lock"));
  await using db = await openPostgres({ url: proxy.url });
  expect((await migrateUp(db, { dir: at.dir })).migrations).toHaveLength(3);
});

test("a session that an administrator ends is a lost connection too", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a ();\nSELECT pg_sleep(60);",
  });
  await using db = await openPostgres({ url: at.url });
  const run = errorOf(
    migrateUp(db, {
      dir: at.dir,
      onProgress: ({ kind }) => {
        if (kind === "statement") void endRunner(at.db);
      },
    }),
  );
  expect(await run).toMatchObject({ code: "CONNECTION_LOST", file: "001_a.sql" });
  expect(await historyOf(at.db)).toEqual(["1 up failed 0/2"]);
});

async function endRunner(db: Postgres): Promise<void> {
  const holder = await migrationLock(db);
  await db.query(`SELECT pg_terminate_backend(${holder?.pid})`);
}
