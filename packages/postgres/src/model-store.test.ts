import { Blueprint, Client, type ClientInput, type ClientValue, modelsOf } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/index.ts";
import { openPostgres } from "./open-postgres.ts";
import type { Postgres } from "./postgres.ts";
import { schemaSql } from "./schema-sql.ts";
import type { TableStore } from "./table-store.ts";

const registry = parseRegistry(`
enums:
  status: { values: [new, open, done] }
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(255), required: true }
      - { name: email, type: varchar(255), unique: true }
      - { name: created_at, type: timestamp, default: now() }
    firestore: { collection: clients, id: id }
  orders:
    columns:
      - { name: shop, type: text, nullable: false }
      - { name: number, type: integer, nullable: false }
      - { name: status, type: status, nullable: false, default: "'new'" }
      - { name: total, type: "numeric(10,2)" }
      - { name: big, type: bigint }
      - { name: at, type: timestamptz }
      - { name: tags, type: "text[]" }
      - { name: data, type: jsonb }
      - { name: note, type: json }
    primary_key: [shop, number]
  logs:
    columns: [{ name: line, type: text }]
`);

let database: TestDatabase;
let db: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openPostgres({ url: database.url, registry });
  await db.query(schemaSql(registry));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query("TRUNCATE clients, orders, logs RESTART IDENTITY");
});

describe("table(Client)", () => {
  test("gives instances of the class, with every column", async () => {
    const clients = db.table(Client);
    const acme = await clients.insert({ name: "Acme", email: "a@example.org" });
    expect(acme).toBeInstanceOf(Client);
    expect(acme.id).toBe(1);
    expect(acme.toDocument()).toMatchObject({ id: "1", data: { name: "Acme" } });
    expect(acme.toRow()).toEqual((await db.query("SELECT * FROM clients")).rows[0]);

    expectTypeOf(acme).toExtend<Client>();
    expectTypeOf(acme.id).toEqualTypeOf<number>();
    expectTypeOf(acme.created_at).toEqualTypeOf<string | null>();
    expectTypeOf(await clients.find()).items.toEqualTypeOf<typeof acme>();
    expectTypeOf(await clients.get(1)).toEqualTypeOf<typeof acme | undefined>();
    expectTypeOf(clients).toEqualTypeOf<TableStore<ClientValue, ClientInput, typeof acme>>();
  });

  test("gives them by every way that rows come back", async () => {
    const clients = db.table(Client);
    const inserted = await clients.insert([{ name: "A", email: "a" }, { name: "B" }]);
    const [kept] = await clients.upsert([{ name: "C", email: "a" }], {
      conflict: ["email"],
      update: [],
    });
    const rows = [
      ...inserted,
      kept,
      await clients.get(1),
      ...(await clients.find()),
      await clients.upsert({ id: 1, name: "A2" }),
    ];
    for (const row of rows) expect(row).toBeInstanceOf(Client);
    for await (const row of db.copyOut(Client)) {
      expectTypeOf(row.id).toEqualTypeOf<number>();
      expect(row).toBeInstanceOf(Client);
      expect(row.toDocument().id).toBe(String(row.id));
    }
    await db.transaction(async (tx) =>
      expect(await tx.table(Client).get(2)).toBeInstanceOf(Client),
    );
  });

  test("takes instances as inputs, too", async () => {
    const client = Client.parse({ name: "Acme" });
    expect(await db.table(Client).insert(client)).toMatchObject({
      id: 1,
      name: "Acme",
      email: null,
    });
    expect(await db.copyIn(Client, [Client.parse({ id: 7, name: "B" })])).toEqual({ rows: 1 });
    expect(await db.table(Client).get(7)).toMatchObject({ name: "B" });
  });

  test("of a model or a name gives plain rows", async () => {
    const acme = await db.table(Client.model).insert({ name: "Acme" });
    expectTypeOf(acme).toEqualTypeOf<Readonly<Required<ClientValue>>>();
    expectTypeOf(db.table("clients")).toEqualTypeOf<TableStore>();
    expect(acme).not.toBeInstanceOf(Client);
    expect(await db.table("clients").get(1)).toEqual(acme);
  });

  test("refuses what the types refuse", async () => {
    const clients = db.table(Client);
    // @ts-expect-error -- a name is required
    await expect(clients.insert({ email: "x" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    // @ts-expect-error -- there is no such column
    await expect(clients.find({ mail: "x" })).rejects.toMatchObject({
      code: "UNKNOWN_OBJECT",
      columns: ["mail"],
    });
    // @ts-expect-error -- methods are not columns
    await expect(clients.find({ toRow: "x" })).rejects.toMatchObject({ code: "UNKNOWN_OBJECT" });
    // @ts-expect-error -- nor can anything be ordered by them
    await expect(clients.find({}, { orderBy: { toRow: "asc" } })).rejects.toMatchObject({
      code: "UNKNOWN_OBJECT",
    });
    await expect(clients.insert({ name: "x".repeat(256) })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
    await expect(clients.insert({ name: "nul\0" })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
  });

  test("of a table that the registry does not have says which it has", () => {
    expect(() => db.table(Blueprint)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_OBJECT", hint: expect.stringContaining("clients") }),
    );
    expect(() => db.table("client")).toThrow(expect.objectContaining({ code: "UNKNOWN_OBJECT" }));
  });
});

describe("insert, update, delete", () => {
  test("a list comes back in its order, whatever columns its rows have", async () => {
    const inputs = Array.from({ length: 6000 }, (_, index) =>
      index % 1000 === 7 ? { name: `n${index}` } : { name: `n${index}`, email: `e${index}` },
    );
    const rows = await db.table(Client).insert(inputs);
    expect(rows.map(({ id, name }) => [id, name])).toEqual(
      inputs.map(({ name }, index) => [index + 1, name]),
    );
    expect(await db.table(Client).insert([])).toEqual([]);
  });

  test("a list is stored whole or not at all", async () => {
    const inputs = Array.from({ length: 6000 }, (_, index) => ({
      name: "n",
      email: `e${index % 5990}`,
    }));
    await expect(db.table(Client).insert(inputs)).rejects.toMatchObject({
      code: "CONSTRAINT_VIOLATION",
      sqlState: "23505",
      constraint: "clients_email_key",
      columns: ["email"],
      table: "clients",
    });
    expect(await db.table(Client).count()).toBe(0);
    expect(await db.health()).toMatchObject({ ok: true });
  });

  test("a row of defaults only is inserted", async () => {
    expect(await db.table("logs").insert({})).toEqual({ line: null });
    expect(await db.table("logs").insert([{}, { line: "x" }, {}])).toEqual([
      { line: null },
      { line: "x" },
      { line: null },
    ]);
  });

  test("a null is not a default", async () => {
    const row = await db.table(Client).insert({ name: "x", created_at: null });
    expect(row.created_at).toBeNull();
  });

  test("update changes what the condition finds, and nothing without one", async () => {
    const clients = db.table(Client);
    await clients.insert([{ name: "a", email: "1" }, { name: "a" }, { name: "b" }]);
    expect(
      await clients.update({ name: "a" }, { email: null, created_at: "2026-01-01T00:00:00" }),
    ).toBe(2);
    expect(await clients.update(3, { name: "c" })).toBe(1);
    expect(await clients.update(99, { name: "c" })).toBe(0);
    expect(await clients.update({ name: "c" }, {})).toBe(0);
    await expect(clients.update({}, { name: "x" })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
    await expect(
      clients.update(Object.fromEntries([["name", undefined]]), { name: "x" }),
    ).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
    expect(await clients.update({}, { name: "x" }, { all: true })).toBe(3);
    expect((await clients.find({}, { orderBy: { id: "asc" } })).map(({ name, email, created_at }) => [name, email, created_at?.length])).toEqual([
      ["x", null, 19], ["x", null, 19], ["x", null, expect.any(Number)],
    ]); // prettier-ignore
  });

  test("a wrong change names its column, and does nothing", async () => {
    const clients = db.table(Client);
    await clients.insert({ name: "a" });
    // @ts-expect-error -- not a text
    await expect(clients.update(1, { name: 5 })).rejects.toMatchObject({
      code: "INVALID_VALUE",
      columns: ["name"],
    });
    // @ts-expect-error -- not nullable
    await expect(clients.update(1, { name: null })).rejects.toMatchObject({
      code: "INVALID_VALUE",
    });
    // @ts-expect-error -- no such column
    await expect(clients.update(1, { nom: "x" })).rejects.toMatchObject({ code: "UNKNOWN_OBJECT" });
    expect(await clients.get(1)).toMatchObject({ name: "a" });
  });

  test("delete deletes what the condition finds, and nothing without one", async () => {
    const clients = db.table(Client);
    await clients.insert([{ name: "a" }, { name: "a" }, { name: "b" }, { name: "c" }]);
    expect(await clients.delete(4)).toBe(1);
    expect(await clients.delete({ name: "a", id: { gt: 1 } })).toBe(1);
    await expect(clients.delete({})).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      hint: expect.stringContaining("all: true"),
    });
    expect(await clients.delete({}, { all: true })).toBe(2);
  });
});

describe("upsert", () => {
  test("inserts, or overwrites what the input has", async () => {
    const orders = db.table("orders");
    const first = { shop: "a", number: 1, status: "open", total: "1.00" };
    expect(await orders.upsert(first)).toMatchObject(first);
    expect(await orders.upsert({ shop: "a", number: 1, total: "2.00" })).toMatchObject({
      ...first,
      total: "2.00",
    });
    expect(await orders.upsert({ shop: "a", number: 1 })).toMatchObject({ total: "2.00" });
    const changed = { shop: "a", number: 1, status: "done", total: "3.00" };
    expect(await orders.upsert(changed, { update: ["total"] })).toMatchObject({
      status: "open",
      total: "3.00",
    });
    expect(await orders.count()).toBe(1);
  });

  test("of a row that stays as it is gives the row that is there", async () => {
    const clients = db.table(Client);
    await clients.insert({ name: "old", email: "a" });
    const kept = await clients.upsert(
      [{ name: "new", email: "a" }, { name: "other", email: "b" }],
      { conflict: ["email"], update: [] },
    ); // prettier-ignore
    expect(kept.map(({ id, name }) => [id, name])).toEqual([
      [1, "old"],
      [expect.any(Number), "other"],
    ]);
  });

  test("by columns without a constraint, or twice the same row, is refused by the server in its words", async () => {
    const clients = db.table(Client);
    await expect(clients.upsert({ name: "a" }, { conflict: ["name"] })).rejects.toMatchObject({
      sqlState: "42P10",
    });
    const twice = [{ id: 1, name: "a" }, { id: 1, name: "b" }]; // prettier-ignore
    await expect(clients.upsert(twice)).rejects.toMatchObject({ sqlState: "21000" });
  });
});

describe("hostile names", () => {
  const names = [
    "__proto__",
    "constructor",
    "toRow",
    "select",
    'quo"te',
    "größe",
    "Group",
    "e mail",
    "prototype",
    "$1",
    "'",
    "\\",
  ];
  const wild = parseRegistry(
    JSON.stringify({
      enums: { 'Ki"nd': { values: ["a'b"] } },
      tables: Object.fromEntries(
        ["constructor", 'Or"der; --', "sélect", "user"].map((table) => [
          table,
          {
            columns: [
              { name: "id", type: "serial", pk: true },
              ...names.map((name) => ({ name, type: "text" })),
              { name: "kind", type: 'Ki"nd' },
            ],
          },
        ]),
      ),
    }),
  );

  test("of tables and columns are data to every method", async () => {
    await using fresh = await createTestDatabase();
    await using odd = await openPostgres({ url: fresh.url, registry: wild });
    await odd.query(schemaSql(wild));
    for (const [table, model] of modelsOf(wild)) {
      const row = Object.fromEntries([
        ...names.map((name) => [name, `of ${name}`]),
        ["kind", "a'b"],
      ]);
      const store = odd.table(table);
      const stored = await store.insert(row);
      expect(Object.keys(stored)).toEqual([...model.table.columns.keys()]);
      expect(Object.entries(stored).slice(1)).toEqual(Object.entries(row));
      expect(Object.getPrototypeOf(stored)).toBe(Object.prototype);
      for (const name of names) {
        const where = Object.fromEntries([[name, `of ${name}`]]);
        expect(await store.find(where, { orderBy: Object.fromEntries([[name, "desc"]]) })).toEqual([
          stored,
        ]);
        expect(await store.update(where, where)).toBe(1);
      }
      await odd.copyIn(table, [Object.fromEntries([["id", 2], ...Object.entries(row)])]);
      await store.insert(
        Array.from({ length: 60 }, (_, index) =>
          Object.fromEntries([["id", index + 3], ...Object.entries(row)]),
        ),
      );
      expect(await store.upsert(stored)).toEqual(stored);
      for await (const copied of odd.copyOut(table))
        expect(Object.entries(copied).slice(1)).toEqual(Object.entries(row));
      expect(await store.delete(Object.fromEntries([["__proto__", "of __proto__"]]))).toBe(62);
    }
  });
});

test("a statement whose plan went stale is prepared again", async () => {
  await using fresh = await createTestDatabase();
  await using small = await openPostgres({ url: fresh.url, registry, poolSize: 1 });
  await small.query(schemaSql(registry));
  await small.table(Client).insert({ name: "a" });
  await small.table(Client).get(1);
  await small.query(
    "ALTER TABLE clients ALTER COLUMN name TYPE text, ALTER created_at TYPE timestamptz",
  );
  expect(await small.table(Client).get(1)).toMatchObject({ name: "a" });
  expect(await small.table(Client).get(1)).toMatchObject({ name: "a" });
  await small.query("DEALLOCATE ALL");
  expect(await small.table(Client).insert({ name: "b" })).toMatchObject({ id: 2 });
  expect(await small.table(Client).get(2)).toMatchObject({ name: "b" });
});
