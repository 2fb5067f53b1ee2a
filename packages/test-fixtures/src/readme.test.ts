import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const packageFolder = join(import.meta.dirname, "..");
const { resolve } = createRequire(import.meta.url);

test("the README's example passes in a project with the seed's files", async () => {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  // Below the package, where its name is found.
  const folder = await mkdtemp(join(packageFolder, "testing", "readme-"));
  try {
    await writeFile(join(folder, "readme.sample.ts"), example);
    await cp(
      join(packageFolder, "testing/sample/vitest.config.ts"),
      join(folder, "vitest.config.ts"),
    );
    const registry = "db/registry/clnt_column_registry.yml";
    await cp(
      join(packageFolder, "../registry/seed/clnt_column_registry.yml"),
      join(folder, registry),
    );
    await cp(join(packageFolder, "../migrations/seed"), join(folder, "migrations"), {
      recursive: true,
    });
    const report = join(folder, "report.json");
    const vitest = join(dirname(resolve("vitest/package.json")), "vitest.mjs");
    const { VITEST: _inside, ...env } = process.env;
    await promisify(execFile)(
      process.execPath,
      [vitest, "run", "--root", folder, "--reporter=json", `--outputFile=${report}`],
      { cwd: folder, env },
    ).catch(() => undefined);
    expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({
      success: true,
      numPassedTests: 3,
      numFailedTestSuites: 0,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
