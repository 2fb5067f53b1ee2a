import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryParts, type MemoryParts } from "../../testing/rows-memory-parts.ts";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import { compareTable } from "./compare-table.ts";
import { setvalSql } from "./dump-sequences.ts";
import { openPostgresSnapshot, type PostgresSnapshotOptions } from "./open-postgres-snapshot.ts";
import { restoreRows, type RestoreRowsMode } from "./restore-rows.ts";
import { restoreSequences } from "./restore-sequences.ts";

let databases: readonly TestDatabase[];
let source: Postgres;
let target: Postgres;

beforeEach(async () => {
  databases = [await createTestDatabase(), await createTestDatabase()];
  source = await openPostgres({ url: databases[0]?.url });
  target = await openPostgres({ url: databases[1]?.url });
});
afterEach(async () => {
  await source.close();
  await target.close();
  for (const database of databases) await database.drop();
});

async function run(where: readonly Postgres[], ...statements: readonly string[]): Promise<void> {
  for (const db of where) for (const sql of statements) await db.query(sql);
}

async function dump(
  parts: MemoryParts,
  options: Partial<PostgresSnapshotOptions> = {},
): Promise<readonly TableManifest[]> {
  await using snapshot = await openPostgresSnapshot({ postgres: source, parts, ...options });
  return await snapshot.dumpRows();
}

async function restore(
  tables: readonly TableManifest[],
  parts: MemoryParts,
  mode: RestoreRowsMode = "empty",
): Promise<void> {
  await restoreRows({ postgres: target, tables, parts, mode });
}

async function rowsOf(table: string, db = target): Promise<readonly object[]> {
  return (await db.query(`SELECT * FROM ${table} ORDER BY 1`)).rows;
}

describe("restoreRows into empty tables", () => {
  test("brings every row back, in many parts and in one, and the comparison says so", async () => {
    const schema = [
      "CREATE TABLE large (n int, label text)",
      "CREATE TABLE small (n int, twice int GENERATED ALWAYS AS (n * 2) STORED)",
      "CREATE TABLE nothing ()",
      "CREATE TABLE none (n int)",
      "CREATE TABLE parent (n int)",
      "CREATE TABLE child (m int) INHERITS (parent)",
    ];
    await run([source, target], ...schema);
    await run(
      [source],
      "INSERT INTO large SELECT n, repeat('x', n % 300) || E'\\t\\\\ü\\n' FROM generate_series(1, 30000) AS n",
      "INSERT INTO small SELECT n FROM generate_series(1, 10) AS n",
      "INSERT INTO nothing SELECT FROM generate_series(1, 3)",
      "INSERT INTO parent VALUES (1)",
      "INSERT INTO child VALUES (2, 3)",
    );
    const parts = memoryParts();
    const tables = await dump(parts, { splitBytes: 500_000 });
    await restore(tables, parts);
    for (const table of tables) {
      const compared = await compareTable({ postgres: target, table, parts });
      expect([table.name, compared.equal]).toEqual([table.name, true]);
      expect(compared.rows).toBe(table.rows);
      // Parts that are loaded side by side may come in their order all the same.
      expect(compared.by).toBeOneOf(table.parts.length === 1 ? ["bytes"] : ["bytes", "rows"]);
    }
    expect(await rowsOf("small")).toEqual(await rowsOf("small", source));
  });

  test("refuses a table that has rows, one that is not there, and one that lacks a column", async () => {
    await run([source], "CREATE TABLE a (n int)", "CREATE TABLE b (n int, m int)");
    const parts = memoryParts();
    const tables = await dump(parts);
    await expect(restore(tables, parts)).rejects.toMatchObject({
      code: "NOT_FOUND",
      table: "public.a",
    });
    await run([target], "CREATE TABLE a (n int)", "CREATE TABLE b (n int)");
    await expect(restore(tables, parts)).rejects.toThrow("the columns m of public.b");
    await run([target], "ALTER TABLE b ADD m int", "INSERT INTO a VALUES (1)");
    await expect(restore(tables, parts)).rejects.toMatchObject({
      code: "NOT_EMPTY",
      table: "public.a",
    });
    expect(await rowsOf("a")).toEqual([{ n: 1 }]);
  });

  test.each([
    ["cut at the end of a row", (body: string) => body.slice(0, body.indexOf("\n5\t") + 1), "CORRUPT"], // prettier-ignore
    ["with another value", (body: string) => body.replace("\n5\tv5", "\n5\tv6"), "CORRUPT"],
  ])("a part %s leaves no row of it", async (_name, damage, code) => {
    await run([source, target], "CREATE TABLE t (n int, v text)");
    await run([source], "INSERT INTO t SELECT n, 'v' || n FROM generate_series(1, 9) AS n");
    const parts = memoryParts();
    const tables = await dump(parts);
    const [key = "", body] = [...parts.finished][0] ?? [];
    parts.damage(key, Buffer.from(damage(body?.toString() ?? "")));
    await expect(restore(tables, parts)).rejects.toMatchObject({ code });
    expect(await rowsOf("t")).toEqual([]);
  });

  test("a value that its column does not take leaves no row of the part", async () => {
    await run([source], "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1), (70000)");
    await run([target], "CREATE TABLE t (n smallint)");
    const parts = memoryParts();
    await expect(restore(await dump(parts), parts)).rejects.toMatchObject({
      code: "DATABASE_FAILED",
      table: "public.t",
      message: expect.stringContaining("70000"),
    });
    expect(await rowsOf("t")).toEqual([]);
  });

  test("a count of rows that is not the manifest's is an error", async () => {
    await run([source, target], "CREATE TABLE t (n int)");
    await run([source], "INSERT INTO t VALUES (1)");
    const parts = memoryParts();
    const tables = (await dump(parts)).map((table) => ({
      ...table,
      parts: table.parts.map((part) => ({ ...part, rows: 2 })),
    }));
    await expect(restore(tables, parts)).rejects.toMatchObject({ code: "NOT_EQUAL" });
    expect(await rowsOf("t")).toEqual([]);
  });
});

describe("restoreRows into tables that others depend on", () => {
  const schema = [
    "CREATE TABLE clients (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, best int REFERENCES clients)",
    "CREATE TABLE orders (id int PRIMARY KEY, client int CONSTRAINT their_client REFERENCES clients DEFERRABLE INITIALLY DEFERRED)",
    "COMMENT ON CONSTRAINT their_client ON orders IS 'mine'",
    "CREATE TABLE log (what text)",
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (TG_OP); NEW.name := upper(NEW.name); RETURN NEW; END'",
    "CREATE TRIGGER noted BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION note()",
    "CREATE TRIGGER quiet BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION note()",
    "ALTER TABLE clients DISABLE TRIGGER quiet",
    "ALTER TABLE clients ENABLE ALWAYS TRIGGER noted",
  ];
  const reactions = `SELECT conname AS name, pg_get_constraintdef(oid) || convalidated || coalesce(obj_description(oid), '') AS what FROM pg_constraint WHERE contype = 'f'
    UNION ALL SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`;

  async function fill(): Promise<readonly TableManifest[]> {
    await run([source, target], ...schema);
    await run(
      [source],
      "ALTER TABLE clients DISABLE TRIGGER ALL",
      "INSERT INTO clients (name, best) VALUES ('ann', 2), ('bob', 1), ('cid', NULL)",
      "INSERT INTO orders VALUES (10, 1), (11, 2)",
      "ALTER TABLE clients ENABLE TRIGGER ALL",
    );
    const tables = await dump(parts);
    return tables.filter(({ name }) => name !== "log");
  }
  let parts: MemoryParts;
  beforeEach(() => {
    parts = memoryParts();
  });

  test("empty: rows in a circle come back, no trigger runs, and everything is as it was", async () => {
    const tables = await fill();
    const before = (await target.query(reactions)).rows;
    await restore(tables, parts);
    expect(await rowsOf("clients")).toEqual(await rowsOf("clients", source));
    expect(await rowsOf("orders")).toEqual(await rowsOf("orders", source));
    expect(await rowsOf("log")).toEqual([]);
    expect((await target.query(reactions)).rows).toEqual(before);
    expect(before.length).toBe(4);
  });

  test("exact: what was there goes", async () => {
    const tables = await fill();
    await run(
      [target],
      "INSERT INTO clients (name) VALUES ('old'), ('older')",
      "INSERT INTO orders VALUES (99, 1)",
      "TRUNCATE log",
    );
    await restore(tables, parts, "exact");
    expect(await rowsOf("clients")).toEqual(await rowsOf("clients", source));
    expect(await rowsOf("orders")).toEqual(await rowsOf("orders", source));
    expect(await rowsOf("log")).toEqual([]);
  });

  test("exact of one table that would leave others without their rows changes nothing", async () => {
    const tables = await fill();
    await restore(tables, parts);
    await run([target], "INSERT INTO clients OVERRIDING SYSTEM VALUE VALUES (7, 'new')", "INSERT INTO orders VALUES (12, 7)"); // prettier-ignore
    const before = (await target.query(reactions)).rows;
    const clients = tables.filter(({ name }) => name === "clients");
    await expect(restore(clients, parts, "exact")).rejects.toMatchObject({
      code: "DATABASE_FAILED",
      message: expect.stringContaining("their_client"),
    });
    expect((await rowsOf("clients")).length).toBe(4);
    expect((await target.query(reactions)).rows).toEqual(before);
  });

  test("overwrite: rows of the same key are the archive's again, others stay", async () => {
    const tables = await fill();
    await restore(tables, parts);
    await run(
      [target],
      "UPDATE clients SET name = 'changed' WHERE id = 1",
      "DELETE FROM clients WHERE id = 3",
      "INSERT INTO clients OVERRIDING SYSTEM VALUE VALUES (7, 'new')",
      "INSERT INTO orders VALUES (12, 7)",
      "TRUNCATE log",
    );
    await restore(tables, parts, "overwrite");
    expect(await rowsOf("clients")).toEqual([
      { id: 1, name: "ann", best: 2 },
      { id: 2, name: "bob", best: 1 },
      { id: 3, name: "cid", best: null },
      { id: 7, name: "NEW", best: null },
    ]);
    expect((await rowsOf("orders")).length).toBe(3);
    expect(await rowsOf("log")).toEqual([]);
    const log = await dump(memoryParts()).then((all) => all.filter(({ name }) => name === "log"));
    await expect(restore(log, parts, "overwrite")).rejects.toMatchObject({ code: "REFUSED" });
  });

  test.each<RestoreRowsMode>(["exact", "overwrite"])(
    "%s that is stopped changes nothing",
    async (mode) => {
      const tables = await fill();
      await run([target], "INSERT INTO clients (name) VALUES ('old')");
      const before = (await target.query(reactions)).rows;
      const controller = new AbortController();
      const stopping = {
        read: async function* (
          ...args: Parameters<MemoryParts["read"]>
        ): AsyncGenerator<Uint8Array> {
          yield* parts.read(...args);
          if (args[0].key.includes("orders")) controller.abort();
        },
      };
      await expect(
        restoreRows({ postgres: target, tables, parts: stopping, mode, signal: controller.signal }),
      ).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await rowsOf("clients")).toEqual([{ id: 1, name: "OLD", best: null }]);
      expect((await target.query(reactions)).rows).toEqual(before);
    },
  );

  test("partitions with a foreign key of their parent are restored, and keep it", async () => {
    const parted = [
      "CREATE TABLE kinds (k int PRIMARY KEY)",
      "CREATE TABLE part (k int REFERENCES kinds, v text) PARTITION BY LIST (k)",
      "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)",
    ];
    await run([source, target], ...parted);
    await run([source], "INSERT INTO kinds VALUES (1)", "INSERT INTO part VALUES (1, 'one')");
    const tables = await dump(parts);
    await restore(tables, parts);
    expect(await rowsOf("part")).toEqual([{ k: 1, v: "one" }]);
    await expect(target.query("DELETE FROM kinds")).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATION" }); // prettier-ignore
    const only = tables.filter(({ name }) => name === "part_1");
    await restore(only, parts, "exact");
    expect(await rowsOf("part")).toEqual([{ k: 1, v: "one" }]);
    await expect(target.query("DELETE FROM kinds")).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATION" }); // prettier-ignore
  });
});

describe("compareTable", () => {
  test("sees one value, one row more or less, and rows that only changed places", async () => {
    await run([source, target], "CREATE TABLE t (n int, v text)");
    await run([source], "INSERT INTO t SELECT n, 'v' || n FROM generate_series(1, 1000) AS n");
    const parts = memoryParts();
    const [table] = await dump(parts);
    if (!table) throw new Error("no table");
    const compare = async (): Promise<object> =>
      await compareTable({ postgres: target, table, parts });
    await restore([table], parts);
    expect(await compare()).toEqual({ equal: true, by: "bytes", rows: 1000, expectedRows: 1000 });
    await run([target], "UPDATE t SET v = v WHERE n = 5");
    expect(await compare()).toMatchObject({ equal: true, by: "rows" });
    await run([target], "UPDATE t SET v = 'w5' WHERE n = 5");
    expect(await compare()).toMatchObject({ equal: false, rows: 1000 });
    await run([target], "DELETE FROM t WHERE n = 5");
    expect(await compare()).toMatchObject({ equal: false, rows: 999 });
    await run([target], "INSERT INTO t VALUES (5, 'v5'), (6, 'v6')");
    expect(await compare()).toMatchObject({ equal: false, rows: 1001 });
    // As many rows and bytes, but one twice.
    await run([target], "DELETE FROM t WHERE n = 7");
    expect(await compare()).toMatchObject({ equal: false, rows: 1000 });
  });
});

async function nextValues(db: Postgres): Promise<readonly object[]> {
  return (
    await db.query(
      `SELECT nextval('up') AS a, nextval('"Down''s"') AS b, nextval('unused') AS c, nextval('t_id_seq') AS d, nextval('t_g_seq') AS e, nextval('huge') AS f`,
    )
  ).rows;
}

describe("sequences", () => {
  test("come back where they were, called or not, up or down", async () => {
    const sequences = [
      "CREATE SEQUENCE up",
      `CREATE SEQUENCE "Down's" INCREMENT -1`,
      "CREATE SEQUENCE unused START 7",
      "CREATE TABLE t (id bigserial, g int GENERATED BY DEFAULT AS IDENTITY)",
      "CREATE SEQUENCE huge MAXVALUE 9223372036854775807",
    ];
    await run([source, target], ...sequences);
    await run(
      [source],
      "SELECT nextval('up') FROM generate_series(1, 5)",
      `SELECT nextval('"Down''s"') FROM generate_series(1, 5)`,
      "INSERT INTO t SELECT FROM generate_series(1, 3)",
      "SELECT setval('huge', 9223372036854775806)",
    );
    const parts = memoryParts();
    await using snapshot = await openPostgresSnapshot({ postgres: source, parts });
    const dumped = await snapshot.dumpSequences();
    await restoreSequences(target, dumped.sequences);
    const expected = [{ a: 6n, b: -6n, c: 7n, d: 4n, e: 4n, f: 9223372036854775807n }];
    expect(await nextValues(target)).toEqual(expected);
    await run([target], dumped.sequences.map(setvalSql).join("\n"));
    expect(await nextValues(target)).toEqual(expected);
    // What has gone on since does not go back.
    await run([target], "SELECT setval('up', 100)", "SELECT setval('t_id_seq', 1)");
    await restoreSequences(target, dumped.sequences, { raise: true });
    expect(await nextValues(target).catch(() => "huge is used up")).toBe("huge is used up");
    expect((await target.query("SELECT nextval('up') AS a, nextval('t_id_seq') AS d")).rows).toEqual([{ a: 102n, d: 5n }]); // prettier-ignore
  });
});
