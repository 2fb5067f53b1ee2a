import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, expect, test } from "vitest";
import { alive, serverProcesses } from "../testing/server-processes.ts";
import { testFolder } from "../testing/test-folder.ts";
import { startEmbeddedPostgres } from "./embedded.ts";
import { lockState, readLock } from "./embedded/generation-lock.ts";

/** Made once, and durable: the tests that use it run one after the other, and each leaves no server. */
const shared = testFolder();
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

test("a server starts in an empty folder, keeps its data over a restart, and its processes end with close()", async () => {
  await using folder = testFolder();
  const dataDir = join(folder.path, "not", "there yet");
  const first = await startEmbeddedPostgres({ dataDir });
  expect(first.version).toMatch(/^18\./);
  expect(await query(first.url, "SHOW server_version")).toEqual([first.version]);
  await query(first.url, "CREATE TABLE kept AS SELECT 42 AS value");
  const { all } = serverProcesses(first.dataDir);
  await first.close();
  await first.close();
  expect(alive(all)).toEqual([]);

  await using second = await startEmbeddedPostgres({ dataDir });
  expect(await query(second.url, "SELECT value FROM kept")).toEqual([42]);
});

test("the server is what the tests of others rely on: UTF8, C.UTF-8 of its own, UTC, only on 127.0.0.1, durable", async () => {
  await using server = await startEmbeddedPostgres({ dataDir: shared.path });
  const settings = [
    "server_encoding",
    "TimeZone",
    "listen_addresses",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
  ];
  const values = await query(
    server.url,
    `SELECT current_setting(name) FROM unnest('{${settings.join()}}'::text[]) AS name`,
  );
  expect(values).toEqual(["UTF8", "UTC", "127.0.0.1", "on", "on", "on"]);
  const locale =
    "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = 'template1'";
  expect(await query(server.url, locale)).toEqual(["b C.UTF-8"]);
});

test("durable: false does not wait for the disk, and what it leaves is brought to the disk before durable: true", async () => {
  const fast = await startEmbeddedPostgres({
    dataDir: shared.path,
    durable: false,
    settings: { work_mem: "7MB" },
  });
  const settings =
    "SELECT current_setting(name) FROM unnest('{fsync,synchronous_commit,full_page_writes,work_mem}'::text[]) AS name";
  expect(await query(fast.url, settings)).toEqual(["off", "off", "off", "7MB"]);
  await fast.close();
  expect(statSync(join(shared.path, "unsynced"), { throwIfNoEntry: false })).toBeDefined();
  await using safe = await startEmbeddedPostgres({ dataDir: shared.path });
  expect(await query(safe.url, "SHOW fsync")).toEqual(["on"]);
  expect(statSync(join(shared.path, "unsynced"), { throwIfNoEntry: false })).toBeUndefined();
});

test("the password is needed, and only the owner of the folder can read it", async () => {
  await using server = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  const wrong = new URL(server.url);
  wrong.password = "guessed";
  await expect(query(wrong.href, "SELECT 1")).rejects.toThrow("password authentication failed");
  for (const name of ["password", "server.log", "port"]) {
    expect([name, statSync(join(shared.path, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  expect(statSync(join(shared.path, "data")).mode & 0o777).toBe(0o700);
  const { all } = serverProcesses(server.dataDir);
  const password = new URL(server.url).password;
  expect(all.filter(({ command }) => command.includes(password))).toEqual([]);
  expect(readFileSync(join(shared.path, "server.log"), "utf8")).not.toContain(password);
});

test("databases of any name are created, also from a template, and dropped with people in them", async () => {
  await using server = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  const name = `it's "ö" 100% db`;
  await server.createDatabase(name);
  await query(server.urlOf(name), "CREATE TABLE template AS SELECT 1 AS one");
  await server.createDatabase("copy", { template: name });
  expect(await query(server.urlOf("copy"), "SELECT one, current_database() FROM template")).toEqual(
    [1, "copy"],
  );
  await expect(server.createDatabase(name)).rejects.toMatchObject({
    name: "PostgresError",
    sqlState: "42P04",
  });

  const inside = new Client(server.urlOf(name));
  inside.on("error", () => {});
  await inside.connect();
  await server.dropDatabase(name);
  await server.dropDatabase(name);
  await inside.end();
  expect(
    await query(server.url, "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"),
  ).toEqual(["copy", "postgres"]);
});

test("onLog gets the lines of the server, and they are in server.log", async () => {
  const lines: string[] = [];
  await using server = await startEmbeddedPostgres({
    dataDir: shared.path,
    durable: false,
    onLog: (line) => lines.push(line),
  });
  await expect(query(server.url, "SELECT 1 / 0 AS grüße")).rejects.toThrow("division by zero");
  await expect.poll(() => lines.join("\n")).toContain("grüße");
  expect(readFileSync(join(shared.path, "server.log"), "utf8")).toContain("grüße");
});

test("a port that is free is taken, the same again after a restart, and one that is taken is refused", async () => {
  await using folder = testFolder();
  const first = await startEmbeddedPostgres({ dataDir: join(folder.path, "a"), durable: false });
  const { port } = first;
  await expect(
    startEmbeddedPostgres({ dataDir: join(folder.path, "b"), durable: false, port }),
  ).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: `Port ${port} of 127.0.0.1 is taken.`,
  });
  await first.close();
  await using second = await startEmbeddedPostgres({
    dataDir: join(folder.path, "a"),
    durable: false,
  });
  expect(second.port).toBe(port);
});

test.each([
  [{ port: 0 }, "port must be a whole number"],
  [{ port: 70_000 }, "port must be a whole number"],
  [{ settings: { "bad name": "1" } }, "is no setting of PostgreSQL"],
  [{ settings: { Port: "1" } }, "decided by startEmbeddedPostgres"],
])(
  "options that cannot be are refused before anything is touched: %j",
  async (options, message) => {
    await using folder = testFolder();
    const dataDir = join(folder.path, "untouched");
    const start = startEmbeddedPostgres({ dataDir, ...options });
    await expect(start).rejects.toMatchObject({ name: "PostgresError", code: "INVALID_OPTIONS" });
    await expect(start).rejects.toThrow(message);
    expect(statSync(dataDir, { throwIfNoEntry: false })).toBeUndefined();
  },
);

test("a setting that PostgreSQL refuses is an error that quotes the server, and the next start works", async () => {
  const start = startEmbeddedPostgres({
    dataDir: shared.path,
    durable: false,
    settings: { work_mem: "lots" },
  });
  await expect(start).rejects.toMatchObject({ code: "SERVER_FAILED" });
  await expect(start).rejects.toThrow('invalid value for parameter "work_mem": "lots"');
  await using server = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  expect(await query(server.url, "SELECT 1")).toEqual([1]);
});

test("a start can be given up by signal and by time, and leaves nothing running", async () => {
  await using folder = testFolder();
  const dataDir = folder.path;
  const given = AbortSignal.abort(new Error("changed my mind"));
  await expect(startEmbeddedPostgres({ dataDir, signal: given })).rejects.toMatchObject({
    code: "CANCELLED",
  });
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort();
  }, 150);
  await expect(startEmbeddedPostgres({ dataDir, signal: controller.signal })).rejects.toMatchObject(
    { code: "CANCELLED" },
  );
  await expect(startEmbeddedPostgres({ dataDir, startTimeoutMs: 100 })).rejects.toMatchObject({
    code: "TIMEOUT",
  });
  const holder = readLock(dataDir);
  await expect
    .poll(() => holder === undefined || lockState(holder), { timeout: 20_000 })
    .not.toBe("held");
  // Whatever was half done is done again.
  await using server = await startEmbeddedPostgres({ dataDir, durable: false });
  expect(await query(server.url, "SELECT 1")).toEqual([1]);
});
