import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cliCommand, resultOf, runCliProcess } from "../testing/cli-process.ts";
import { testDir } from "../testing/test-dir.ts";

const spy = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write("loads " + url + "\\n"); return next(url, context); } });`;

/** The files that a run of the command loads. */
async function loadedBy(args: readonly string[], cwd: string): Promise<readonly string[]> {
  const preload = `data:text/javascript,${encodeURIComponent(spy)}`;
  const child = spawn(process.execPath, ["--import", preload, ...cliCommand, ...args], { cwd });
  const { code, stderr } = await resultOf(child);
  expect(code).toBe(0);
  return stderr.split("\n").filter((line) => line.startsWith("loads file:"));
}

test("--help loads commander and nothing else that is heavy", async () => {
  const loaded = await loadedBy(["--help"], "/");
  expect(loaded.some((line) => line.includes("/commander/"))).toBe(true);
  const heavy = /\/(zod|yaml|pg|kysely|cli-table3|cli-progress|@mikro-orm|libpg-query|packages)\//u;
  expect(loaded.filter((line) => heavy.test(line))).toEqual([]);
});

test("what does not speak to Firestore does not load its SDK", async () => {
  await using dir = await testDir();
  for (const args of [["init"], ["generate"], ["registry", "validate"]]) {
    const loaded = await loadedBy(args, dir.path);
    expect(loaded.filter((line) => /\/(?:firebase-admin|@grpc|protobufjs)\//u.test(line))).toEqual(
      [],
    );
  }
});

test("the built program prints the same help", async () => {
  // Inside the package, so that what it imports is found.
  const outDir = fileURLToPath(new URL("../node_modules/.cache/built", import.meta.url));
  // tsup looks for its configuration, its entries and the package.json in the working folder only.
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const tsup = fileURLToPath(new URL("../node_modules/tsup/dist/cli-default.js", import.meta.url));
  const building = spawn(process.execPath, [tsup, "--out-dir", outDir, "--silent"], { cwd });
  expect(await resultOf(building)).toMatchObject({ code: 0 });
  try {
    const child = spawn(process.execPath, [`${outDir}/main.js`, "migrate", "up", "--help"]);
    const built = await resultOf(child);
    expect(built).toMatchObject({ code: 0, stderr: "" });
    const source = await runCliProcess(["migrate", "up", "--help"], { cwd: "/" });
    expect(built.stdout).toBe(source.stdout);
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
});
