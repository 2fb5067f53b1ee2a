import { expect, test } from "vitest";
import { MigrationError } from "./migration-error.ts";
import type { ParsedMigration } from "./migration-file.ts";
import { parseMigration } from "./parse-migration.ts";

const file = "007_x.sql";

async function errorOf(
  text: string | Uint8Array,
): Promise<Pick<MigrationError, "code" | "line" | "message" | "hint">> {
  const error: unknown = await parseMigration(text, file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MigrationError)) throw new Error(`no MigrationError: ${String(error)}`);
  const { code, line, message, hint } = error;
  return {
    code,
    message,
    ...(line !== undefined && { line }),
    ...(hint !== undefined && { hint }),
  };
}

function sqlOf(migration: ParsedMigration): readonly string[] {
  return migration.statements.map((statement) => statement.sql);
}

test("one outer BEGIN and COMMIT are taken off, however they are spelt", async () => {
  for (const [begin, commit] of [
    ["BEGIN", "COMMIT"],
    ["begin work", "end"],
    ["START TRANSACTION", "COMMIT WORK"],
    ["BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE", "END TRANSACTION"],
  ]) {
    const migration = await parseMigration(`${begin};\nCREATE TABLE a ();\n${commit};`, file);
    expect(sqlOf(migration)).toEqual(["CREATE TABLE a ()"]);
    expect(migration.begin).toBe(begin);
  }
});

test("a comment in BEGIN says nothing", async () => {
  const migration = await parseMigration("BEGIN /* read only */;\nSELECT 1;\nCOMMIT;", file);
  expect(sqlOf(migration)).toEqual(["SELECT 1"]);
});

test("a file without BEGIN is one transaction too", async () => {
  const migration = await parseMigration("CREATE TABLE a (); CREATE TABLE b ()", file);
  expect(migration).toMatchObject({ begin: "BEGIN", header: { transaction: true } });
  expect(sqlOf(migration)).toEqual(["CREATE TABLE a ()", "CREATE TABLE b ()"]);
});

test.each([
  ["BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;", 3],
  ["SET lock_timeout = 1;\nBEGIN;\nSELECT 1;\nCOMMIT;", 2],
  ["BEGIN;\nSELECT 1;", 1],
  ["SELECT 1;\nCOMMIT;", 2],
  ["BEGIN;\nSELECT 1;\nROLLBACK;", 1],
  ["BEGIN;\nSELECT 1;\nCOMMIT AND CHAIN;", 1],
  ["SELECT 1;\nSAVEPOINT a;\nSELECT 2;", 2],
  ["BEGIN;\nSELECT 1;\nPREPARE TRANSACTION 'x';", 1],
  ["BEGIN READ ONLY;\nSELECT 1;\nCOMMIT;", 1],
  ["-- Transaction: none\nBEGIN;\nVACUUM;\nCOMMIT;", 2],
  ["BEGIN;", 1],
])("any other transaction statement is an error with its line: %j", async (text, line) => {
  const error = await errorOf(text);
  expect(error).toMatchObject({ code: "TRANSACTION_STATEMENT", line });
  expect(error.message).toContain(`${file}:${line}: `);
});

test("statements are cut at the right byte behind multi-byte text, comments and dollar quotes", async () => {
  const migration = await parseMigration(
    "-- Grüße 🌍\nSELECT 'é;€'; /* ü; */\n  CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $ü$\nBEGIN RETURN '🌍;'; END $ü$;\n\nSELECT '日本';",
    file,
  );
  expect(migration.statements.map(({ sql, line }) => [line, sql])).toEqual([
    [2, "SELECT 'é;€'"],
    [3, "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $ü$\nBEGIN RETURN '🌍;'; END $ü$"],
    [6, "SELECT '日本'"],
  ]);
});

test("CRLF, a byte-order mark and comments do not change the token checksum, and CRLF not even the text", async () => {
  const plain = await parseMigration("SELECT 1;\nSELECT 'a  b';\n", file);
  const windows = await parseMigration(Buffer.from("\uFEFFSELECT 1;\r\nSELECT 'a  b';\r\n"), file);
  const edited = await parseMigration("/* new */ SELECT\n1; -- one\nSELECT 'a  b';", file);
  const changed = await parseMigration("SELECT 1;\nSELECT 'a b';\n", file);
  expect(windows).toEqual(plain);
  expect(edited.tokenChecksum).toBe(plain.tokenChecksum);
  expect(changed.tokenChecksum).not.toBe(plain.tokenChecksum);
});

test.each([
  ["", 1],
  ["-- nothing\n/* here */\n", 1],
  [";;", 1],
  ["-- x\nBEGIN;\nCOMMIT;", 2],
])("a file without a statement is an error: %j", async (text, line) => {
  expect(await errorOf(text)).toMatchObject({ code: "EMPTY_MIGRATION", line });
});

test.each([
  ["SELECT 1;\n\\copy clients from 'a.csv' csv\n", 2, "\\copy"],
  ["\\restrict abc\nSELECT 1;", 1, "\\restrict"],
  ["CREATE TABLE a ();\n\n\\i other.sql", 3, "\\i"],
  ["SELECT 1 \\gexec", 1, "\\gexec"],
])("a command of psql is named with its line: %j", async (text, line, command) => {
  const error = await errorOf(text);
  expect(error).toMatchObject({ code: "PSQL_COMMAND", line });
  expect(error.message).toContain(`${file}:${line}: ${command} `);
});

test.each([
  ["SELECT 1;\nCOPY clients (id) FROM stdin;\n1\n\\.\n", 2],
  ["SELECT 1;\nCOPY clients FROM stdin;\n\\N\tit's\n\\.\n", 2],
  ["COPY clients FROM STDIN WITH (FORMAT csv);", 1],
  ["COPY clients FROM stdin;\n1;2;3\n'; copy\n\\.\n", 1],
  ["COPY clients TO stdout", 1],
])("COPY that needs psql for its data is named with its line: %j", async (text, line) => {
  expect(await errorOf(text)).toMatchObject({ code: "COPY_DATA", line });
});

test("a comment that speaks of COPY does not hide the real error", async () => {
  const error = await errorOf("-- COPY a FROM stdin;\nSELEC 1;");
  expect(error).toMatchObject({ code: "SYNTAX_ERROR", line: 2 });
});

// Expressions that begin anew at every "copy", or at every space, would take hours.
test.each([
  `-- ${"copy ".repeat(400_000)}\nSELEC 1;`,
  `-- ${"copy a from stdin ".repeat(100_000)}\nSELEC 1;`,
  `-- a${" ".repeat(2_000_000)}-\nSELEC 1;`,
])("a long comment does not hold up the error behind it", async (text) => {
  expect(await errorOf(text)).toMatchObject({ code: "SYNTAX_ERROR", line: 2 });
});

test("a syntax error has the line behind multi-byte text, and names a character that nobody sees", async () => {
  expect(await errorOf("SELECT '€€€';\nSELECT 1 FRM x;\n")).toMatchObject({
    code: "SYNTAX_ERROR",
    line: 2,
  });
  expect((await errorOf("SELECT 1;\n\u200BSELECT 2;")).message).toContain("U+200B");
  expect((await errorOf("SELECT :name;")).hint).toContain("variables");
});

test.each([
  ["CREATE INDEX CONCURRENTLY i ON a (b)", "CREATE INDEX CONCURRENTLY"],
  ["DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY"],
  ["REINDEX TABLE CONCURRENTLY a", "REINDEX CONCURRENTLY"],
  ["REINDEX (CONCURRENTLY) INDEX i", "REINDEX CONCURRENTLY"],
  ["REINDEX SCHEMA s", "REINDEX SCHEMA"],
  ["VACUUM a", "VACUUM"],
  ["ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM"],
  ["CREATE DATABASE d", "CREATE DATABASE"],
  ["DROP DATABASE d", "DROP DATABASE"],
  ["CREATE TABLESPACE t LOCATION '/x'", "CREATE TABLESPACE"],
  ["ALTER DATABASE d SET TABLESPACE t", "SET TABLESPACE"],
  ["CLUSTER", "CLUSTER"],
  ["ALTER TABLE a DETACH PARTITION b CONCURRENTLY", "DETACH PARTITION CONCURRENTLY"],
  ["CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", "CREATE SUBSCRIPTION"],
])("%s needs a file without a transaction, and the error names the header", async (sql, name) => {
  const error = await errorOf(`BEGIN;\nSELECT 1;\n${sql};\nCOMMIT;`);
  expect(error).toMatchObject({ code: "NEEDS_NO_TRANSACTION", line: 3 });
  expect(error.message).toContain(name);
  expect(error.hint).toContain("-- Transaction: none");
  const migration = await parseMigration(`-- Transaction: none\n${sql};`, file);
  expect(migration).toMatchObject({ begin: undefined, statements: [{ bare: true }] });
});

test.each([
  "REINDEX INDEX i",
  "REINDEX (CONCURRENTLY false) TABLE a",
  "ANALYZE a",
  "CLUSTER a",
  "ALTER TYPE e ADD VALUE 'x'",
  "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
  "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)",
])("%s runs in a transaction", async (sql) => {
  await expect(parseMigration(sql, file)).resolves.toMatchObject({ begin: "BEGIN" });
});

test.each([
  "DISCARD ALL",
  "SELECT pg_catalog.pg_advisory_unlock_all()",
  "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$",
  "SET client_encoding = 'LATIN1'",
  "SET NAMES 'latin1'",
  "SET standard_conforming_strings = off",
])("%s would break the runner and is refused with its line", async (sql) => {
  expect(await errorOf(`SELECT 1;\n${sql};`)).toMatchObject({
    code: "FORBIDDEN_STATEMENT",
    line: 2,
  });
});

test("what a pg_dump says about the session is allowed", async () => {
  const migration = await parseMigration(
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\nSET row_security = off;",
    file,
  );
  expect(migration.statements).toHaveLength(4);
});

test("the header is the leading comment block and nothing behind it", async () => {
  const { header } = await parseMigration(
    "-- Migration: x\n-- Created: 2026-01-15\n\n-- transaction: NONE\n-- Lock-Timeout: 1.5s\n-- Statement-Timeout: 10min\n-- Irreversible: rows are merged\n-- Ticket: 7\nSELECT 1;\n-- Lock-Timeout: nonsense\n",
    file,
  );
  expect(header).toEqual({
    migration: "x",
    created: "2026-01-15",
    transaction: false,
    lockTimeoutMs: 1500,
    statementTimeoutMs: 600_000,
    irreversible: "rows are merged",
  });
});

test.each([
  ["-- Transaction: nome", 1],
  ["-- x\n-- Lock-Timeout: 5 parsecs", 2],
  ["-- Lock-Timeout: 100h0", 1],
  ["-- Statement-Timeout: 99999999h", 1],
  ["-- Transacton: none", 1],
  ["-- Lock_Timeout: 1s", 1],
  ["-- Irreversable: yes", 1],
  ["-- Transaction: none\n-- Transaction: none", 2],
])("a wrong header is an error with its line: %j", async (text, line) => {
  expect(await errorOf(`${text}\nSELECT 1;`)).toMatchObject({ code: "INVALID_HEADER", line });
});

test.each([
  [Buffer.from("SELECT 1;\nSELECT '\0';"), 2],
  [Buffer.from([0x2d, 0x2d, 0x0a, 0x27, 0xff, 0x27]), 2],
  [Buffer.from([0x2d, 0x2d, 0x0a, 0x0a, 0xe2, 0x82]), 3],
])("bytes that are not UTF-8 text are an error with their line", async (bytes, line) => {
  expect(await errorOf(bytes)).toMatchObject({ code: "INVALID_ENCODING", line });
});

test("UTF-16 is named", async () => {
  expect((await errorOf(Buffer.from("\uFEFFSELECT 1;", "utf16le"))).message).toContain("UTF-16");
});

test("a statement that is nested too deeply is an error, and the next file is parsed all the same", async () => {
  expect(await errorOf(`SELECT ${"(".repeat(50_000)}1${")".repeat(50_000)}`)).toMatchObject({
    code: "SYNTAX_ERROR",
  });
  expect(await errorOf(`SELECT ${"1+".repeat(200_000)}1`)).toMatchObject({ code: "SYNTAX_ERROR" });
  expect(sqlOf(await parseMigration("SELECT 1", file))).toEqual(["SELECT 1"]);
});

test("what a statement would throw away is known", async () => {
  const { statements } = await parseMigration(
    'DROP TABLE IF EXISTS a, s."B"; ALTER TABLE a DROP COLUMN x, ADD COLUMN y int, DROP COLUMN IF EXISTS z; TRUNCATE t; DELETE FROM t; DELETE FROM t WHERE id = 1; DROP SCHEMA s CASCADE; DROP INDEX i; DROP VIEW v;',
    file,
  );
  expect(statements.flatMap((statement) => statement.drops)).toEqual([
    { kind: "table", table: { name: "a" } },
    { kind: "table", table: { schema: "s", name: "B" } },
    { kind: "column", table: { name: "a" }, column: "x" },
    { kind: "column", table: { name: "a" }, column: "z" },
    { kind: "rows", table: { name: "t" } },
    { kind: "rows", table: { name: "t" } },
    { kind: "schema", table: { name: "s" } },
  ]);
});
