import { once } from "node:events";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { resultOf, runCliProcess, startCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";

test("dev runs the embedded server until Ctrl-C, shares it with other commands, and keeps its data", async () => {
  await using dir = await testDir({ "migrations/001_pets.sql": "CREATE TABLE pets (id int);\n" });
  const child = startCliProcess(["dev", "--migrate", "--json"], { cwd: dir.path });
  const ended = resultOf(child);
  const [line]: readonly unknown[] = child.stdout === null ? [] : await once(child.stdout, "data");
  const { url }: { url: string } = JSON.parse(String(line));
  {
    await using db = await openPostgres({ url });
    await db.query("INSERT INTO pets VALUES (7)");
  }
  const status = await runCliProcess(["migrate", "status"], { cwd: dir.path });
  expect(status).toMatchObject({
    code: 0,
    stderr: "Embedded PostgreSQL in .ctb-data/postgres (no DATABASE_URL).\n",
  });
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  await expect(openPostgres({ url, connectRetries: 0 })).rejects.toMatchObject({
    code: "CONNECTION_FAILED",
  });
  const after = await runCliProcess(["migrate", "verify", "--json"], { cwd: dir.path });
  expect(JSON.parse(after.stdout)).toMatchObject({ ok: true, checked: 1 });
  expect(await dir.read(".ctb-data/.gitignore")).toBe("*\n");
});

test("dev prints a URL that can be copied into .env, and says what ends it", async () => {
  await using dir = await testDir();
  const child = startCliProcess(["dev"], { cwd: dir.path });
  child.stdout?.on("data", (text: Buffer) => {
    if (text.includes("Ctrl-C stops it.")) {
      child.kill("SIGTERM");
    }
  });
  const { code, stdout } = await resultOf(child);
  expect(code).toBe(130);
  expect(stdout).toMatch(/^DATABASE_URL=postgres:\/\/\S+@127\.0\.0\.1:\d+\/postgres$/mu);
});

test("dev in production is refused with 4", async () => {
  await using dir = await testDir();
  const { code, stderr } = await runCliProcess(["dev"], {
    cwd: dir.path,
    env: { NODE_ENV: "production" },
  });
  expect(code).toBe(4);
  expect(stderr).toContain("(EMBEDDED_IN_PRODUCTION)");
});
