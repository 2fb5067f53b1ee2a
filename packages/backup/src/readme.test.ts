import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { contentOf, fillWorld, openBackupWorld } from "../testing/backup-world.ts";

const packageFolder = join(import.meta.dirname, "..");

test("the README's example backs up both stores, verifies, and restores", async () => {
  await using world = await openBackupWorld();
  await fillWorld(world, 30);
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  const code = example
    .replace("127.0.0.1:8080", world.firestoreHost)
    .replace('"demo"', JSON.stringify(world.project))
    // A package under node_modules does not find itself by its name.
    .replace('"@ctb-data/backup"', JSON.stringify(new URL("index.ts", import.meta.url).href));
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/readme-"));
  try {
    await writeFile(join(folder, "example.mjs"), stripTypeScriptTypes(code));
    const seed = join(packageFolder, "../registry/seed/clnt_column_registry.yml");
    await cp(seed, join(folder, "db/registry/clnt_column_registry.yml"));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@ctb-data/source", "example.mjs"],
      {
        cwd: folder,
        env: { ...process.env, DATABASE_URL: world.url, EMPTY_DATABASE_URL: world.targetUrl },
      },
    );
    expect(stdout.trimEnd().split("\n")).toEqual([
      "true 53 51",
      "{ tables: 3, rows: 53, warnings: [] }",
    ]);
    expect(await contentOf(world.target)).toEqual(await contentOf(world.postgres));
  } finally {
    await rm(folder, { recursive: true });
  }
});
