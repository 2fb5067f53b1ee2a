import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { resultOf, runCliProcess, startCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";

const registry = "db/registry/clnt_column_registry.yml";

async function filesBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .toSorted();
}

test("init lays down the folder of the design, and a second run changes nothing", async () => {
  await using dir = await testDir();
  const first = await runCliProcess(["init", "shop"], { cwd: dir.path });
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toContain("Next: cd shop && ctb-data migrate up");
  const files = await filesBelow(join(dir.path, "shop"));
  expect(files).toEqual(
    expect.arrayContaining([
      registry,
      "db/registry/registry.schema.json",
      "db/schema.sql",
      "migrations/001_initial_schema.sql",
      "migrations/001_initial_schema.down.sql",
      "migrations/002_add_blueprints.sql",
      "migrations/003_add_imo_processes.sql",
      "migrations/004_add_indexes.sql",
      "migrations/004_add_indexes.down.sql",
      "firebase/types/firestore.ts",
      "firebase/firestore.indexes.json",
      "firebase/firestore.rules",
      "src/models/index.ts",
      "global-config.yaml",
      ".env.example",
      ".gitignore",
    ]),
  );
  expect(await dir.read("shop/.gitignore")).toBe(".ctb-data/\n.env\n/backup-keys/\n");
  const second = await runCliProcess(["init", "shop", "--json"], { cwd: dir.path });
  const { files: steps }: { files: readonly { action: string }[] } = JSON.parse(second.stdout);
  expect(new Set(steps.map(({ action }) => action))).toEqual(new Set(["unchanged"]));
  const current = await runCliProcess(["-C", "shop", "generate", "--check"], { cwd: dir.path });
  expect(current.code).toBe(0);
});

test.each([registry, "db/vendor_blueprints/acme.yml"])(
  "the schema that %s names for editors is there",
  async (file) => {
    await using dir = await testDir();
    await runCliProcess(["init"], { cwd: dir.path });
    const text = await dir.read(file);
    const modeline = /^# yaml-language-server: \$schema=(?<path>\S+)/mu.exec(text);
    const content = await dir.read(join(dirname(file), modeline?.groups?.["path"] ?? "none"));
    expect(JSON.parse(content)).toMatchObject({ $schema: expect.any(String) });
  },
);

test("a file that exists is kept and named, and --force overwrites the one that it names", async () => {
  await using dir = await testDir({
    "global-config.yaml": "# mine\n",
    ".env.example": "# mine too\n",
    ".gitignore": "dist",
  });
  const kept = await runCliProcess(["init"], { cwd: dir.path });
  expect(kept.code).toBe(0);
  expect(kept.stdout).toMatch(/kept +global-config\.yaml/u);
  expect(kept.stdout).toMatch(/kept +\.env\.example/u);
  expect(await dir.read("global-config.yaml")).toBe("# mine\n");
  expect(await dir.read(".gitignore")).toBe("dist\n.ctb-data/\n.env\n/backup-keys/\n");
  const forced = await runCliProcess(["init", "--force", "global-config.yaml"], { cwd: dir.path });
  expect(forced.stdout).toMatch(/overwritten +global-config\.yaml/u);
  expect(await dir.read("global-config.yaml")).toContain("data:");
  expect(await dir.read(".env.example")).toBe("# mine too\n");
});

test("--force with a file that init does not lay down is refused, and nothing is written", async () => {
  await using dir = await testDir();
  const { code, stderr } = await runCliProcess(["init", "--force", "nope.txt"], { cwd: dir.path });
  expect(code).toBe(2);
  expect(stderr).toContain("--force names a file that init does not lay down: nope.txt");
  expect(await readdir(dir.path)).toEqual([]);
});

test("--dry-run names the files and writes none", async () => {
  await using dir = await testDir();
  const { code, stdout } = await runCliProcess(["init", "--dry-run"], { cwd: dir.path });
  expect(code).toBe(0);
  expect(stdout).toMatch(/created +migrations\/001_initial_schema\.sql/u);
  expect(stdout).toMatch(/created +src\/models\/index\.ts/u);
  expect(stdout).toContain("This was a dry run: nothing was changed.");
  expect(await readdir(dir.path)).toEqual([]);
});

test("a file where the folder should be is an error with a hint", async () => {
  await using dir = await testDir({ shop: "" });
  const { code, stderr } = await runCliProcess(["init", "shop"], { cwd: dir.path });
  expect(code).toBe(2);
  expect(stderr).toContain("error: shop is a file, not a folder. (NOT_A_FOLDER)\nhint: ");
});

test("the folder's own configuration says where things go", async () => {
  await using dir = await testDir({
    "global-config.yaml":
      "data: { registry: { path: reg }, migrations: { dir: sql }, generate: { out: gen } }\n",
  });
  const { code } = await runCliProcess(["init"], { cwd: dir.path });
  expect(code).toBe(0);
  const files = await filesBelow(dir.path);
  expect(files).toEqual(
    expect.arrayContaining([
      "reg/clnt_column_registry.yml",
      "reg/registry.schema.json",
      "sql/001_initial_schema.sql",
      "gen/index.ts",
    ]),
  );
});

test("an init that was killed at any moment is completed by the next one", async () => {
  await using whole = await testDir();
  await runCliProcess(["init"], { cwd: whole.path });
  const expected = await filesBelow(whole.path);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 100, max: 700 }), async (ms) => {
      await using dir = await testDir();
      const child = startCliProcess(["init"], { cwd: dir.path });
      const ended = resultOf(child);
      await sleep(ms);
      child.kill("SIGKILL");
      await ended;
      const again = await runCliProcess(["init"], { cwd: dir.path });
      expect(again.code).toBe(0);
      for (const file of expected) {
        expect(await dir.read(file)).toBe(await whole.read(file));
      }
    }),
    { numRuns: process.env["SLOW"] === "1" ? 30 : 5 },
  );
});

test("what is written can be read by everybody that the umask lets", async () => {
  await using dir = await testDir();
  await runCliProcess(["init"], { cwd: dir.path });
  const { mode } = await stat(join(dir.path, registry));
  expect(mode & 0o444 & ~process.umask()).toBe(0o444 & ~process.umask());
});
