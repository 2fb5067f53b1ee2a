import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrationStatus } from "@ctb-data/migrations";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { testFolder } from "../../testing/test-folder.ts";
import { createTestDatabase } from "./create-test-database.ts";
import { openTestDatabases } from "./open-test-databases.ts";

const registry = parseRegistry(`
tables:
  notes:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: "Titel ü", type: text, nullable: false }
    firestore: { collection: notes }
`);

function migrations(files: Readonly<Record<string, string>>): ReturnType<typeof testFolder> {
  const folder = testFolder();
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder.path, name), sql);
  return folder;
}

/** So that no earlier run has built it. */
const unique = `-- ${process.pid} ${performance.timeOrigin}\n`;

test("a database has gone through the migrations, and their history says so", async () => {
  await using folder = migrations({
    "001_first.sql": `${unique}CREATE TABLE one (id int);`,
    "002_second.sql": "-- Transaction: none\nCREATE INDEX CONCURRENTLY two ON one (id);",
  });
  await using database = await createTestDatabase({ migrations: folder.path });
  const { migrations: history, problems } = await migrationStatus(database.db, {
    dir: folder.path,
  });
  expect(problems).toEqual([]);
  expect(history).toMatchObject([
    { version: 1, state: "applied" },
    { version: 2, state: "applied" },
  ]);
});

test("without migrations it has the registry's schema, and db knows the tables", async () => {
  await using database = await createTestDatabase({ registry });
  const stored = await database.db.table("notes").insert({ "Titel ü": "x" });
  expect(stored).toEqual({ id: 1, "Titel ü": "x" });
});

test("without either it is empty", async () => {
  await using database = await createTestDatabase({});
  expect((await database.db.readCatalog()).tables).toEqual([]);
});

test("a migration that was changed, or is new, makes a new template", async () => {
  await using folder = migrations({ "001_first.sql": `${unique}CREATE TABLE a (id int);` });
  const tables = async (): Promise<readonly string[]> => {
    await using database = await createTestDatabase({ migrations: folder.path });
    return (await database.db.readCatalog()).tables.map(({ name }) => name);
  };
  expect(await tables()).toEqual(["a"]);
  writeFileSync(join(folder.path, "001_first.sql"), `${unique}CREATE TABLE b (id int);`);
  expect(await tables()).toEqual(["b"]);
  writeFileSync(join(folder.path, "002_second.sql"), "CREATE TABLE c (id int);");
  expect(await tables()).toEqual(["b", "c"]);
});

test("a migration that fails is told with file and line", async () => {
  await using folder = migrations({
    "001_first.sql": `${unique}CREATE TABLE a (id int);`,
    "002_second.sql": "CREATE TABLE b (id int);\n\nALTER TABLE missing ADD COLUMN x int;",
  });
  await expect(createTestDatabase({ migrations: folder.path })).rejects.toMatchObject({
    name: "FixtureError",
    code: "MIGRATION_FAILED",
    message: expect.stringContaining("002_second.sql:3"),
  });
});

test("a folder of migrations that is not there, or has a file that cannot be read, is told", async () => {
  await expect(createTestDatabase({ migrations: "/nowhere/at all" })).rejects.toMatchObject({
    code: "MIGRATION_FAILED",
    message: expect.stringContaining("/nowhere/at all"),
  });
  await using folder = migrations({ "001_a.sql": "SELECT 1;", "001_b.sql": "SELECT 2;" });
  await expect(createTestDatabase({ migrations: folder.path })).rejects.toMatchObject({
    code: "MIGRATION_FAILED",
    message: expect.stringContaining("001_a.sql and 001_b.sql"),
  });
});

test("a role that an earlier template has made is told as what it is", async () => {
  const role = `ctb_role_${process.pid}`;
  await using folder = migrations({ "001_role.sql": `${unique}CREATE ROLE ${role};` });
  await using first = await createTestDatabase({ migrations: folder.path });
  try {
    writeFileSync(join(folder.path, "002_more.sql"), "CREATE TABLE a (id int);");
    await expect(createTestDatabase({ migrations: folder.path })).rejects.toMatchObject({
      code: "MIGRATION_FAILED",
      hint: expect.stringContaining("Roles belong to the server"),
    });
  } finally {
    await first.db.query(`DROP ROLE ${role}`);
  }
});

const seeded = (title: string): Parameters<typeof createTestDatabase>[0] => ({
  registry,
  seed: {
    key: `${unique}${title}`,
    run: async (db) => void (await db.table("notes").insert({ "Titel ü": title })),
  },
});

const titles = async (title: string): Promise<unknown> => {
  await using database = await createTestDatabase(seeded(title));
  const rows = await database.db.table("notes").find();
  await database.db.query("DELETE FROM notes");
  return rows;
};

test("the rows of a seed are in every database, and another key makes others", async () => {
  expect(await titles("first")).toEqual([{ id: 1, "Titel ü": "first" }]);
  expect(await titles("first")).toEqual([{ id: 1, "Titel ü": "first" }]);
  expect(await titles("second")).toEqual([{ id: 1, "Titel ü": "second" }]);
});

// Long on a server of somebody's own that waits for its disk.
test(
  "fifty databases at the same moment are fifty, and each is empty",
  { timeout: 300_000 },
  async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, async () => await createTestDatabase({ registry, poolSize: 1 })),
    );
    const rows = await Promise.all(
      all.map(async ({ db }) => await db.table("notes").insert({ "Titel ü": "one" })),
    );
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, () => 1));
    expect(new Set(all.map(({ name }) => name)).size).toBe(50);
    await Promise.all(all.map(async (database) => await database.close()));
  },
);

test("what lies ready is new for each, and given back at the end", async () => {
  await using other = await createTestDatabase({});
  const names = async (): Promise<readonly string[]> => {
    const { rows } = await other.db.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database",
    );
    return rows.map(({ name }) => name);
  };
  const databases = await openTestDatabases({ registry, warm: 2 });
  await databases.ready();
  const before = new Set(await names());
  const first = await databases.create();
  const second = await databases.create();
  expect([first.name, second.name].filter((name) => before.has(name))).toHaveLength(2);
  await first.db.table("notes").insert({ "Titel ü": "mine" });
  expect(await second.db.table("notes").count()).toBe(0);
  await databases.ready();
  await first.close();
  await databases.close();
  await databases.close();
  const left = await names();
  const own = other.name.replace(/\d+_[0-9a-f]+$/, "");
  expect(left.filter((name) => name.startsWith(own))).toEqual([other.name]);
  await expect(databases.create()).rejects.toMatchObject({ code: "DATABASE_FAILED" });
});

test("a Firestore project is its own, is opened once, and is empty after it was closed", async () => {
  const first = await createTestDatabase({ registry });
  const second = await createTestDatabase({ registry });
  const one = await first.firestore();
  expect(await first.firestore()).toBe(one);
  await one.document("notes/1").set({ "Titel ü": "x" });
  const two = await second.firestore();
  expect(await two.collections()).toEqual([]);
  expect(one.projectId).not.toBe(two.projectId);
  await Promise.all([first.close(), second.close()]);
  await using none = await createTestDatabase({});
  await expect(none.firestore()).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
});

test("closed twice is closed, and a wrong count or URL is an error that says so", async () => {
  const database = await createTestDatabase({ registry });
  await Promise.all([database.close(), database.close()]);
  await database.close();
  await expect(openTestDatabases({ warm: -1 })).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  await expect(createTestDatabase({ poolSize: 0 })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
  await expect(createTestDatabase({ url: "mysql://nobody" })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
  await expect(
    createTestDatabase({ url: "postgres://nobody:secret@127.0.0.1:1/none" }),
  ).rejects.toMatchObject({
    name: "FixtureError",
    code: "DATABASE_FAILED",
    message: expect.not.stringContaining("secret"),
  });
});
