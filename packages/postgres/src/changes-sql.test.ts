import {
  diffRegistries,
  parseRegistry,
  type Registry,
  type RegistryChange,
} from "@ctb-data/registry";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparableCatalog } from "../testing/comparable-schema.ts";
import { createTestDatabase } from "../testing/index.ts";
import { registryData, registryOf, runs, type RegistryData } from "../testing/random-registry.ts";
import { changesSql } from "./changes-sql.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";

const changesOf = (before: Registry, after: Registry) =>
  changesSql(diffRegistries(before, after), { before, after });

/** Gives tables and columns ids, so that what has another name on the other side is a rename. */
function withIds(data: RegistryData, order: readonly number[]): RegistryData {
  const tables = Object.entries(data.tables).map(([name, table], index) => {
    const columns = table.columns.map((column, place) => ({
      ...column,
      id: `c${(order[place] ?? 0) + place}`,
    }));
    const unique = new Set(columns.map(({ id }) => id)).size === columns.length;
    return [
      name,
      { ...table, id: `t${(index + (order[0] ?? 0)) % 5}`, ...(unique && { columns }) },
    ] as const;
  });
  return { ...data, tables: Object.fromEntries(tables) };
}

const registries = fc
  .tuple(registryData, fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }), fc.boolean())
  .map(([data, order, ids]) => registryOf(ids ? withIds(data, order) : data));

/** A column that makes room for another of its name: only contrived ids say that. */
function hasReplacedColumn(changes: readonly RegistryChange[]): boolean {
  return changes.some(
    (gone) =>
      gone.kind === "column-removed" &&
      changes.some(
        (come) =>
          come.kind === "column-added" &&
          come.table === gone.table &&
          come.column.name === gone.column.name,
      ),
  );
}

async function stateOf(db: Postgres, { schema }: Registry): Promise<unknown> {
  const catalog = await db.readCatalog({ schemas: [schema] });
  const sequences = catalog.sequences.map(({ type, ownedBy }) => ({ type, ownedBy }));
  return {
    schema: comparableCatalog(catalog),
    sequences: sequences.map((item) => JSON.stringify(item)).toSorted(),
  };
}

const withTables = (tables: string) => parseRegistry(`{ tables: { ${tables} } }`);

const moods = (values: string) =>
  parseRegistry(`
enums: { mood: { values: [${values}] } }
tables:
  t: { columns: [{ name: m, type: mood, default: "'ok'", check: "m <> 'sad'" }, { name: n, type: "mood[]" }] }
`);

const referring = (more: string) =>
  parseRegistry(`
tables:
  a: { columns: [{ name: id, type: serial, pk: true }] }
  b: { columns: [{ name: a_id, type: integer${more} }] }
`);

/** A hundred databases take a while on a busy machine. */
const slow = { timeout: 600_000 };

describe("changesSql", () => {
  test("leads from any registry to any other, and back", slow, async () => {
    await fc.assert(
      fc.asyncProperty(registries, registries, async (before, after) => {
        fc.pre(!hasReplacedColumn(diffRegistries(before, after)));
        await using fresh = await createTestDatabase();
        await using changed = await createTestDatabase();
        await using expected = await openPostgres({ url: fresh.url });
        await using db = await openPostgres({ url: changed.url });
        const { up, down } = changesOf(before, after);
        await db.query(schemaSql(before));
        const old = await stateOf(db, before);
        await expected.query(schemaSql(after));
        if (up !== "") await db.query(up);
        expect(await stateOf(db, after)).toEqual(await stateOf(expected, after));
        if (down !== "") await db.query(down);
        expect(await stateOf(db, before)).toEqual(old);
      }),
      { ...runs, endOnFailure: true },
    );
  });

  test("renames what has the same id, and keeps the rows", async () => {
    const before = parseRegistry(`
tables:
  people:
    id: t1
    columns:
      - { name: id, type: serial, pk: true }
      - { name: mail, id: c1, type: varchar(20), unique: true }
`);
    const after = parseRegistry(`
tables:
  clients:
    id: t1
    columns:
      - { name: id, type: serial, pk: true }
      - { name: email, id: c1, type: text, unique: true, nullable: false }
`);
    await using database = await createTestDatabase();
    await using db = await openPostgres({ url: database.url });
    await db.query(schemaSql(before));
    await db.query("INSERT INTO people (mail) VALUES ('a@example.org')");
    const { up, down, notes } = changesOf(before, after);
    await db.query(up);
    await db.query("INSERT INTO clients (email) VALUES ('b@example.org')");
    expect((await db.query("SELECT * FROM clients ORDER BY id")).rows).toEqual([
      { id: 1, email: "a@example.org" },
      { id: 2, email: "b@example.org" },
    ]);
    await db.query(down);
    expect((await db.query("SELECT count(*) FROM people")).rows).toEqual([{ count: 2n }]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain("clients.email");
  });

  test("exchanges the names of two tables and of two columns", async () => {
    const before = parseRegistry(`
tables:
  a: { id: t1, columns: [{ name: x, id: c1, type: serial, pk: true }, { name: "y", id: c2, type: text }] }
  b: { id: t2, columns: [{ name: x, type: serial, pk: true }] }
`);
    const after = parseRegistry(`
tables:
  b: { id: t1, columns: [{ name: "y", id: c1, type: serial, pk: true }, { name: x, id: c2, type: text }] }
  a: { id: t2, columns: [{ name: x, type: serial, pk: true }] }
`);
    await using database = await createTestDatabase();
    await using db = await openPostgres({ url: database.url });
    await db.query(schemaSql(before));
    await db.query("INSERT INTO a (y) VALUES ('of a')");
    await db.query(changesOf(before, after).up);
    expect((await db.query("SELECT * FROM b")).rows).toEqual([{ y: 1, x: "of a" }]);
  });

  test("adds a value to an enum where it stands, and makes the enum anew to take one away", async () => {
    const before = moods("sad, ok");
    const after = moods("sad, fine, ok");
    const { up, down, notes } = changesOf(before, after);
    expect(up).toBe("ALTER TYPE mood ADD VALUE 'fine' AFTER 'sad';\n");
    expect(notes).toEqual([]);
    await using database = await createTestDatabase();
    await using db = await openPostgres({ url: database.url });
    await db.query(schemaSql(before));
    await db.query(up);
    await db.query("INSERT INTO t (m, n) VALUES ('ok', '{sad,fine}')");
    await expect(db.query(down)).rejects.toMatchObject({ code: "INVALID_VALUE" });
    await db.query("UPDATE t SET n = '{sad}'");
    await db.query(down);
    await expect(db.query("UPDATE t SET m = 'sad'")).rejects.toMatchObject({
      constraint: "t_m_check",
    });
    expect((await db.query("INSERT INTO t DEFAULT VALUES RETURNING m")).rows).toEqual([
      { m: "ok" },
    ]);
  });

  test("checks old rows in a step of its own", () => {
    const { up, notes } = changesOf(
      referring(""),
      referring(", references: a.id, nullable: false"),
    );
    expect(up).toBe(`ALTER TABLE b ALTER COLUMN a_id SET NOT NULL;
ALTER TABLE b ADD CONSTRAINT b_a_id_fkey FOREIGN KEY (a_id) REFERENCES a (id) NOT VALID;
ALTER TABLE b VALIDATE CONSTRAINT b_a_id_fkey;
`);
    expect(notes.join(" ")).toContain("b.a_id becomes required");
  });

  test("says what is lost", () => {
    const a = "a: { columns: [{ name: id, type: serial, pk: true }] }";
    const { notes } = changesOf(
      withTables(`${a}, b: { columns: [{ name: x, type: text }] }`),
      withTables(a),
    );
    expect(notes).toEqual([
      "Table b is dropped with its rows. The way back makes it again, empty.",
    ]);
  });

  test("is empty for no changes", () => {
    const registry = parseRegistry("{ tables: { a: { columns: [{ name: x, type: text }] } } }");
    expect(changesOf(registry, registry)).toEqual({ up: "", down: "", notes: [] });
  });
});
