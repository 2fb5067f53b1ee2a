import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorOf, testDirectory } from "../testing/test-migrations.ts";
import { createMigration } from "./create-migration.ts";
import { loadMigrations } from "./load-migrations.ts";
import { parseMigration } from "./parse-migration.ts";

const now = new Date("2026-01-15T09:30:00Z");

test("words become the next number's file and its way back", async () => {
  await using at = await testDirectory({ "004_add_indexes.sql": "SELECT 1;" });
  const created = await createMigration({ dir: at.dir, name: "add user roles table", now });
  expect(created).toEqual({
    version: 5,
    name: "005_add_user_roles_table",
    up: join(at.dir, "005_add_user_roles_table.sql"),
    down: join(at.dir, "005_add_user_roles_table.down.sql"),
  });
  expect(await readFile(created.up, "utf8")).toBe(
    "-- Migration: add_user_roles_table\n-- Created: 2026-01-15\n\nBEGIN;\n\n-- Write the change here.\n\nCOMMIT;\n",
  );
});

test("the folder is made, and the first number is 001", async () => {
  await using at = await testDirectory();
  const { name } = await createMigration({ dir: join(at.dir, "a", "b"), name: "first", now });
  expect(name).toBe("001_first");
});

test.each([
  [["9_x.sql"], "10_n"],
  [["0099_x.sql"], "0100_n"],
  [["999_x.sql"], "1000_n"],
  [["001_a.sql", "007_b.sql", "003_c.down.sql"], "008_n"],
  [["20250101000000_x.sql"], "20260115093000_n"],
  [["20990101000000_x.sql"], "20990101000001_n"],
  [["readme.md", "x.sql"], "001_n"],
])("behind %j comes %s", async (files, name) => {
  await using at = await testDirectory(
    Object.fromEntries(files.map((file) => [file, "SELECT 1;"])),
  );
  expect((await createMigration({ dir: at.dir, name: "n", now })).name).toBe(name);
});

test.each([
  ['Add "User Roles" — Table!', "001_add_user_roles_table"],
  ["add_user_roles_table", "001_add_user_roles_table"],
  ["add_x.sql", "001_add_x"],
  ["café crème", "001_cafe_creme"],
])("%j is named %s", async (name, expected) => {
  await using at = await testDirectory();
  expect((await createMigration({ dir: at.dir, name })).name).toBe(expected);
});

test.each([
  "",
  "  ",
  "!!!",
  "../etc/passwd",
  "a/b",
  "a\\b",
  "..",
  "a\0b",
  "a\nb",
  "日本語",
  "Größe",
  "user 🌍 日",
  "x".repeat(101),
])("%j cannot name a migration, and nothing is written", async (name) => {
  await using at = await testDirectory();
  expect(await errorOf(createMigration({ dir: at.dir, name }))).toMatchObject({
    code: "INVALID_NAME",
  });
  expect(await readdir(at.dir)).toEqual([]);
});

test("given statements are written, after they were parsed", async () => {
  await using at = await testDirectory();
  const created = await createMigration({
    dir: at.dir,
    name: "idx",
    up: "CREATE INDEX CONCURRENTLY i ON a (x);\n",
    irreversible: "no\nway",
    transaction: false,
    now,
  });
  expect(created.down).toBeUndefined();
  const text = await readFile(created.up, "utf8");
  expect(text).toBe(
    "-- Migration: idx\n-- Created: 2026-01-15\n-- Transaction: none\n-- Irreversible: no way\n\nCREATE INDEX CONCURRENTLY i ON a (x);\n",
  );
  expect((await parseMigration(text, "x.sql")).header).toMatchObject({
    transaction: false,
    irreversible: "no way",
  });
  expect(
    await errorOf(createMigration({ dir: at.dir, name: "bad", up: "CREATE TABEL a" })),
  ).toMatchObject({ code: "SYNTAX_ERROR" });
  expect(await errorOf(createMigration({ dir: at.dir, name: "bad", up: "VACUUM" }))).toMatchObject({
    code: "NEEDS_NO_TRANSACTION",
  });
  expect(await readdir(at.dir)).toEqual(["001_idx.sql"]);
});

test("twenty at once get twenty numbers, without a gap", async () => {
  await using at = await testDirectory();
  const created = await Promise.all(
    Array.from(
      { length: 20 },
      async (_, n) => await createMigration({ dir: at.dir, name: `m ${n}` }),
    ),
  );
  expect(created.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, n) => n + 1),
  );
  expect((await loadMigrations(at.dir)).problems).toEqual([]);
});

test("the lock of a create that was killed does not last", async () => {
  await using at = await testDirectory();
  const lock = join(at.dir, ".create.lock");
  await writeFile(lock, "");
  await utimes(lock, 0, 0);
  expect((await createMigration({ dir: at.dir, name: "x" })).version).toBe(1);
});

test("a folder that cannot be made is an error", async () => {
  await using at = await testDirectory({ file: "" });
  expect(
    await errorOf(createMigration({ dir: join(at.dir, "file", "sub"), name: "x" })),
  ).toMatchObject({ code: "NO_DIRECTORY" });
});
