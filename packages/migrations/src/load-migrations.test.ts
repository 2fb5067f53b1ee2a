import { execFileSync } from "node:child_process";
import { mkdir, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorOf, testDirectory } from "../testing/test-migrations.ts";
import { loadMigrations } from "./load-migrations.ts";
import { readSeedMigrations } from "./seed-migrations.ts";

const makePipe = "mkfifo";

async function problemsOf(dir: string): Promise<readonly string[]> {
  const { problems } = await loadMigrations(dir);
  return problems.map(({ severity, code, file }) => `${severity} ${code} ${file}`);
}

test("files are read by number, with their ways back, and other files are left alone", async () => {
  await using at = await testDirectory({
    "010_b.sql": "SELECT 2;",
    "9_a.sql": "SELECT 1;",
    "010_b.down.sql": "SELECT -2;",
    "README.md": "",
    ".010_b.sql.swp": "",
    "._010_b.sql": "",
    "notes.sql~": "",
  });
  await mkdir(join(at.dir, "archive.sql"));
  const { files, problems } = await loadMigrations(at.dir);
  expect(files).toMatchObject([
    { version: 9, number: "9", name: "a" },
    { version: 10, number: "010", name: "b", down: { file: "010_b.down.sql" } },
  ]);
  expect(problems).toEqual([]);
});

test.each([
  ["003.sql", "error"],
  ["003-x.sql", "error"],
  ["003_x.up.sql", "error"],
  ["3 x.sql", "error"],
  ["003_x.SQL", "error"],
  ["1234567890123456_x.sql", "error"],
  ["schema.sql", "warning"],
  ["R__view.sql", "warning"],
])("%s is not the name of a migration: %s", async (file, severity) => {
  await using at = await testDirectory({ [file]: "SELECT 1;" });
  expect(await problemsOf(at.dir)).toEqual([`${severity} INVALID_FILE_NAME ${file}`]);
});

test("a way back without a migration is a warning", async () => {
  await using at = await testDirectory({ "001_a.sql": "SELECT 1;", "001_b.down.sql": "SELECT 1;" });
  expect(await problemsOf(at.dir)).toEqual(["warning INVALID_FILE_NAME 001_b.down.sql"]);
});

test("a folder, a FIFO, a dead link and a file of 33 MiB are errors, and none of them waits or fills the memory", async () => {
  await using at = await testDirectory({ "004_big.sql": "" });
  await mkdir(join(at.dir, "001_folder.sql"));
  execFileSync(makePipe, [join(at.dir, "002_fifo.sql")]);
  await symlink("/nowhere", join(at.dir, "003_link.sql"));
  await truncate(join(at.dir, "004_big.sql"), 33 * 1024 * 1024);
  expect(await problemsOf(at.dir)).toEqual([
    "error UNREADABLE_FILE 001_folder.sql",
    "error UNREADABLE_FILE 002_fifo.sql",
    "error UNREADABLE_FILE 003_link.sql",
    "error UNREADABLE_FILE 004_big.sql",
  ]);
});

test("a link to a file is read", async () => {
  await using at = await testDirectory({ real: "SELECT 1;" });
  await symlink(join(at.dir, "real"), join(at.dir, "001_link.sql"));
  expect((await loadMigrations(at.dir)).files).toHaveLength(1);
});

test("bytes that are no text are an error of their file, with all others still read", async () => {
  await using at = await testDirectory({
    "001_a.sql": Buffer.from([0xff]),
    "002_b.sql": "SELECT 1;",
    "003_c.sql": "SELECT '\0';",
  });
  const { files, problems } = await loadMigrations(at.dir);
  expect(files.map((file) => file.version)).toEqual([2]);
  expect(problems.map(({ code, version, line }) => [code, version, line])).toEqual([
    ["INVALID_ENCODING", 1, 1],
    ["INVALID_ENCODING", 3, 1],
  ]);
});

test("a folder that is not there is an error that names it", async () => {
  const error = await errorOf(loadMigrations("/nowhere/migrations"));
  expect(error).toMatchObject({ code: "NO_DIRECTORY" });
  expect(error.message).toContain("/nowhere/migrations");
});

test("the seed has four migrations, each with its way back", async () => {
  const names = (await readSeedMigrations()).map(({ file }) => file);
  expect(names).toEqual([
    "001_initial_schema.down.sql",
    "001_initial_schema.sql",
    "002_add_blueprints.down.sql",
    "002_add_blueprints.sql",
    "003_add_imo_processes.down.sql",
    "003_add_imo_processes.sql",
    "004_add_indexes.down.sql",
    "004_add_indexes.sql",
  ]);
});
