import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, test } from "vitest";
import { createTestDatabase, dropLeftoverDatabases } from "./create-test-database.ts";
import { testServer } from "./test-server.ts";

async function query<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

test("a test database is empty, its own, and gone after it was dropped", async () => {
  const database = await createTestDatabase();
  await query(database.url, "CREATE TABLE mine (id int)");
  const other = await createTestDatabase();
  expect(
    await query(other.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
  ).toEqual([]);
  await Promise.all([database.drop(), other.drop()]);
  await database.drop();
  await expect(query(database.url, "SELECT 1")).rejects.toThrow("does not exist");
});

test("databases created at the same moment do not disturb each other", async () => {
  const all = await Promise.all(Array.from({ length: 6 }, createTestDatabase));
  expect(new Set(all.map(({ name }) => name)).size).toBe(6);
  for (const database of all) {
    await using _ = database;
    expect(await query(database.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  }
});

test("the databases of a killed run are dropped, those of a living one are not", async () => {
  const script = `
    const { createTestDatabase } = await import(${JSON.stringify(fileURLToPath(new URL("./index.ts", import.meta.url)))});
    const { name } = await createTestDatabase();
    process.stdout.write(name);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const name = await new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk: Buffer) => {
      resolve(chunk.toString());
    });
  });
  await using mine = await createTestDatabase();
  const { url } = await testServer();
  const names = async (): Promise<readonly string[]> =>
    (await query<{ datname: string }>(url, "SELECT datname FROM pg_database")).map(
      ({ datname }) => datname,
    );

  await dropLeftoverDatabases();
  expect(await names()).toEqual(expect.arrayContaining([name, mine.name]));

  child.kill("SIGKILL");
  await once(child, "exit");
  // The server needs a moment to see that the session is gone.
  while ((await names()).includes(name)) await dropLeftoverDatabases();
  expect(await names()).toContain(mine.name);
});
