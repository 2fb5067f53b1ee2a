import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createTestDatabase } from "../testing/index.ts";

const packageFolder = join(import.meta.dirname, "..");

test("the README's example does what it says", async () => {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  await using database = await createTestDatabase();
  // The server of the test run, in the place of one that would be made for this test alone.
  const code = example
    .replace(
      'await startEmbeddedPostgres({ dataDir: ".ctb-data/postgres" })',
      "startEmbeddedPostgres()",
    )
    // A package under node_modules does not find itself by its name.
    .replace('"@ctb-data/postgres"', JSON.stringify(new URL("index.ts", import.meta.url).href))
    .replace(
      'import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";',
      `const startEmbeddedPostgres = () => ({ url: ${JSON.stringify(database.url)}, async [Symbol.asyncDispose]() {} });`,
    );
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/readme-"));
  try {
    await writeFile(join(folder, "example.mjs"), stripTypeScriptTypes(code));
    const seed = join(packageFolder, "../registry/seed/clnt_column_registry.yml");
    await cp(seed, join(folder, "db/registry/clnt_column_registry.yml"));
    const options = { cwd: folder };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@ctb-data/source", "example.mjs"],
      options,
    );
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
      expect.stringMatching(/^1 Ada Lovelace$/),
      expect.stringMatching(/^2 Grace \d{4}-/),
      expect.stringMatching(/^3 Edsger \d{4}-/),
      "3",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
