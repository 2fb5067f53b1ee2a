import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";
import { displayWidth } from "../terminal/display-width.ts";

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly result: string }[];
}

function resultsOf(stdout: string): Readonly<Record<string, string>> {
  const report: Report = JSON.parse(stdout);
  return Object.fromEntries(report.checks.map(({ name, result }) => [name, result]));
}

test("a fresh project has one thing to do: migrate; after that all is well", async () => {
  await using database = await createTestDatabase();
  const env = { DATABASE_URL: database.url };
  await using dir = await testDir();
  await runCliProcess(["init"], { cwd: dir.path });
  const fresh = await runCliProcess(["doctor", "--json"], { cwd: dir.path, env });
  expect(fresh).toMatchObject({ code: 0, stderr: "" });
  expect(resultsOf(fresh.stdout)).toEqual({
    node: "ok",
    configuration: "ok",
    "encryption key": "ok",
    "encrypted columns": "ok",
    registry: "ok",
    "vendor blueprints": "ok",
    "generated files": "ok",
    database: "ok",
    TLS: "ok",
    host: "ok",
    migrations: "warn",
  });
  await runCliProcess(["migrate", "up"], { cwd: dir.path, env });
  const after = await runCliProcess(["doctor"], { cwd: dir.path, env });
  expect(after.code).toBe(0);
  expect(after.stdout).toContain("All is well.");
});

test("each failure is a line of its own with what to do, and the exit code is 1", async () => {
  await using dir = await testDir({
    "db/registry/clnt_column_registry.yml": "tables: { pets: { colums: [] } }\n",
    ".env":
      "DATABASE_URL=postgres://u:hunter22@127.0.0.1:1/d\nDATA_ENCRYPTION_KEY=hunter22-too-short\n",
  });
  const { code, stdout, stderr } = await runCliProcess(["doctor", "--json"], { cwd: dir.path });
  expect(code).toBe(1);
  expect(resultsOf(stdout)).toMatchObject({
    node: "ok",
    registry: "fail",
    database: "fail",
    "encryption key": "fail",
  });
  expect(stdout + stderr).not.toContain("hunter22");
});

test("a configuration that is wrong is a failure of its own, not the end of it", async () => {
  await using dir = await testDir({ ".env": "DATABASE_POOL_SIZE=none\n" });
  const { code, stdout } = await runCliProcess(["doctor", "--json"], { cwd: dir.path });
  expect(code).toBe(1);
  expect(resultsOf(stdout)).toEqual({ node: "ok", configuration: "fail" });
});

test("a column that is to be encrypted needs a key", async () => {
  await using dir = await testDir({
    "db/registry/clnt_column_registry.yml":
      "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }, { name: chip, type: text, encrypted: true }] } }\n",
  });
  const { stdout } = await runCliProcess(["doctor", "--json"], {
    cwd: dir.path,
    env: { DATABASE_URL: "postgres://127.0.0.1:1/d" },
  });
  expect(resultsOf(stdout)).toMatchObject({ "encrypted columns": "fail", "encryption key": "ok" });
});

test("the table fits a terminal of 60 columns", async () => {
  await using dir = await testDir();
  const { stdout } = await runCliOnTerminal(["doctor"], {
    cwd: dir.path,
    env: { DATABASE_URL: "postgres://127.0.0.1:1/d" },
    columns: 60,
  });
  expect(stdout.split(/\r?\n/u).filter((line) => displayWidth(line) > 60)).toEqual([]);
});
