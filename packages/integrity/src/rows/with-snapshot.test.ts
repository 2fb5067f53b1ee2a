import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { rowsWorld } from "../../testing/rows-world.ts";
import { localServer, startReplicatedServers } from "../../testing/standby.ts";
import { checkRows } from "./check-rows.ts";
import { prepareScan } from "./prepare-scan.ts";
import type { TableScan } from "./row-rule.ts";
import { scanTable, sendKeys } from "./scan-table.ts";
import { withSnapshot } from "./with-snapshot.ts";

const orders: TableScan = {
  table: "public.orders",
  name: "orders",
  key: ["id"],
  estimatedRows: 2,
  rules: [],
  references: [
    {
      subject: { id: "orphan", kind: "orphan", severity: "error", columns: ["client_id"], message: String, hidden: false },
      columns: ["client_id"],
      referencedTable: "public.clients",
      referencedColumns: ["id"],
      match: "simple",
    },
  ],
  keys: [],
}; // prettier-ignore

test("all sessions see one moment, cannot write, print values alike, and leave nothing in the pool", async () => {
  await using world = await rowsWorld("CREATE TABLE t (at timestamptz, f float8, b bytea)");
  await world.run("INSERT INTO t VALUES ('2026-07-01 12:00+02', 0.1, '\\x01')");
  const registry = parseRegistry("schema: shop\ntables: {}");
  await using db = await openPostgres({ url: world.url, registry, poolSize: 3 });
  await world.run(
    `ALTER DATABASE ${new URL(world.url).pathname.slice(1)} SET DateStyle = 'German'`,
  );
  const seen = await withSnapshot(db, { connections: 8 }, async ({ connections, takenAt }) => {
    expect(takenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await world.run("DELETE FROM t");
    const texts: unknown[] = [];
    for (const connection of connections) {
      await expect(connection.query("SAVEPOINT s; CREATE TABLE x ()")).rejects.toThrow("read-only");
      await connection.query("ROLLBACK TO s");
      const { rows } = await connection.query("SELECT at::text, f::text, b::text FROM public.t");
      const path = await connection.query("SHOW search_path");
      texts.push([rows, path.rows]);
    }
    return texts;
  });
  const row = { at: "2026-07-01 10:00:00+00", f: "0.1", b: String.raw`\x01` };
  const path = { search_path: 'pg_catalog, shop, "$user", public' };
  expect(seen).toEqual([[[row], [path]], [[row], [path]]]); // prettier-ignore
  expect((await db.query("SHOW transaction_read_only")).rows).toEqual([{ transaction_read_only: "off" }]); // prettier-ignore
});

test("a pooler is refused, with the host behind it, and so is a number of connections that is none", async () => {
  await using world = await rowsWorld();
  const pooled = Object.create(world.db, {
    description: { value: "ep-cool-1-pooler.eu.neon.tech:5432/main" },
  });
  await expect(checkRows(pooled, [])).rejects.toMatchObject({
    code: "POOLED_HOST",
    hint: expect.stringContaining("ep-cool-1.eu.neon.tech"),
  });
  await expect(checkRows(world.db, [], { connections: 0 })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
});

test("a table that somebody locks ends in a LOCK_TIMEOUT with its name, where the session has one", async () => {
  await using world = await rowsWorld("CREATE TABLE clients (id int)", "CREATE TABLE orders (id int PRIMARY KEY, client_id int)"); // prettier-ignore
  await world.run(`ALTER DATABASE ${new URL(world.url).pathname.slice(1)} SET lock_timeout = '100ms'`); // prettier-ignore
  await using db = await openPostgres({ url: world.url });
  await world.db.withConnection(async (connection) => {
    await connection.query("BEGIN; LOCK TABLE orders");
    await expect(checkRows(db, [orders])).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
      table: "public.orders",
    });
    await connection.query("ROLLBACK");
  });
  expect((await checkRows(db, [orders])).findings).toEqual([]);
});

test("a million violations are read without being held", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE clients (id int)",
    "CREATE TABLE orders (id int PRIMARY KEY, client_id int)",
    "INSERT INTO orders SELECT n, n FROM generate_series(1, 1000000) AS n",
  );
  await withSnapshot(world.db, { connections: 1 }, async ({ connections: [connection] }) => {
    const plan = connection && (await prepareScan(connection, orders));
    if (!plan) throw new Error("There is a session, and the table.");
    await sendKeys(connection, plan);
    let count = 0;
    let mostRows = 0;
    let mostBytes = 0;
    for await (const violations of scanTable(connection, plan)) {
      count += violations.length;
      mostRows = Math.max(mostRows, violations.length);
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
    }
    expect(count).toBe(1_000_000);
    // The text of all of them is 26 MB; it comes in chunks of 0.5.
    expect(mostRows).toBeLessThan(40_000);
    expect(mostBytes).toBeLessThan(20_000_000);
  });
});

test.skipIf(localServer === undefined)(
  "a read replica is checked by several sessions",
  async () => {
    await using servers = await startReplicatedServers(localServer ?? "");
    await using primary = await openPostgres({ url: servers.primary });
    await primary.query("CREATE TABLE clients (id int)");
    await primary.query("CREATE TABLE orders (id int PRIMARY KEY, client_id int)");
    await primary.query("INSERT INTO orders VALUES (1, NULL), (2, 7)");
    await using standby = await openPostgres({ url: servers.standby });
    const there = "SELECT FROM pg_class WHERE relname = 'orders' AND relkind = 'r'";
    while ((await standby.query(there)).rowCount === 0) await sleep(20);
    while ((await standby.query("SELECT FROM orders")).rowCount === 0) await sleep(20);
    const sessions = await withSnapshot(standby, {}, async ({ connections }) => {
      await Promise.resolve();
      return connections.length;
    });
    expect(sessions).toBe(4);
    const { findings } = await checkRows(standby, [orders]);
    expect(findings.map(({ count, examples }) => [count, examples])).toEqual([[1, [{ key: { id: "2" }, values: { client_id: "7" } }]]]); // prettier-ignore
  },
);
