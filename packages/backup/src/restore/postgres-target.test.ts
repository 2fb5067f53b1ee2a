import { openPostgres, type Postgres, type Transaction } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import {
  dropMarker,
  dropStatements,
  findOwnObjects,
  markerStatements,
  readMarker,
} from "./postgres-target.ts";

async function leaveWord(postgres: Postgres, backup: string): Promise<void> {
  for (const sql of markerStatements({ backup, whole: false, tables: { 'public."a b"': "made" } }))
    await postgres.query(sql);
}

async function dropEverything(tx: Transaction): Promise<void> {
  for (const sql of await dropStatements(tx)) await tx.query(sql);
}

test("a new database has nothing of its own, and an extension or the word of a restore is nothing", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.query("CREATE EXTENSION IF NOT EXISTS pg_trgm");
  await leaveWord(postgres, "2026-11-22T02-00-00Z-k3v9d0x7");
  expect(await findOwnObjects(postgres)).toEqual([]);
});

test.each([
  ["CREATE TABLE t ()", "relation t"],
  ["CREATE SCHEMA app", "schema app"],
  ["CREATE TYPE mood AS ENUM ('ok')", "type mood"],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function f()"],
  ["CREATE VIEW v AS SELECT 1 AS one", "relation v"],
])("%s makes a database one that is not empty", async (sql, expected) => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.query(sql);
  expect(await findOwnObjects(postgres)).toEqual([expected]);
});

test("dropping everything leaves a database as it is made, and a rollback brings everything back", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  for (const sql of [
    "CREATE EXTENSION pg_trgm",
    'CREATE SCHEMA "odd ""one"""',
    "CREATE TABLE a (id int PRIMARY KEY)",
    'CREATE TABLE "odd ""one""".b (id int REFERENCES a)',
    "CREATE VIEW v AS SELECT * FROM a",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watch()",
  ])
    await postgres.query(sql);
  const failed = postgres.transaction(async (tx) => {
    await dropEverything(tx);
    throw new Error("not today");
  });
  await expect(failed).rejects.toThrow("not today");
  expect(await findOwnObjects(postgres)).not.toEqual([]);
  await postgres.transaction(dropEverything);
  expect(await findOwnObjects(postgres)).toEqual([]);
  const { rows } = await postgres.query(
    "SELECT nspacl::text AS acl, nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = 'public'",
  );
  expect(rows).toEqual([
    {
      acl: "{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}",
      owner: "pg_database_owner",
    },
  ]);
});

test("the word of a restore is there until it is taken away", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  expect(await readMarker(postgres)).toBeUndefined();
  await leaveWord(postgres, "a");
  await leaveWord(postgres, "b");
  expect(await readMarker(postgres)).toMatchObject({
    backup: "b",
    whole: false,
    tables: { 'public."a b"': "made" },
  });
  await postgres.transaction(dropMarker);
  expect(await readMarker(postgres)).toBeUndefined();
});

test("a schema of that name which somebody else made is refused, and never dropped for the word of a restore", async () => {
  await using database = await createTestDatabase();
  await using postgres = await openPostgres({ url: database.url });
  await postgres.query("CREATE SCHEMA ctb_data_restore");
  await expect(readMarker(postgres)).rejects.toMatchObject({ code: "REFUSED" });
  await postgres.query("CREATE TABLE ctb_data_restore.mine (id int PRIMARY KEY)");
  await expect(readMarker(postgres)).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("mine"),
  });
});
