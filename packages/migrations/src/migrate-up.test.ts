import { fileURLToPath } from "node:url";
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
import type { MigrationEvent } from "./run-options.ts";

const seed = fileURLToPath(new URL("../seed", import.meta.url));

test("the seed makes the four tables' worth of schema, once", async () => {
  await using at = await testMigrations();
  const first = await migrateUp(at.db, { dir: seed });
  expect(first.migrations.map((run) => run.name)).toEqual([
    "001_initial_schema",
    "002_add_blueprints",
    "003_add_imo_processes",
    "004_add_indexes",
  ]);
  const catalog = await catalogOf(at.db);
  expect(catalog).toContain("public.clients.email character varying");
  expect(catalog).toContain("public.imo_processes.middle_stage jsonb");
  expect(await migrateUp(at.db, { dir: seed })).toMatchObject({ migrations: [], pending: 0 });
  expect(await historyOf(at.db)).toHaveLength(4);
});

test("a file with its own BEGIN and COMMIT, and one with none, are each one transaction with their row", async () => {
  await using at = await testMigrations({
    "001_own.sql":
      "BEGIN;\nCREATE TABLE a (xid text DEFAULT txid_current()::text);\nINSERT INTO a DEFAULT VALUES;\nCOMMIT;",
    "002_none.sql": "INSERT INTO a DEFAULT VALUES; INSERT INTO a DEFAULT VALUES;",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT count(DISTINCT xid) || ' of ' || count(*) FROM a")).toBe(
    "2 of 3",
  );
  expect(
    await valueOf(
      at.db,
      "SELECT string_agg(xmin::text, ',' ORDER BY id) = (SELECT string_agg(DISTINCT xid, ',') FROM a) FROM ctb_data.migrations",
    ),
  ).toBe("true");
});

test("BEGIN's own isolation level is kept", async () => {
  await using at = await testMigrations({
    "001_x.sql":
      "BEGIN ISOLATION LEVEL SERIALIZABLE -- not READ ONLY\n;\nCREATE TABLE a AS SELECT current_setting('transaction_isolation') AS level;\nCOMMIT -- all of it\n;",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT level FROM a")).toBe("serializable");
});

test("a statement that fails in the middle leaves nothing of its file, and says where it was", async () => {
  await using at = await testMigrations({
    "001_good.sql": "CREATE TABLE good ();",
    "002_bad.sql":
      "BEGIN;\nCREATE TABLE a (id int);\n\nINSERT INTO a\n  SELECT 1 / 0;\nCREATE TABLE b ();\nCOMMIT;",
    "003_later.sql": "CREATE TABLE later ();",
  });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({
    code: "STATEMENT_FAILED",
    file: "002_bad.sql",
    line: 4,
    statement: 2,
    statements: 3,
    sqlState: "22012",
  });
  expect(error.message).toBe("002_bad.sql:4: division by zero. (statement 2 of 3, SQLSTATE 22012)");
  expect(await catalogOf(at.db)).toEqual([]);
  expect(
    await valueOf(
      at.db,
      "SELECT string_agg(relname, ',') FROM pg_class WHERE relname IN ('good', 'a', 'b', 'later')",
    ),
  ).toBe("good");
  const { migrations, problems } = await migrationStatus(at.db, at);
  expect(migrations.map(({ state }) => state)).toEqual(["applied", "failed", "pending"]);
  expect(migrations[1]?.error).toMatchObject({ sqlState: "22012", line: 4 });
  expect(problems).toEqual([]);
  await at.write("002_bad.sql", "CREATE TABLE a (id int);");
  expect((await migrateUp(at.db, { dir: at.dir })).migrations).toHaveLength(2);
});

test("an error inside a long statement has the line of the error, also behind multi-byte text", async () => {
  await using at = await testMigrations({
    "001_x.sql": "-- Grüße 🌍\nCREATE TABLE a (\n  id int, -- 🌍\n  name nonsense\n);",
    "002_y.sql": "CREATE TABLE b (); SELECT '🌍',\n  nothing;",
  });
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    file: "001_x.sql",
    line: 4,
    statement: 1,
  });
  await at.write("001_x.sql", "SELECT 1");
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    file: "002_y.sql",
    line: 2,
    statement: 2,
  });
});

test("an error in any pending file stops the first one too, and all of them are told", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a ();",
    "002_b.sql": "CREATE TABEL b ();",
    "003_c.sql": "CREATE INDEX CONCURRENTLY i ON a (x);",
    "004_d.sql": "\\i other.sql",
  });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error.problems.map(({ code, file, line }) => [code, file, line])).toEqual([
    ["SYNTAX_ERROR", "002_b.sql", 1],
    ["NEEDS_NO_TRANSACTION", "003_c.sql", 1],
    ["PSQL_COMMAND", "004_d.sql", 1],
  ]);
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("null");
});

test("a constraint that is only checked at COMMIT fails the file", async () => {
  await using at = await testMigrations({
    "001_x.sql":
      "CREATE TABLE a (id int PRIMARY KEY, other int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1, 2);",
  });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "STATEMENT_FAILED", sqlState: "23503" });
  expect(error.message).toContain("(COMMIT, SQLSTATE 23503)");
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("null");
});

test("a dump that empties search_path and sets everything does not reach its history row or the next file", async () => {
  await using at = await testMigrations({
    "001_dump.sql": `SET statement_timeout = '1h'; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = '2h';
SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET check_function_bodies = false; SET xmloption = content;
SELECT pg_catalog.set_config('search_path', '', false);
SET client_min_messages = warning; SET row_security = off; SET default_tablespace = ''; SET default_transaction_read_only = on;
CREATE TABLE public.a (id integer NOT NULL);`,
    "002_next.sql":
      "CREATE TABLE b AS SELECT name, setting FROM pg_settings WHERE name IN ('search_path', 'statement_timeout', 'default_transaction_read_only', 'client_min_messages', 'row_security')",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(
    await valueOf(
      at.db,
      "SELECT string_agg(name || '=' || setting, '; ' ORDER BY name) FROM public.b",
    ),
  ).toBe(
    'client_min_messages=notice; default_transaction_read_only=off; row_security=on; search_path="$user", public; statement_timeout=0',
  );
});

test("roles, temporary tables, cursors, prepared statements, LISTEN and advisory locks do not leak into the next file", async () => {
  await using at = await testMigrations({
    "001_leaky.sql": `CREATE TEMP TABLE t (); PREPARE p AS SELECT 1; LISTEN a_channel;
DECLARE c CURSOR WITH HOLD FOR SELECT 1;
SELECT pg_advisory_lock(7), pg_advisory_lock(7), pg_advisory_lock(-7), pg_advisory_lock(1, -2), pg_advisory_lock_shared(8);
SET SESSION AUTHORIZATION pg_monitor; SET ROLE pg_monitor;`,
    "002_next.sql": `CREATE TABLE seen AS SELECT current_user = session_user AND session_user <> 'pg_monitor' AS is_me, to_regclass('pg_temp.t') AS temp,
  (SELECT count(*) FROM pg_prepared_statements) AS prepared, (SELECT count(*) FROM pg_cursors WHERE name = 'c') AS cursors,
  (SELECT count(*) FROM pg_listening_channels()) AS channels,
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks;`,
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT seen FROM seen")).toBe("(t,,0,0,0,1)");
});

test("every file finds the settings of the database, not those of the store, and may show values in any style", async () => {
  const look =
    "INSERT INTO seen SELECT current_setting('TimeZone'), current_setting('IntervalStyle')";
  await using at = await testMigrations({
    "001_a.sql": `CREATE TABLE seen (zone text, style text); ${look}`,
    "002_b.sql": `${look}; SET DateStyle = 'German'; SET IntervalStyle = iso_8601; SET bytea_output = escape; SELECT now(), now()::date, localtime, interval '1 day', '\\x00'::bytea, ARRAY[now()], ROW(1), '{1,2}'::int[], NULL::int4range;`,
  });
  const name = await valueOf(at.db, "SELECT quote_ident(current_database())");
  await at.db.query(`ALTER DATABASE ${name} SET TimeZone = 'Asia/Tokyo'`);
  await at.db.query(`ALTER DATABASE ${name} SET IntervalStyle = 'iso_8601'`);
  await using db = await openPostgres({ url: at.url });
  await migrateUp(db, { dir: at.dir });
  await at.db.query(`ALTER DATABASE ${name} RESET ALL`);
  expect(await valueOf(at.db, "SELECT string_agg(zone || ' ' || style, ', ') FROM seen")).toBe(
    "Asia/Tokyo iso_8601, Asia/Tokyo iso_8601",
  );
});

test("a failed file leaves nothing in the session either", async () => {
  await using at = await testMigrations({
    "001_x.sql": "SELECT pg_advisory_lock(7); PREPARE p AS SELECT 1; SELECT 1 / 0;",
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(
    await valueOf(
      at.db,
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ),
  ).toBe("0");
  expect(await historyOf(at.db)).toEqual(["1 up failed 0/3"]);
});

test("a function that releases all advisory locks does not cost the runner its own", async () => {
  await using at = await testMigrations({
    "001_f.sql":
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_unlock_all()'; CREATE TABLE held (n bigint);",
    "002_call.sql": "SELECT f();",
    "003_look.sql":
      "INSERT INTO held SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT n FROM held")).toBe("1");
});

test("dollar quotes, CRLF and a byte-order mark run as they should", async () => {
  await using at = await testMigrations({
    "001_x.sql":
      "\uFEFFBEGIN;\r\nCREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $fn$\r\nBEGIN\r\n  RETURN 'a;b'; -- COMMIT;\r\nEND;\r\n$fn$;\r\nCOMMIT;\r\n",
  });
  await migrateUp(at.db, { dir: at.dir });
  expect(await valueOf(at.db, "SELECT f()")).toBe("a;b");
  await at.write(
    "001_x.sql",
    "BEGIN;\nCREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $fn$\nBEGIN\n  RETURN 'a;b'; -- COMMIT;\nEND;\n$fn$;\nCOMMIT;\n\n",
  );
  expect(await migrateUp(at.db, { dir: at.dir })).toMatchObject({ migrations: [], warnings: [] });
});

test("what only the server knows to need no transaction names the header too", async () => {
  await using at = await testMigrations({
    "001_e.sql": "CREATE TYPE e AS ENUM ('a');",
    "002_use.sql": "ALTER TYPE e ADD VALUE 'b';\nSELECT 'b'::e;",
  });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "NEEDS_NO_TRANSACTION", line: 2, sqlState: "55P04" });
  expect(error.hint).toContain("-- Transaction: none");
  await at.write(
    "002_use.sql",
    "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';\nCALL p();",
  );
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "TRANSACTION_STATEMENT",
    line: 2,
  });
  await at.write(
    "002_use.sql",
    "CREATE TABLE a (id int) PARTITION BY LIST (id);\nCREATE INDEX i ON a (id);\nREINDEX TABLE a;",
  );
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "NEEDS_NO_TRANSACTION",
    line: 3,
    sqlState: "25001",
  });
});

test("a table that others hold is waited for, with the whole file tried again", async () => {
  await using at = await testMigrations({
    "001_a.sql": "CREATE TABLE a ();",
    "002_b.sql": "-- Lock-Timeout: 50ms\nCREATE TABLE b ();\nALTER TABLE a ADD COLUMN x int;",
  });
  await migrateUp(at.db, { dir: at.dir, to: 1 });
  const events: MigrationEvent[] = [];
  await at.db.withConnection(async (other) => {
    await other.query("BEGIN; LOCK TABLE a");
    let release: Promise<unknown> = Promise.resolve();
    await migrateUp(at.db, {
      dir: at.dir,
      onProgress: (event) => {
        events.push(event);
        if (event.kind === "retrying" && event.attempt === 2) release = other.query("COMMIT");
      },
    });
    await release;
  });
  expect(events).toContainEqual(
    expect.objectContaining({ kind: "retrying", attempt: 2, sqlState: "55P03" }),
  );
  expect(await historyOf(at.db)).toEqual(["1 up applied 1/1", "2 up applied 2/2"]);
});

test("a table that others never let go is an error that says so, and no other error is tried twice", async () => {
  await using at = await testMigrations({ "001_b.sql": "ALTER TABLE a ADD COLUMN x int;" });
  await at.db.query("CREATE TABLE a ()");
  await at.db.withConnection(async (other) => {
    await other.query("BEGIN; LOCK TABLE a");
    const error = await errorOf(
      migrateUp(at.db, { dir: at.dir, lockTimeoutMs: 20, lockAttempts: 2 }),
    );
    expect(error).toMatchObject({ code: "LOCK_TIMEOUT", sqlState: "55P03", line: 1 });
    expect(error.hint).toMatch(/^Nothing of 001_b.sql was done. Run ctb-data.*pg_stat_activity/);
    await other.query("ROLLBACK");
  });
  const events: MigrationEvent[] = [];
  await at.write("001_b.sql", "SELECT 1 / 0");
  await errorOf(migrateUp(at.db, { dir: at.dir, onProgress: (event) => events.push(event) }));
  expect(events.filter((event) => event.kind === "retrying")).toEqual([]);
});

test("Statement-Timeout and Lock-Timeout of the header hold for their file only", async () => {
  await using at = await testMigrations({
    "001_a.sql":
      "-- Statement-Timeout: 7min\n-- Lock-Timeout: 0\nCREATE TABLE seen AS SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l;",
    "002_b.sql":
      "INSERT INTO seen SELECT current_setting('statement_timeout'), current_setting('lock_timeout');",
    "003_c.sql": "-- Statement-Timeout: 30ms\nSELECT pg_sleep(10);",
  });
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "STATEMENT_FAILED",
    sqlState: "57014",
    file: "003_c.sql",
  });
  expect(await valueOf(at.db, "SELECT string_agg(s || ' ' || l, ', ') FROM seen")).toBe(
    "7min 0, 0 3s",
  );
});

test("notices of the server are handed on, those of the runner's own statements are not", async () => {
  await using at = await testMigrations({
    "001_x.sql": "DROP TABLE IF EXISTS nothing; DO $$ BEGIN RAISE WARNING 'careful'; END $$;",
  });
  const notices: string[] = [];
  await migrateUp(at.db, {
    dir: at.dir,
    onProgress: (event) => {
      if (event.kind === "notice")
        notices.push(`${event.migration.name} ${event.severity}: ${event.message}`);
    },
  });
  expect(notices).toEqual([
    '001_x NOTICE: table "nothing" does not exist, skipping',
    "001_x WARNING: careful",
  ]);
});

test("a dry run shows statements and hazards and writes nothing, not even the history", async () => {
  await using at = await testMigrations({
    "001_x.sql": "BEGIN;\nCREATE TABLE a ();\nDROP TABLE a;\nCOMMIT;",
    "002_y.sql": "-- Transaction: none\nCREATE INDEX CONCURRENTLY i ON a (x);",
  });
  const result = await migrateUp(at.db, { dir: at.dir, dryRun: true });
  expect(result).toMatchObject({
    dryRun: true,
    pending: 2,
    migrations: [
      {
        version: 1,
        transaction: true,
        statements: [
          { sql: "CREATE TABLE a ()", line: 2, hazards: [] },
          { line: 3, hazards: [{ kind: "blocks-reads-and-writes" }, { kind: "deletes-data" }] },
        ],
      },
      { transaction: false, statements: [{ hazards: [{ kind: "outside-transaction" }] }] },
    ],
  });
  expect(await valueOf(at.db, "SELECT count(*) FROM pg_namespace WHERE nspname = 'ctb_data'")).toBe(
    "0",
  );
});

test("`to` stops behind a version, and must be one", async () => {
  await using at = await testMigrations();
  expect(await migrateUp(at.db, { dir: seed, to: 2 })).toMatchObject({ pending: 2 });
  expect(await errorOf(migrateUp(at.db, { dir: seed, to: 9 }))).toMatchObject({
    code: "UNKNOWN_VERSION",
  });
});

test("a signal stops the statement that runs, and nothing of its file stays", async () => {
  await using at = await testMigrations({
    "001_x.sql": "CREATE TABLE a ();\nSELECT pg_sleep(60);",
  });
  const stop = new AbortController();
  const run = migrateUp(at.db, {
    dir: at.dir,
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind === "statement") setTimeout(() => stop.abort(), 20);
    },
  });
  expect(await errorOf(run)).toMatchObject({ code: "CANCELLED" });
  expect(await historyOf(at.db)).toEqual([]);
  expect(await valueOf(at.db, "SELECT to_regclass('a')")).toBe("null");
});

test("a pooler is refused before anything is asked of it, with the direct host named", async () => {
  await using at = await testMigrations({ "001_x.sql": "SELECT 1" });
  const url = "postgres://u:secret@ep-cool-1-pooler.eu-central-1.aws.neon.tech/app";
  const error = await errorOf(migrateUp(at.db, { dir: at.dir, url }));
  expect(error.code).toBe("POOLED_HOST");
  expect(error.hint).toContain("ep-cool-1.eu-central-1.aws.neon.tech");
  expect(JSON.stringify(error) + error.message).not.toContain("secret");
});
