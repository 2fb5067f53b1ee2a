import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { runnerProcess } from "../testing/runner-process.ts";
import {
  catalogOf,
  errorOf,
  historyOf,
  testMigrations,
  valueOf,
} from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import type { MigrationError } from "./migration-error.ts";
import { migrationLock } from "./migration-lock.ts";
import { migrationStatus } from "./migration-status.ts";
import type { MigrationEvent, UpOptions } from "./run-options.ts";

const files = {
  "001_a.sql": "CREATE TABLE a (x int); INSERT INTO a VALUES (1); SELECT pg_sleep(0.05);",
  "002_b.sql":
    "-- Transaction: none\nINSERT INTO a VALUES (2);\nCREATE INDEX CONCURRENTLY i ON a (x);\nVACUUM a;",
  "003_c.sql": "INSERT INTO a VALUES (3);",
};
const everythingOnce = [
  "1 up applied 3/3",
  "2 up running 0/3",
  "2 up running 1/3",
  "2 up running 2/3",
  "2 up applied 3/3",
  "3 up applied 1/1",
];

/** Starts a run that will fail, and waits until its first file runs. */
async function startedRun(
  db: Postgres,
  options: UpOptions,
): Promise<{ readonly error: Promise<MigrationError> }> {
  return await new Promise((resolve) => {
    const error = errorOf(migrateUp(db, { ...options, onProgress: () => resolve({ error }) }));
  });
}

test("ten runners at once on a fresh database do everything once, and all of them succeed", async () => {
  await using at = await testMigrations(files);
  const runners = await Promise.all(
    Array.from({ length: 10 }, async () => {
      await using db = await openPostgres({ url: at.url, poolSize: 1 });
      return await migrateUp(db, { dir: at.dir });
    }),
  );
  expect(runners.flatMap((result) => result.migrations)).toHaveLength(3);
  expect(await historyOf(at.db)).toEqual(everythingOnce);
  expect(await valueOf(at.db, "SELECT string_agg(x::text, ',' ORDER BY x) FROM a")).toBe("1,2,3");
});

test("so do runners that are processes of their own", async () => {
  await using at = await testMigrations(files);
  const outcomes = await Promise.all(
    Array.from({ length: 4 }, async () => await runnerProcess(at)),
  );
  expect(outcomes.map(({ finished, stderr }) => finished || stderr)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(await historyOf(at.db)).toEqual(everythingOnce);
});

test("who waits too long is told who holds the lock, and status and migrationLock tell it too", async () => {
  await using at = await testMigrations({ "001_a.sql": "SELECT pg_sleep(60)" });
  await using holder = await openPostgres({ url: at.url, applicationName: "deploy 42" });
  const stop = new AbortController();
  const holding = await startedRun(holder, { dir: at.dir, signal: stop.signal });
  const events: MigrationEvent[] = [];
  const error = await errorOf(
    migrateUp(at.db, { dir: at.dir, lockWaitMs: 100, onProgress: (event) => events.push(event) }),
  );
  const lock = await migrationLock(at.db);
  expect(lock).toMatchObject({ application: "deploy 42", activity: "active" });
  expect(error.code).toBe("LOCKED");
  expect(error.message).toContain(`process ${lock?.pid} (deploy 42, user `);
  expect(error.message).toContain(`since ${lock?.since}`);
  expect(error.hint).toContain(`pg_terminate_backend(${lock?.pid})`);
  expect(events).toMatchObject([{ kind: "waiting", holder: { application: "deploy 42" } }]);
  expect((await migrationStatus(at.db, at)).lock).toEqual(lock);
  stop.abort();
  expect((await holding.error).code).toBe("CANCELLED");
  expect(await migrationLock(at.db)).toBeUndefined();
});

test("a signal ends the waiting, and nothing was touched", async () => {
  await using at = await testMigrations({ "001_a.sql": "SELECT pg_sleep(60)" });
  await using holder = await openPostgres({ url: at.url });
  const stop = new AbortController();
  const holding = await startedRun(holder, { dir: at.dir, signal: stop.signal });
  const giveUp = new AbortController();
  const waiting = errorOf(
    migrateUp(at.db, { dir: at.dir, signal: giveUp.signal, onProgress: () => giveUp.abort() }),
  );
  expect((await waiting).code).toBe("CANCELLED");
  stop.abort();
  await holding.error;
  expect(await historyOf(at.db)).toEqual([]);
});

test("a waiting runner does not keep CREATE INDEX CONCURRENTLY waiting", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a (x int);",
    "002_i.sql":
      "-- Transaction: none\nSELECT pg_sleep(0.3);\nCREATE INDEX CONCURRENTLY i ON a (x);",
  });
  await using other = await openPostgres({ url: at.url });
  await Promise.all([migrateUp(at.db, { dir: at.dir }), migrateUp(other, { dir: at.dir })]);
  expect(await catalogOf(at.db)).toContain("CREATE INDEX i ON public.a USING btree (x)");
});

test("a lock in one database is none in another", async () => {
  await using one = await testMigrations({ "001_a.sql": "SELECT pg_sleep(60)" });
  await using two = await testMigrations({ "001_a.sql": "SELECT 1" });
  const stop = new AbortController();
  const holding = await startedRun(one.db, { dir: one.dir, signal: stop.signal });
  expect((await migrateUp(two.db, { dir: two.dir, lockWaitMs: 0 })).migrations).toHaveLength(1);
  expect(await migrationLock(two.db)).toBeUndefined();
  stop.abort();
  await holding.error;
});
