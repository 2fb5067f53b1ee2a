import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { recordingChannel } from "../../testing/recording-channel.ts";
import { testDir, type TestDir } from "../../testing/test-dir.ts";
import type { CommandContext } from "../command-context.ts";
import { loadSettings } from "../config/load-settings.ts";
import { expectedCatalog } from "./expected-catalog.ts";

const registry = parseRegistry(
  "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }, { name: name, type: text, check: name <> '' }] } }\n",
);

const contextOf = (dir: TestDir, signal = new AbortController().signal): CommandContext => ({
  terminal: {
    json: false,
    out: recordingChannel(),
    err: recordingChannel(),
    stdin: process.stdin,
    canAsk: false,
    say: recordingChannel(),
  },
  dir: dir.path,
  signal,
  env: {},
  settings: async () => await loadSettings({ dir: dir.path, env: {} }),
  warn: () => undefined,
});

async function catalogIn(dir: TestDir, of: Registry = registry) {
  const context = contextOf(dir);
  const { settings } = await context.settings();
  return await expectedCatalog(context, settings, of);
}

test("what a database should have is read from a throwaway one, and kept until the registry changes", async () => {
  await using dir = await testDir();
  const first = await catalogIn(dir);
  expect(first.catalog?.tables).toMatchObject([
    { name: "pets", checks: [{ expression: "name <> ''::text" }] },
  ]);
  expect(await readdir(join(dir.path, ".ctb-data/scratch"))).toEqual([]);
  const kept = join(dir.path, ".ctb-data/catalogs");
  const [file = ""] = await readdir(kept);
  // That it is this file which is read, and no server is started.
  const text = await readFile(join(kept, file), "utf8");
  await writeFile(join(kept, file), text.replaceAll('"pets"', '"dogs"'));
  expect((await catalogIn(dir)).catalog?.tables).toMatchObject([{ name: "dogs" }]);
  await writeFile(join(kept, file), text.slice(0, 100));
  expect((await catalogIn(dir)).catalog).toEqual(first.catalog);
  const other = parseRegistry("tables: { cats: { columns: [{ name: id, type: integer }] } }\n");
  expect((await catalogIn(dir, other)).catalog?.tables).toMatchObject([{ name: "cats" }]);
  expect(await readdir(kept)).toHaveLength(2);
});

test("where no server can be started it is said why, and nothing is thrown", async () => {
  await using dir = await testDir({ ".ctb-data/scratch": "a file in the way" });
  const { catalog, why } = await catalogIn(dir);
  expect(catalog).toBeUndefined();
  expect(why).toMatch(/^What the registry makes of an empty database .+ \(EEXIST\)$/u);
});

test("an interruption is no reason to go on without it", async () => {
  await using dir = await testDir();
  const context = contextOf(dir, AbortSignal.abort(new Error("stop")));
  const { settings } = await context.settings();
  await expect(expectedCatalog(context, settings, registry)).rejects.toThrow("stop");
});
