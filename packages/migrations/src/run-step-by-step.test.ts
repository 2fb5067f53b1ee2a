import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import {
  catalogOf,
  errorOf,
  historyOf,
  testMigrations,
  valueOf,
} from "../testing/test-migrations.ts";
import { migrateUp } from "./migrate-up.ts";
import { migrationStatus } from "./migration-status.ts";
import { retry } from "./retry.ts";
import { rollback } from "./rollback.ts";

const table = "CREATE TABLE a (x int, y int); INSERT INTO a VALUES (1, 1), (1, 2);";
const none = "-- Transaction: none\n";

test("one CONCURRENTLY and several in one file run, with a row of the history after each statement", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_one.sql": `${none}CREATE INDEX CONCURRENTLY a_x ON a (x)`,
    "003_more.sql": `${none}CREATE INDEX CONCURRENTLY a_y ON a (y); CREATE INDEX CONCURRENTLY ON a (x, y);\nREINDEX TABLE CONCURRENTLY a; DROP INDEX CONCURRENTLY a_x; VACUUM a;`,
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await historyOf(at.db)).toEqual([
    "1 up applied 2/2",
    "2 up running 0/1",
    "2 up applied 1/1",
    "3 up running 0/5",
    "3 up running 1/5",
    "3 up running 2/5",
    "3 up running 3/5",
    "3 up running 4/5",
    "3 up applied 5/5",
  ]);
  expect(await catalogOf(at.db)).toContain("CREATE INDEX a_x_y_idx ON public.a USING btree (x, y)");
});

test("a failed concurrent build leaves an invalid index, and retry drops it and goes on with that statement", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": `${none}CREATE TABLE log (at int);\nINSERT INTO log VALUES (1);\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);\nINSERT INTO log VALUES (2);`,
  });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({
    code: "STATEMENT_FAILED",
    sqlState: "23505",
    line: 4,
    statement: 3,
    statements: 4,
  });
  expect(error.hint).toContain("Statements 1 to 2 are done and stay");
  expect(await catalogOf(at.db)).toContain(
    "CREATE UNIQUE INDEX a_x ON public.a USING btree (x) INVALID",
  );
  expect((await migrationStatus(at.db, at)).migrations[1]).toMatchObject({
    state: "failed",
    done: 2,
    total: 4,
    direction: "up",
  });

  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "UNFINISHED",
    version: 2,
  });
  expect(await errorOf(retry(at.db, { dir: at.dir }))).toMatchObject({ sqlState: "23505" });
  await at.db.query("UPDATE a SET x = y");
  expect(await retry(at.db, { dir: at.dir })).toMatchObject({
    migrations: [{ version: 2, firstStatement: 3 }],
    pending: 0,
  });
  expect(await catalogOf(at.db)).toContain("CREATE UNIQUE INDEX a_x ON public.a USING btree (x)");
  expect(await valueOf(at.db, "SELECT string_agg(at::text, ',' ORDER BY at) FROM log")).toBe("1,2");
  expect(await retry(at.db, { dir: at.dir })).toMatchObject({ migrations: [] });
});

test("the failed statement may be corrected, and what its old text has left is dropped all the same", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": `${none}ANALYZE a; CREATE UNIQUE INDEX CONCURRENTLY wrong ON a (x);`,
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  await at.write(
    "002_i.sql",
    `${none}-- first\nANALYZE a; CREATE UNIQUE INDEX CONCURRENTLY good ON a (y);`,
  );
  await retry(at.db, { dir: at.dir });
  expect((await catalogOf(at.db)).filter((line) => line.includes("INDEX"))).toEqual([
    "CREATE UNIQUE INDEX good ON public.a USING btree (y)",
  ]);
});

test("an index that the server names is found and dropped too", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": `${none}CREATE UNIQUE INDEX CONCURRENTLY ON a (x);`,
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  await at.db.query("UPDATE a SET x = y");
  await retry(at.db, { dir: at.dir });
  expect((await catalogOf(at.db)).filter((line) => line.includes("INDEX"))).toEqual([
    "CREATE UNIQUE INDEX a_x_idx ON public.a USING btree (x)",
  ]);
});

test("what a failed REINDEX CONCURRENTLY leaves is dropped, and nobody else's invalid index", async () => {
  await using at = await testMigrations({
    "001_a.sql": `${table} CREATE TABLE other (x int); INSERT INTO other VALUES (1), (1); CREATE INDEX i ON a (y);`,
    "002_r.sql": `${none}-- Statement-Timeout: 300ms\nREINDEX INDEX CONCURRENTLY i;`,
  });
  await migrateUp(at.db, { dir: at.dir, to: 1 });
  await at.db.query("CREATE UNIQUE INDEX CONCURRENTLY theirs ON other (x)").catch(() => undefined);
  await at.db.withConnection(async (writer) => {
    // An open transaction that has written keeps the build waiting until its time is over.
    await writer.query("BEGIN; UPDATE a SET y = y");
    expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({ sqlState: "57014" });
    await writer.query("COMMIT");
  });
  expect((await catalogOf(at.db)).filter((line) => line.includes("INVALID"))).toEqual([
    "CREATE INDEX i_ccnew ON public.a USING btree (y) INVALID",
    "CREATE UNIQUE INDEX theirs ON public.other USING btree (x) INVALID",
  ]);
  await at.write("002_r.sql", `${none}REINDEX INDEX CONCURRENTLY i;`);
  await retry(at.db, { dir: at.dir });
  expect((await catalogOf(at.db)).filter((line) => line.includes("INVALID"))).toEqual([
    "CREATE UNIQUE INDEX theirs ON public.other USING btree (x) INVALID",
  ]);
});

test("IF NOT EXISTS does not hide an invalid index that was there before", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": `${none}CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);`,
  });
  await migrateUp(at.db, { dir: at.dir, to: 1 });
  await at.db.query("CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)").catch(() => undefined);
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "WRONG_STATE", line: 2 });
  expect(error.hint).toContain("DROP INDEX CONCURRENTLY public.a_x");
  expect(await catalogOf(at.db)).toContain(
    "CREATE UNIQUE INDEX a_x ON public.a USING btree (x) INVALID",
  );
});

test("retry refuses a file whose done statements were edited, and names the line; comments do not count", async () => {
  await using at = await testMigrations({
    "001_x.sql": `${none}CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT 1 / 0;`,
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  await at.write("001_x.sql", `${none}CREATE TABLE a ();\nCREATE TABLE c ();\nSELECT 1;`);
  expect(await errorOf(retry(at.db, { dir: at.dir }))).toMatchObject({
    code: "EDITED",
    line: 3,
    statement: 2,
  });
  await at.write("001_x.sql", "CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT 1;");
  expect(await errorOf(retry(at.db, { dir: at.dir }))).toMatchObject({ code: "WRONG_STATE" });
  await at.remove("001_x.sql");
  expect(await errorOf(retry(at.db, { dir: at.dir }))).toMatchObject({ code: "MISSING" });
  await at.write(
    "001_x.sql",
    `${none}CREATE TABLE a (); /* here */ CREATE TABLE b (/* nothing */);\nSELECT 1;`,
  );
  expect((await retry(at.db, { dir: at.dir })).migrations).toMatchObject([{ firstStatement: 3 }]);
});

test("a file whose failed last statement was taken out is applied by retry", async () => {
  await using at = await testMigrations({ "001_i.sql": `${none}${table}\nSELECT 1 / 0;` });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  await at.write("001_i.sql", none + table);
  expect(await retry(at.db, { dir: at.dir })).toMatchObject({ migrations: [{ version: 1 }] });
  expect((await historyOf(at.db)).at(-1)).toBe("1 up applied 2/2");
  expect((await migrateUp(at.db, { dir: at.dir })).migrations).toEqual([]);
});

test("settings that the done statements have made are made again on a retry", async () => {
  await using at = await testMigrations({
    "001_x.sql": `${none}CREATE SCHEMA app;\nSET search_path = app;\nSELECT set_config('work_mem', '7MB', false);\nSELECT 1 / (SELECT count(*) FROM public.go);\nCREATE TABLE t AS SELECT current_setting('work_mem') AS m;`,
  });
  await at.db.query("CREATE TABLE go (x int)");
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  await at.db.query("INSERT INTO go VALUES (1)");
  await retry(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT m FROM app.t")).toBe("7MB");
});

test("a role or read-only default that the file takes does not keep the history from being written", async () => {
  await using at = await testMigrations({
    "001_x.sql": `${none}SET ROLE pg_monitor;\nSET default_transaction_read_only = on;\nSELECT 1;\nVACUUM;\nRESET ROLE;`,
    "002_y.sql":
      "CREATE TABLE who AS SELECT current_user = session_user AS me, current_setting('default_transaction_read_only') AS ro",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT who FROM who")).toBe("(t,off)");
});

test("the history of a user that always works in another role is written in that role", async () => {
  await using at = await testMigrations({
    "001_x.sql": `${none}CREATE TABLE b (x int); SET ROLE pg_monitor; SELECT 1; RESET ROLE; CREATE INDEX CONCURRENTLY b_x ON b (x);`,
  });
  const user = `ctb_user_${at.url.slice(-8).replaceAll(/\W/g, "_")}`;
  const owner = `${user}_owner`;
  await at.db
    .query(`CREATE ROLE ${owner} IN ROLE pg_monitor; CREATE ROLE ${user} LOGIN PASSWORD 'pw' NOINHERIT IN ROLE ${owner};
ALTER ROLE ${user} SET role = ${owner};
CREATE SCHEMA ctb_data AUTHORIZATION ${owner}; GRANT ALL ON SCHEMA public TO ${owner}`);
  try {
    const url = Object.assign(new URL(at.url), { username: user, password: "pw" });
    await using db = await openPostgres({ url: url.href });
    expect((await migrateUp(db, { dir: at.dir })).migrations).toHaveLength(1);
    expect((await historyOf(at.db)).at(-1)).toBe("1 up applied 5/5");
  } finally {
    await at.db.query(`DROP OWNED BY ${owner}, ${user}; DROP ROLE ${owner}, ${user}`);
  }
});

test("SET SESSION AUTHORIZATION is refused where it would lock the runner out of its history", async () => {
  await using at = await testMigrations({
    "001_x.sql": `${none}SET SESSION AUTHORIZATION pg_monitor;\nVACUUM;`,
  });
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "FORBIDDEN_STATEMENT",
    line: 2,
  });
});

test("rollback of a failed file drops what its build has left and runs its way back", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": `${none}CREATE INDEX CONCURRENTLY a_y ON a (y); CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x);`,
    "002_i.down.sql": `${none}DROP INDEX CONCURRENTLY IF EXISTS a_x;\nDROP INDEX CONCURRENTLY IF EXISTS a_y;`,
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([
    { version: 2, schemaChanged: true },
  ]);
  expect((await catalogOf(at.db)).filter((line) => line.includes("INDEX"))).toEqual([]);
  expect((await migrationStatus(at.db, at)).migrations.map(({ state }) => state)).toEqual([
    "applied",
    "pending",
  ]);
});

test.each([
  ["CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x);", "DROP INDEX CONCURRENTLY a_x;"],
  ["CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x);", undefined],
  ["ALTER TABLE a ADD UNIQUE (x);", "ALTER TABLE a DROP CONSTRAINT a_x_key;"],
])("%s that failed as the first statement leaves nothing to go back from", async (up, down) => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": none + up,
    ...(down !== undefined && { "002_i.down.sql": none + down }),
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([
    { version: 2, schemaChanged: false },
  ]);
  expect((await catalogOf(at.db)).filter((line) => line.includes("INDEX"))).toEqual([]);
  await at.db.query("DELETE FROM a");
  expect((await migrateUp(at.db, { dir: at.dir })).migrations).toHaveLength(1);
});

test("a procedure that failed as the first statement has its way back run: it may have committed", async () => {
  await using at = await testMigrations({
    "001_p.sql":
      "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN CREATE TABLE half (); COMMIT; PERFORM 1 / 0; END'",
    "002_c.sql": `${none}CALL p();`,
    "002_c.down.sql": "DROP TABLE half;",
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect((await rollback(at.db, { dir: at.dir })).migrations).toMatchObject([
    { version: 2, schemaChanged: true },
  ]);
  expect(await valueOf(at.db, "SELECT to_regclass('half')")).toBe("null");
});

test("rows that another session commits while a way back waits for its table are kept", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a (x int);",
    "001_a.down.sql": `${none}DROP TABLE a;`,
  });
  await migrateUp(at.db, { dir: at.dir });
  await using other = await openPostgres({ url: at.url });
  const error = await other.withConnection(async (connection) => {
    await connection.query("BEGIN; INSERT INTO a VALUES (1)");
    const failure = errorOf(rollback(at.db, { dir: at.dir }));
    const waiting =
      "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while ((await valueOf(at.db, waiting)) === "0") await sleep(10);
    await connection.query("COMMIT");
    return await failure;
  });
  expect(error.code).toBe("WOULD_LOSE_DATA");
  expect(await valueOf(at.db, "SELECT count(*) FROM a")).toBe("1");
});

test("a way back without a transaction that fails goes on with retry, and up waits for it", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a (x int); CREATE INDEX i ON a (x);",
    "001_a.down.sql": `${none}DROP INDEX CONCURRENTLY i;\nSELECT 1 / 0;\nDROP TABLE a;`,
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await errorOf(rollback(at.db, { dir: at.dir }))).toMatchObject({
    code: "STATEMENT_FAILED",
    file: "001_a.down.sql",
    line: 3,
  });
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({ code: "UNFINISHED" });
  await at.write("001_a.down.sql", `${none}DROP INDEX CONCURRENTLY i;\nSELECT 1;\nDROP TABLE a;`);
  expect((await retry(at.db, { dir: at.dir })).migrations).toMatchObject([
    { direction: "down", firstStatement: 2 },
  ]);
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("null");
  expect((await migrateUp(at.db, { dir: at.dir })).migrations).toHaveLength(1);
});

/** Puts the history where a runner that was killed behind statement `done` would have left it. */
async function pretendKilled(
  at: { readonly db: Parameters<typeof valueOf>[0] },
  done: number,
): Promise<void> {
  await at.db.query(
    `DELETE FROM ctb_data.migrations WHERE version = (SELECT max(version) FROM ctb_data.migrations) AND NOT (state = 'running' AND done <= ${done})`,
  );
}

test("a statement that was done when the runner was killed, but not noted, is not done twice", async () => {
  for (const [sql, expected] of [
    ["CREATE INDEX CONCURRENTLY i ON a (x)", "CREATE INDEX i ON public.a USING btree (x)"],
    ["CREATE INDEX CONCURRENTLY ON a (y)", "CREATE INDEX a_y_idx ON public.a USING btree (y)"],
    ["DROP INDEX CONCURRENTLY old", "public.a.x integer"],
  ] as const) {
    await using at = await testMigrations({
      "001_a.sql": `${table} CREATE INDEX old ON a (x, y);`,
      "002_i.sql": `${none}ANALYZE a; ${sql}; CREATE TABLE b ();`,
    });
    await migrateUp(at.db, { dir: at.dir });
    const after = await catalogOf(at.db);
    await at.db.query("DROP TABLE b");
    await pretendKilled(at, 1);
    expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({ code: "UNFINISHED" });
    await retry(at.db, { dir: at.dir });
    expect(await catalogOf(at.db)).toEqual(after);
    expect(after.join()).toContain(expected);
    expect(await valueOf(at.db, "SELECT to_regclass('b')")).toBe("b");
  }
});

test("an index that somebody else made under the name is not taken for the file's own", async () => {
  await using at = await testMigrations({
    "001_a.sql": table,
    "002_i.sql": `${none}CREATE INDEX CONCURRENTLY i ON a (x);`,
  });
  await migrateUp(at.db, { dir: at.dir, to: 1 });
  await at.db.query("CREATE INDEX i ON a (y)");
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({ sqlState: "42P07" });
  expect(await errorOf(retry(at.db, { dir: at.dir }))).toMatchObject({ sqlState: "42P07" });
  expect(await catalogOf(at.db)).toContain("CREATE INDEX i ON public.a USING btree (y)");
});

test("a signal does not tell its sender to correct the file", async () => {
  await using at = await testMigrations({
    "001_s.sql": `${none}SELECT 1; SELECT pg_sleep(60);`,
  });
  const stop = new AbortController();
  const options = {
    dir: at.dir,
    signal: stop.signal,
    onProgress: ({ kind }: { readonly kind: string }) => {
      if (kind === "statement") setTimeout(() => stop.abort(), 50);
    },
  };
  const error = await errorOf(migrateUp(at.db, options));
  expect(error.code).toBe("CANCELLED");
  expect(error.hint).toBe(
    "Statement 1 is done and stays. Go on with ctb-data migrate retry. Or undo it: ctb-data migrate rollback.",
  );
});

test("a signal stops between two statements, and retry goes on behind them", async () => {
  await using at = await testMigrations({
    "001_x.sql": `${none}CREATE TABLE a ();\nCREATE TABLE b ();`,
  });
  const stop = new AbortController();
  const run = migrateUp(at.db, {
    dir: at.dir,
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind === "statement") stop.abort();
    },
  });
  expect(await errorOf(run)).toMatchObject({ code: "CANCELLED" });
  expect((await retry(at.db, { dir: at.dir })).migrations).toMatchObject([{ firstStatement: 2 }]);
});
