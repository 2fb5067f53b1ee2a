import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { runProgram } from "../../testing/program.ts";
import { testFolder } from "../../testing/test-folder.ts";

test("the bundle that is published finds its supervisor", async () => {
  await using folder = testFolder();
  const root = join(import.meta.dirname, "..", "..");
  // Inside of the package, where the bundle finds what it depends on.
  const bundle = join(root, "node_modules", ".cache", `bundle-${process.pid}`);
  onTestFinished(() => {
    rmSync(bundle, { recursive: true, force: true });
  });
  const tsup = join(root, "node_modules", "tsup", "dist", "cli-default.js");
  execFileSync(process.execPath, [tsup, "--out-dir", bundle], { cwd: root, stdio: "pipe" });
  await using program = runProgram(
    `const { startEmbeddedPostgres } = await import(${JSON.stringify(pathToFileURL(join(bundle, "embedded.js")).href)});
     const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(folder.path)}, durable: false });
     await server.createDatabase("works");
     await server.close();
     console.log("closed");`,
  );
  expect(await program.line()).toBe("closed");
});
