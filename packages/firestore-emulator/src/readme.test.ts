import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const packageFolder = join(import.meta.dirname, "..");

test("the README's example does what it says", async () => {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  // A package under node_modules does not find itself by its name.
  const own = JSON.stringify(new URL("index.ts", import.meta.url).href);
  const code = stripTypeScriptTypes(example.replace('"@ctb-data/firestore-emulator"', own));
  await mkdir(join(packageFolder, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(packageFolder, "node_modules/.cache/readme-"));
  try {
    await writeFile(join(folder, "example.mjs"), code);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@ctb-data/source", "example.mjs"],
      { cwd: folder },
    );
    expect(stdout).toBe("50\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
