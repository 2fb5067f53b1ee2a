import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCliProcess } from "../../testing/cli-process.ts";
import { testDir, type TestDir } from "../../testing/test-dir.ts";

const registry = "db/registry/clnt_column_registry.yml";

async function project(): Promise<TestDir> {
  const dir = await testDir();
  const { code, stderr } = await runCliProcess(["init"], { cwd: dir.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return dir;
}

async function addPhone(dir: TestDir): Promise<void> {
  const text = await dir.read(registry);
  const column = "      - name: phone\n        type: varchar(40)\n";
  await dir.write(registry, text.replace(/(?=^ {6}- name: created_at\n)/mu, column));
}

test("--check ends with 3 and names what differs, until generate has written it", async () => {
  await using dir = await project();
  await addPhone(dir);
  const stale = await runCliProcess(["generate", "--check"], { cwd: dir.path });
  expect(stale.code).toBe(3);
  expect(stale.stdout).toMatch(/changed +src\/models\//u);
  expect(stale.stdout).toMatch(/changed +db\/schema\.sql/u);
  expect(stale.stdout).toContain("Next: ctb-data generate");
  const written = await runCliProcess(["generate"], { cwd: dir.path });
  expect(written.code).toBe(0);
  expect(await dir.read("db/schema.sql")).toContain("phone");
  const current = await runCliProcess(["generate", "--check"], { cwd: dir.path });
  expect(current).toMatchObject({ code: 0, stderr: "" });
  expect(current.stdout).toMatch(/^All \d+ generated files are up to date\.\n$/u);
});

test("--check and --dry-run write nothing", async () => {
  await using dir = await project();
  const before = await dir.read("db/schema.sql");
  await addPhone(dir);
  await runCliProcess(["generate", "--check"], { cwd: dir.path });
  const dry = await runCliProcess(["generate", "--dry-run"], { cwd: dir.path });
  expect(dry.code).toBe(0);
  expect(dry.stdout).toContain("This was a dry run: nothing was changed.");
  expect(await dir.read("db/schema.sql")).toBe(before);
});

test("--json tells the same to a program", async () => {
  await using dir = await project();
  await addPhone(dir);
  const { code, stdout, stderr } = await runCliProcess(["generate", "--check", "--json"], {
    cwd: dir.path,
  });
  expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    current: false,
    differences: expect.arrayContaining([{ path: "db/schema.sql", kind: "changed" }]),
  });
});

test("the file of a table that is gone is removed, and one of the user's own is left alone", async () => {
  await using dir = await project();
  const text = await dir.read(registry);
  await dir.write(registry, text.slice(0, text.indexOf("  imo_processes:")));
  await dir.write("src/models/README.txt", "mine\n");
  expect((await runCliProcess(["generate"], { cwd: dir.path })).code).toBe(0);
  const files = await readdir(join(dir.path, "src/models"));
  expect(files.filter((file) => file.includes("imo"))).toEqual([]);
  expect(await dir.read("src/models/README.txt")).toBe("mine\n");
});

test("--out and --registry say where from and where to", async () => {
  await using dir = await testDir({
    "other.yml": "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }] } }\n",
  });
  const { code } = await runCliProcess(["generate", "--registry", "other.yml", "--out", "gen"], {
    cwd: dir.path,
  });
  expect(code).toBe(0);
  expect(await dir.read("gen/index.ts")).toContain("Pet");
});

test("a registry with a mistake is refused with its place, and nothing is written", async () => {
  await using dir = await testDir({ [registry]: "tables: { pets: { columns: [{ nam: id }] } }\n" });
  const { code, stderr } = await runCliProcess(["generate"], { cwd: dir.path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/clnt_column_registry\.yml:1:\d+ tables\.pets\.columns\[0\]/u);
  expect(await readdir(dir.path)).toEqual(["db"]);
});
