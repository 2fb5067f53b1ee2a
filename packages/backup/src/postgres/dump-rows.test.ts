import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryParts, type MemoryParts } from "../../testing/rows-memory-parts.ts";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import { openPostgresSnapshot, type PostgresSnapshotOptions } from "./open-postgres-snapshot.ts";

let database: TestDatabase;
let db: Postgres;

beforeEach(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url });
});
afterEach(async () => {
  await db.close();
  await database.drop();
});

async function run(...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await db.query(sql);
}

async function dump(
  parts: MemoryParts,
  options: Partial<PostgresSnapshotOptions> = {},
): Promise<ReadonlyMap<string, TableManifest>> {
  await using snapshot = await openPostgresSnapshot({ postgres: db, parts, ...options });
  const tables = await snapshot.dumpRows();
  return new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]));
}

/** Every part of a table, one behind the other. */
function textOf(parts: MemoryParts, table: TableManifest | undefined): string {
  return (table?.parts ?? []).map(({ key }) => parts.finished.get(key)?.toString()).join("");
}

describe("dumpRows", () => {
  test("of an empty database is nothing", async () => {
    const parts = memoryParts();
    expect(await dump(parts)).toEqual(new Map());
    expect(parts.finished.size).toBe(0);
  });

  test("reads each table's own rows: of partitions, of those that inherit, and of any schema", async () => {
    await run(
      "CREATE TABLE part (k int, v text) PARTITION BY LIST (k)",
      "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)",
      "CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2) PARTITION BY LIST (v)",
      "CREATE TABLE part_2_a PARTITION OF part_2 FOR VALUES IN ('a')",
      "INSERT INTO part VALUES (1, 'one'), (2, 'a')",
      "CREATE TABLE parent (n int)",
      "CREATE TABLE child (m int) INHERITS (parent)",
      "INSERT INTO parent VALUES (1)",
      "INSERT INTO child VALUES (2, 3)",
      "CREATE SCHEMA ctb_data",
      "CREATE UNLOGGED TABLE ctb_data.history (n int)",
      "INSERT INTO ctb_data.history VALUES (7)",
      "CREATE MATERIALIZED VIEW seen AS SELECT * FROM parent",
      "CREATE VIEW looked AS SELECT * FROM parent",
    );
    const parts = memoryParts();
    const tables = await dump(parts);
    expect(
      Object.fromEntries([...tables].map(([name, table]) => [name, textOf(parts, table)])),
    ).toEqual({
      "ctb_data.history": "7\n",
      "public.child": "2\t3\n",
      "public.parent": "1\n",
      "public.part_1": "1\tone\n",
      "public.part_2_a": "2\ta\n",
    });
    expect([...tables.values()].every(({ rows }) => rows === 1)).toBe(true);
  });

  test("leaves generated columns out, keeps identities, and takes tables that have no column to read", async () => {
    await run(
      `CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, gone int, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, "B c" text)`,
      "ALTER TABLE made DROP COLUMN gone",
      `INSERT INTO made (a, "B c") VALUES (1, E'tab\\t'), (2, NULL)`,
      "CREATE TABLE nothing ()",
      "INSERT INTO nothing SELECT FROM generate_series(1, 3)",
      "CREATE TABLE only_made (twice int GENERATED ALWAYS AS (2) STORED)",
      "INSERT INTO only_made SELECT FROM generate_series(1, 2)",
      `CREATE TABLE wide (${Array.from({ length: 1600 }, (_, n) => `c${n} int`).join(", ")})`,
      "INSERT INTO wide (c0, c1599) VALUES (1, 2)",
    );
    const parts = memoryParts();
    const tables = await dump(parts);
    const made = tables.get("public.made");
    expect(made?.columns).toEqual(["id", "a", "B c"]);
    expect(made?.copyIn).toBe('COPY public.made (id, a, "B c") FROM STDIN');
    expect(textOf(parts, made)).toBe("1\t1\ttab\\t\n2\t2\t\\N\n");
    expect(tables.get("public.nothing")).toMatchObject({ rows: 3, copyIn: "COPY public.nothing FROM STDIN" }); // prettier-ignore
    expect(textOf(parts, tables.get("public.nothing"))).toBe("\n\n\n");
    expect(textOf(parts, tables.get("public.only_made"))).toBe("\n\n");
    expect(textOf(parts, tables.get("public.wide"))).toBe(`1\t${"\\N\t".repeat(1598)}2\n`);
  });

  test("gives tables of any name parts of their own", async () => {
    const names = [
      "Users",
      "users",
      "USERS",
      'a"b',
      "a/b",
      "a\nb",
      "..",
      "ü",
      "u\u0308",
      "%41",
      "con",
    ];
    for (const [index, name] of names.entries()) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await run(`CREATE TABLE ${quoted} (n int)`, `INSERT INTO ${quoted} VALUES (${index})`);
    }
    await run('CREATE SCHEMA "a.b"', 'CREATE TABLE "a.b".c (n int)', 'CREATE SCHEMA a', 'CREATE TABLE a."b.c" (n int)'); // prettier-ignore
    const long = "ж".repeat(31);
    await run(`CREATE SCHEMA ${long}`, `CREATE TABLE ${long}.${long} (n int)`, `CREATE TABLE ${long}."${"ж".repeat(30)}з" (n int)`); // prettier-ignore
    const parts = memoryParts();
    const tables = await dump(parts);
    for (const [index, name] of names.entries())
      expect([name, textOf(parts, tables.get(`public.${name}`))]).toEqual([name, `${index}\n`]);
    const keys = [...parts.finished.keys()];
    expect(new Set(keys.map((key) => key.toLowerCase().normalize("NFD"))).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).toMatch(/^postgres\/data\/[\w%.~-]{1,200}\/0000\.copy$/);
      expect(key.split("/")[2]).not.toMatch(/^\.+$/);
    }
    expect(keys).toContain("postgres/data/public.users/0000.copy");
  });

  test("cuts a large table by its pages: every row once, in the order of the table", async () => {
    await run(
      "CREATE TABLE large (n int, label text)",
      "INSERT INTO large SELECT n, repeat('x', n % 300) FROM generate_series(1, 50000) AS n",
      "DELETE FROM large WHERE n % 3 = 0",
    );
    const whole = memoryParts();
    const one = await dump(whole);
    const cut = memoryParts();
    const many = await dump(cut, { splitBytes: 1_000_000, jobs: 3 });
    const table = many.get("public.large");
    expect(one.get("public.large")?.parts.length).toBe(1);
    expect(table?.parts.length).toBeGreaterThan(5);
    expect(table?.rows).toBe(33_334);
    expect(table?.parts.every(({ rows, key }) => rows === (cut.finished.get(key)?.toString().split("\n").length ?? 0) - 1)).toBe(true); // prettier-ignore
    expect(textOf(cut, table) === textOf(whole, one.get("public.large"))).toBe(true);
  });

  test("counts a million rows as they are", async () => {
    await run("CREATE TABLE million AS SELECT n FROM generate_series(1, 1000000) AS n");
    const parts = memoryParts();
    const table = (await dump(parts, { splitBytes: 10_000_000 })).get("public.million");
    expect(table?.rows).toBe(1_000_000);
    expect(textOf(parts, table).split("\n").length).toBe(1_000_001);
  });

  test("reads values of 100 MB", async () => {
    await run(
      "CREATE TABLE big (n int, bytes bytea)",
      "INSERT INTO big SELECT 1, decode(repeat('00ff', 50000000), 'hex')",
    );
    const parts = memoryParts();
    const tables = await dump(parts);
    const body = parts.finished.get("postgres/data/public.big/0000.copy");
    expect(body?.length).toBe(200_000_000 + 6);
    expect(body?.subarray(0, 12).toString()).toBe("1\t\\\\x00ff00f");
    expect(tables.get("public.big")?.rows).toBe(1);
  });
});
