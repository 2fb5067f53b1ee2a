import { execFile } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Ends when the program does; one that goes on is stopped, and has no exit code then. */
async function run(...args: readonly string[]): Promise<unknown> {
  const program = [`--conditions=@ctb-data/source`, join(import.meta.dirname, "main.ts"), ...args];
  return await promisify(execFile)(process.execPath, program, { timeout: 20_000 }).catch(
    (error: unknown) => error,
  );
}

test("a file that cannot be imported ends the program", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "run-emulator-"));
  const file = join(folder.path, "bad.ndjson");
  await writeFile(file, "{}\n");
  expect(await run("--port", "0", "--import", file)).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("bad.ndjson, line 1"),
  });
});

test.each(["abc", "-1", "1.5", "", "65536"])("the port %j is wrong usage", async (port) => {
  expect(await run(`--port=${port}`)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/port is .*\nhint: Pass a whole number from 0 to 65535\.\n$/u),
  });
});
