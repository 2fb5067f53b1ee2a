import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { firestoreHost } from "../testing/emulator.ts";
import { newProject } from "../testing/test-firestore.ts";

const packageFolder = join(import.meta.dirname, "..");

test("the README's example does what it says", async () => {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  const code = example
    .replace("127.0.0.1:8080", firestoreHost())
    .replace('"demo"', JSON.stringify(newProject()))
    // A package under node_modules does not find itself by its name.
    .replace('"@ctb-data/firestore"', JSON.stringify(new URL("index.ts", import.meta.url).href));
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/readme-"));
  try {
    await writeFile(join(folder, "example.mjs"), stripTypeScriptTypes(code));
    const seed = join(packageFolder, "../registry/seed/clnt_column_registry.yml");
    await cp(seed, join(folder, "db/registry/clnt_column_registry.yml"));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@ctb-data/source", "example.mjs"],
      { cwd: folder },
    );
    expect(stdout.trimEnd().split("\n")).toEqual([
      "1 Ada { source: 'form', checked: true }",
      "2 Grace undefined",
      "2 true",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
