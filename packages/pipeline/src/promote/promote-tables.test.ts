import { createHash } from "node:crypto";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import { describe, expect, test } from "vitest";
import {
  promoteAll,
  promoteWorld,
  promoteWorldAt,
  testKeyring,
  wordsOf,
} from "../../testing/promote-world.ts";
import { openPromoter } from "./open-promoter.ts";

const clients = `
enums:
  Kind of: { values: [a, "it's, {b}"] }
tables:
  clients:
    columns:
      - { name: id, type: bigserial, primary_key: true }
      - { name: email, type: text, unique: true, encrypted: { blind_index: { normalize: lowercase } } }
      - { name: kind, type: Kind of }
      - { name: kinds, type: "Kind of[]" }
      - { name: grid, type: "integer[][]" }
      - { name: data, type: jsonb }
      - { name: bytes, type: bytea }
      - { name: price, type: "numeric(10,2)" }
      - { name: at, type: timestamptz }
      - { name: length, type: interval }
      - { name: char, type: char(3) }
`;

const everything = {
  email: "Ann@x.org",
  kind: "it's, {b}",
  kinds: ["a", null, "it's, {b}"],
  grid: [
    [1, 2],
    [3, 4],
  ],
  data: { a: [1, "\\n\t", null] },
  bytes: Uint8Array.of(0, 92, 255),
  price: "12.50",
  at: "2026-01-31T04:05:06.123456Z",
  length: "1 day 02:00:00",
  char: "ab ",
};

test("values of every kind become what they are, encrypted ones too, and a row is found by the blind index of its key", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  expect(wordsOf(await promoteAll(promoter, { b: { row: everything } }))).toEqual({
    b: "inserted",
  });
  const table = w.postgres.table("clients");
  expect(await table.find()).toEqual([{ id: 1n, ...everything }]);
  const other = { a: { row: { ...everything, email: "ann@x.org ", kind: null } } };
  const batch = await promoteAll(promoter, other);
  expect(wordsOf(batch)).toEqual({ a: "updated" });
  expect(batch.displaced.map(({ id }) => id)).toEqual(["b"]);
  expect(await table.find()).toEqual([{ id: 1n, ...everything, email: "ann@x.org ", kind: null }]);
  const refused = await promoteAll(promoter, { b: { row: everything } });
  expect(refused.outcomes).toMatchObject([
    { failures: [{ field: "email", code: "duplicate_key" }] },
  ]);
  expect(JSON.stringify(refused)).not.toMatch(/ann@/i);
  const stored = await w.sql("SELECT email FROM clients");
  expect(stored).toEqual([{ email: expect.stringMatching(/^ctb1\./) }]);
});

const plain = `
tables:
  clients:
    columns:
      - { name: id, type: integer, primary_key: true }
      - { name: email, type: text, unique: true }
      - { name: name, type: text }
      - { name: age, type: integer }
`;

const onlyId = (more: string): string =>
  `tables: { clients: { columns: [{ name: id, type: serial, primary_key: true }${more}] } }`;

test("a document without any column is a row of defaults, unless nothing else could be in it", async () => {
  const setting = { keyColumns: ["id"], mapped: [] };
  await using w = await promoteWorld(onlyId(", { name: note, type: text }"));
  const promoter = await w.promoter(setting);
  expect(wordsOf(await promoteAll(promoter, { a: {}, b: { row: { note: "x" } } }))).toEqual({
    a: "inserted",
    b: "inserted",
  });
  expect(await w.sql("SELECT note FROM clients ORDER BY id")).toEqual([
    { note: null },
    { note: "x" },
  ]);
  await using only = await promoteWorld(onlyId(""));
  expect(
    wordsOf(await promoteAll(await only.promoter(setting), { a: {}, b: { row: { id: 5 } } })),
  ).toEqual({
    a: "refused missing",
    b: "inserted",
  });
});

test("an identity that PostgreSQL always generates takes the values of documents, and does not change with them", async () => {
  await using w = await promoteWorld(plain);
  await w.sql("ALTER TABLE clients ALTER id ADD GENERATED ALWAYS AS IDENTITY (START WITH 100)");
  const promoter = await w.promoter();
  const first = { a: { row: { id: 7, email: "a" } }, b: { row: { email: "b" } } };
  expect(wordsOf(await promoteAll(promoter, first))).toEqual({ a: "inserted", b: "inserted" });
  const changed = await promoteAll(promoter, {
    a: { row: { id: 7 }, at: 2_000_000 },
    b: { row: { id: 8, email: "b" }, at: 2_000_000 },
  });
  expect(wordsOf(changed)).toEqual({ a: "updated", b: "refused refused" });
  const third = { a: { row: {}, at: 3_000_000 } };
  expect(wordsOf(await promoteAll(promoter, third))).toEqual({ a: "updated" });
  expect(await w.sql("SELECT id, email FROM clients ORDER BY id")).toEqual([
    { id: 7, email: null },
    { id: 100, email: "b" },
  ]);
});

test("a column that PostgreSQL computes cannot be mapped, and a document that gives it is refused", async () => {
  await using w = await promoteWorld(plain);
  await w.sql(
    "ALTER TABLE clients DROP COLUMN age, ADD age integer GENERATED ALWAYS AS (length(name)) STORED",
  );
  await expect(w.promoter({ mapped: ["email", "age"] })).rejects.toMatchObject({
    code: "REFUSED",
    message: "PostgreSQL computes age of public.clients: nothing can be mapped to it.",
  });
  const promoter = await w.promoter();
  const given = {
    a: { row: { id: 1, email: "a", age: 1 } },
    b: { row: { id: 2, email: "b", name: "four" } },
  };
  expect(wordsOf(await promoteAll(promoter, given))).toEqual({
    a: "refused refused",
    b: "inserted",
  });
  expect(await w.sql("SELECT age FROM clients")).toEqual([{ age: 4 }]);
});

test("a partitioned table takes rows, and a changed one moves to another partition", async () => {
  await using w = await promoteWorld(plain);
  await w.sql(`DROP TABLE clients; CREATE TABLE clients (id integer, email text, name text, age integer, PRIMARY KEY (id, age)) PARTITION BY RANGE (age);
    CREATE TABLE young PARTITION OF clients FOR VALUES FROM (0) TO (50); CREATE TABLE old PARTITION OF clients FOR VALUES FROM (50) TO (200)`);
  const promoter = await w.promoter({ keyColumns: ["id"], mapped: ["id", "age"] });
  const words = wordsOf(
    await promoteAll(promoter, { a: { row: { id: 1, age: 49 } }, b: { row: { id: 2, age: 999 } } }),
  );
  expect(words).toEqual({ a: "inserted", b: "refused refused" });
  await promoteAll(promoter, { a: { row: { id: 1, age: 50 }, at: 2_000_000 } });
  expect(await w.sql("SELECT id FROM old")).toEqual([{ id: 1 }]);
  expect(await w.sql("SELECT row_key FROM ctb_data.imo_promotions")).toEqual([
    { row_key: '["1","50"]' },
  ]);
});

test("a domain gives its default and refuses what it does not allow, row by row", async () => {
  await using w = await promoteWorld(plain);
  await w.sql(`CREATE DOMAIN small AS integer DEFAULT 5 CHECK (VALUE < 10);
    ALTER TABLE clients ALTER age TYPE small`);
  const promoter = await w.promoter();
  expect(
    wordsOf(
      await promoteAll(promoter, {
        a: { row: { id: 1, email: "a" } },
        b: { row: { id: 2, email: "b", age: 11 } },
        c: { row: { id: 3, email: "c", age: 9 } },
      }),
    ),
  ).toEqual({ a: "inserted", b: "refused refused", c: "inserted" });
  expect(await w.sql("SELECT age FROM clients ORDER BY id")).toEqual([{ age: 5 }, { age: 9 }]);
});

describe("a table that nothing can be promoted into is refused before anything is read", () => {
  test.each([
    ["DROP TABLE clients", "MISSING_TABLES", /no table clients/],
    ["ALTER TABLE clients DROP CONSTRAINT clients_pkey", "REFUSED", /no primary key/],
    ["ALTER TABLE clients DROP COLUMN email", "MISSING_TABLES", /one of them has no email/],
    ["ALTER TABLE clients SET UNLOGGED", "REFUSED", /unlogged/],
    ["CREATE RULE extra AS ON INSERT TO clients DO ALSO NOTHING", "REFUSED", /rules \(extra\)/],
    [
      "ALTER TABLE clients RENAME TO hidden; CREATE VIEW clients AS SELECT * FROM hidden",
      "REFUSED",
      /it is no table/,
    ],
  ])("%s", async (sql, code, message) => {
    await using w = await promoteWorld(plain);
    await w.sql(sql);
    await expect(w.promoter()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  test("a table that the registry does not have is named with one that it has", async () => {
    await using w = await promoteWorld(plain);
    await expect(w.promoter({ table: "client" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      hint: "Did you mean clients?",
    });
  });
});

test("a role needs its rights, and row-level security refuses rows, not batches", async () => {
  await using w = await promoteWorld(plain);
  const role = `promoter_${Math.random().toString(36).slice(2)}`;
  await w.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT SELECT ON clients TO ${role}`);
  try {
    const url = new URL(w.url);
    url.username = role;
    url.password = "secret";
    const { registry } = w;
    await using postgres = await openPostgres({ url: url.href, registry });
    const open = async (): Promise<Awaited<ReturnType<typeof openPromoter>>> =>
      await openPromoter({
        stores: { registry, postgres, keyring: testKeyring },
        table: "clients",
        collection: "intake",
        keyColumns: ["email"],
        mapped: ["email"],
      });
    await expect(open()).rejects.toMatchObject({
      code: "DENIED",
      message: "This user may not INSERT, UPDATE on public.clients.",
    });
    await w.sql(`GRANT INSERT, UPDATE ON clients TO ${role}; GRANT USAGE ON SCHEMA ctb_data TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ctb_data.imo_promotions TO ${role};
      ALTER TABLE clients ENABLE ROW LEVEL SECURITY; CREATE POLICY young ON clients USING (age < 50)`);
    const promoter = await open();
    const given = {
      a: { row: { id: 1, email: "a", age: 49 } },
      b: { row: { id: 2, email: "b", age: 50 } },
    };
    expect(wordsOf(await promoteAll(promoter, given))).toEqual({
      a: "inserted",
      b: "refused refused",
    });
  } finally {
    await w.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test("a table that was renamed keeps its promotions", async () => {
  await using w = await promoteWorld(plain);
  const given = { a: { row: { id: 1, email: "a" } } };
  await promoteAll(await w.promoter(), given);
  await w.sql("ALTER TABLE clients RENAME TO customers");
  const yaml = plain.replace("clients:", "customers:\n    renamed_from: clients");
  await using renamed = await promoteWorldAt(w.url, yaml);
  const promoter = await renamed.promoter({ table: "customers" });
  expect(await promoteAll(promoter, given)).toMatchObject({
    outcomes: [{ how: "unchanged", promotedTo: "customers/1" }],
  });
  const changed = { a: { row: { id: 1, email: "b" }, at: 2_000_000 } };
  expect(wordsOf(await promoteAll(promoter, changed))).toEqual({ a: "updated" });
  expect(await w.sql("SELECT table_name FROM ctb_data.imo_promotions")).toEqual([
    { table_name: "public.customers" },
  ]);
});

test("a row is found by the blind index of an older key of the keyring", async () => {
  await using w = await promoteWorld(clients);
  await promoteAll(await w.promoter(), { b: { row: { email: "Ann@x.org" } } });
  const keys = ["newer", "promote"].map((text) =>
    createHash("sha256").update(text).digest("base64"),
  );
  const keyring = parseKeyring(keys.join());
  const { registry } = w;
  await using postgres = await openPostgres({ url: w.url, registry, keyring });
  const promoter = await openPromoter({
    stores: { registry, postgres, keyring },
    table: "clients",
    collection: "intake",
    keyColumns: ["email"],
    mapped: ["email"],
  });
  expect(wordsOf(await promoteAll(promoter, { c: { row: { email: "ann@x.org" } } }))).toEqual({
    c: "refused duplicate_key",
  });
  expect(wordsOf(await promoteAll(promoter, { a: { row: { email: "ann@x.org" } } }))).toEqual({
    a: "updated",
  });
  expect(await w.sql("SELECT count(*)::int AS n FROM clients")).toEqual([{ n: 1 }]);
});
