import { expect, test } from "vitest";
import {
  promoteAll,
  promoteWorld,
  wordsOf,
  type GivenDocument,
} from "../../testing/promote-world.ts";
import type { RowReference } from "../documents/intake-document.ts";

const shop = `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: text, unique: true }
      - { name: ssn, type: text, unique: true, encrypted: { blind_index: true } }
      - { name: boss, type: integer, references: clients.id }
  Orders:
    columns:
      - { name: key, type: uuid, primary_key: true, default: gen_random_uuid() }
      - { name: "client id", type: integer, references: clients.id }
      - { name: client_email, type: text, references: clients.email }
  parts:
    primary_key: [country, nr]
    columns:
      - { name: country, type: text }
      - { name: nr, type: integer }
  uses:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: code, type: text, unique: true }
      - { name: country, type: text }
      - { name: nr, type: integer }
`;
const compositeKey =
  "ALTER TABLE uses ADD FOREIGN KEY (country, nr) REFERENCES parts (country, nr)";

function document(id: string, column: string, to: Partial<RowReference> = {}): RowReference {
  const by = { kind: "document" as const, collection: "intake", id };
  return { column, table: "clients", target: "id", by, ...to };
}

test("a reference to a document is the key of the row that it was promoted to, and waits until it was", async () => {
  await using w = await promoteWorld(shop);
  const clients = await w.promoter();
  const orders = await w.promoter({ table: "Orders", collection: "orders", keyColumns: ["key"] });
  const order = {
    o: {
      references: [document("a", "client id"), document("a", "client_email", { target: "email" })],
    },
  };
  expect(await promoteAll(orders, order)).toEqual({
    outcomes: [
      {
        kind: "waiting",
        id: "o",
        failures: [
          {
            field: "client id",
            code: "missing_reference",
            message: "The document intake/a, to which client id refers, has no row of clients.",
          },
          expect.objectContaining({ field: "client_email" }),
        ],
      },
    ],
    displaced: [],
  });
  await promoteAll(clients, { z: { row: { email: "z" } }, a: { row: { email: "a@x" } } });
  expect(wordsOf(await promoteAll(orders, order))).toEqual({ o: "inserted" });
  expect(await w.sql(`SELECT "client id", client_email FROM "Orders"`)).toEqual([
    { "client id": 1, client_email: "a@x" },
  ]);
});

const by = (column: string, value: string): GivenDocument => ({
  references: [document("", "client id", { by: { kind: "lookup", column, value } })],
});

test("a reference by a unique column finds the row, also when that column is encrypted", async () => {
  await using w = await promoteWorld(shop);
  await promoteAll(await w.promoter(), { a: { row: { email: "a@x", ssn: "078-05-1120" } } });
  const orders = await w.promoter({ table: "Orders", collection: "orders", keyColumns: ["key"] });
  const batch = await promoteAll(orders, {
    o1: by("email", "a@x"),
    o2: by("ssn", "078-05-1120"),
    o3: by("ssn", "999"),
  });
  expect(wordsOf(batch)).toEqual({
    o1: "inserted",
    o2: "inserted",
    o3: "waiting missing_reference",
  });
  expect(JSON.stringify(batch)).not.toContain("999");
  expect(await w.sql(`SELECT "client id" AS c FROM "Orders"`)).toEqual([{ c: 1 }, { c: 1 }]);
});

test("documents of one batch refer to each other in any order, and circles wait", async () => {
  await using w = await promoteWorld(shop);
  const promoter = await w.promoter();
  const under = (id: string, email: string) => ({
    row: { email },
    references: [document(id, "boss")],
  });
  const batch = await promoteAll(promoter, {
    a: under("b", "a"),
    b: under("c", "b"),
    c: { row: { email: "c" } },
    d: {
      row: { email: "d" },
      references: [document("", "boss", { by: { kind: "lookup", column: "email", value: "a" } })],
    },
    x: under("y", "x"),
    y: under("x", "y"),
  });
  expect(wordsOf(batch)).toEqual({
    a: "inserted",
    b: "inserted",
    c: "inserted",
    d: "inserted",
    x: "waiting missing_reference",
    y: "waiting missing_reference",
  });
  expect(
    await w.sql(
      "SELECT c.email, b.email AS boss FROM clients c LEFT JOIN clients b ON b.id = c.boss ORDER BY 1",
    ),
  ).toEqual([
    { email: "a", boss: "b" },
    { email: "b", boss: "c" },
    { email: "c", boss: null },
    { email: "d", boss: "a" },
  ]);
});

test("a key in a document waits for its row, of the same batch or not; a row may refer to itself", async () => {
  await using w = await promoteWorld(shop);
  const promoter = await w.promoter({ keyColumns: ["id"], mapped: ["id", "boss"] });
  const batch = await promoteAll(promoter, {
    a: { row: { id: 1, boss: 2 } },
    b: { row: { id: 2, boss: 2 } },
    c: { row: { id: 3, boss: 77 } },
  });
  expect(wordsOf(batch)).toEqual({
    a: "inserted",
    b: "inserted",
    c: "waiting missing_reference",
  });
  expect(batch.outcomes[2]).toMatchObject({
    failures: [{ field: "boss", message: "There is no row of clients with the id that boss has." }],
  });
});

test("a foreign key of several columns waits for its row", async () => {
  await using w = await promoteWorld(shop);
  await w.sql(`${compositeKey}; INSERT INTO parts VALUES ('DE', 1)`);
  const promoter = await w.promoter({ table: "uses", keyColumns: ["code"] });
  const batch = await promoteAll(promoter, {
    a: { row: { code: "a", country: "DE", nr: 1 } },
    b: { row: { code: "b", country: "DE", nr: 2 } },
    c: { row: { code: "c", country: "DE", nr: null } },
  });
  expect(wordsOf(batch)).toEqual({
    a: "inserted",
    b: "waiting missing_reference",
    c: "inserted",
  });
});

test("a row that is deleted while it is referred to makes its document wait, not the batch fail", async () => {
  await using w = await promoteWorld(shop);
  await w.sql(`${compositeKey}; INSERT INTO parts VALUES ('DE', 1), ('DE', 2);
    CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM parts WHERE nr = 2; RETURN NEW; END $$;
    CREATE TRIGGER vanish BEFORE INSERT ON uses FOR EACH ROW EXECUTE FUNCTION vanish()`);
  const promoter = await w.promoter({ table: "uses", keyColumns: ["code"] });
  const batch = await promoteAll(promoter, {
    a: { row: { code: "a", country: "DE", nr: 1 } },
    b: { row: { code: "b", country: "DE", nr: 2 } },
  });
  expect(wordsOf(batch)).toEqual({ a: "inserted", b: "waiting missing_reference" });
});
