import { expect, test } from "vitest";
import {
  promoteAll,
  promoteWorld,
  wordsOf,
  type GivenDocument,
} from "../../testing/promote-world.ts";

const clients = `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(20) }
      - { name: email, type: varchar(50), unique: true }
      - { name: status, type: text, default: "'new'" }
`;

const by = (email: string, at = 1_000_000): GivenDocument => ({ row: { email }, at });

const ann = { name: "Ann", email: "ann@x.org" };

const vip = (name: string): GivenDocument => ({ row: { name, status: "vip", email: name } });

test("of two documents with one key the smaller id has the row, whichever comes first, and nothing of the other stays in it", async () => {
  const orders = [["a", "b"], ["b", "a"], ["a b"]];
  for (const order of orders) {
    await using w = await promoteWorld(clients);
    const promoter = await w.promoter();
    const documents = {
      a: { row: ann },
      b: { row: { ...ann, name: "Bob", status: "old" } },
    };
    for (const ids of order)
      await promoteAll(
        promoter,
        Object.fromEntries(Object.entries(documents).filter(([id]) => ids.includes(id))),
      );
    expect(await w.sql("SELECT * FROM clients")).toEqual([{ id: 1, ...ann, status: "new" }]);
    expect(await w.sql("SELECT document_id, row_key FROM ctb_data.imo_promotions")).toEqual([
      { document_id: "a", row_key: "1" },
    ]);
    expect(wordsOf(await promoteAll(promoter, documents))).toEqual({
      a: "unchanged",
      b: "refused duplicate_key",
    });
  }
});

test("a document that loses its row to a smaller id is told of, and is a duplicate when it is read again", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  const b = { row: { ...ann, name: "Bob" } };
  await promoteAll(promoter, { b });
  const { displaced, outcomes } = await promoteAll(promoter, { a: { row: ann } });
  expect(outcomes).toEqual([
    { kind: "promoted", id: "a", how: "updated", promotedTo: "clients/1" },
  ]);
  expect(displaced).toEqual([
    { id: "b", failures: [expect.objectContaining({ code: "duplicate_key" })] },
  ]);
  const again = await promoteAll(promoter, { b });
  expect(again).toEqual({
    outcomes: [
      {
        kind: "refused",
        id: "b",
        failures: [
          {
            field: "email",
            code: "duplicate_key",
            message: "The document intake/a has the same email.",
          },
        ],
      },
    ],
    displaced: [],
  });
});

test("a document that had been promoted in the same batch before it lost its row is refused", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  const b = { row: { ...ann, name: "Bob" } };
  await promoteAll(promoter, { b });
  const both = await promoteAll(promoter, { a: { row: ann }, b });
  expect(wordsOf(both)).toEqual({ a: "updated", b: "refused duplicate_key" });
  expect(both.displaced).toEqual([]);
});

test("a row that is no document's is adopted, and columns that no document gives stay as they are", async () => {
  await using w = await promoteWorld(clients);
  await w.sql("INSERT INTO clients VALUES (7, 'by hand', 'ann@x.org', 'kept')");
  const promoter = await w.promoter();
  expect(await promoteAll(promoter, { a: { row: ann } })).toMatchObject({
    outcomes: [{ how: "adopted", promotedTo: "clients/7" }],
  });
  expect(await w.sql("SELECT * FROM clients")).toEqual([{ id: 7, ...ann, status: "kept" }]);
});

test("a column that a document does not give any more has its default again, or what an adopted row held before", async () => {
  await using w = await promoteWorld(clients);
  await w.sql("INSERT INTO clients VALUES (7, 'by hand', 'ann@x.org', 'kept')");
  const promoter = await w.promoter();
  await promoteAll(promoter, {
    a: { row: { ...ann, status: "changed" } },
    b: { row: { name: "Ben", email: "ben@x.org", status: "changed" } },
  });
  await promoteAll(promoter, {
    a: { row: { email: "ann@x.org" }, at: 2_000_000 },
    b: { row: { email: "ben@x.org" }, at: 2_000_000 },
  });
  expect(await w.sql("SELECT * FROM clients ORDER BY email")).toEqual([
    { id: 7, name: "by hand", email: "ann@x.org", status: "kept" },
    { id: 1, name: null, email: "ben@x.org", status: "new" },
  ]);
  expect(await w.sql("SELECT document_id, before FROM ctb_data.imo_promotions")).toEqual([
    { document_id: "a", before: { email: "ann@x.org" } },
    { document_id: "b", before: null },
  ]);
});

test("the larger id leaves an adopted row as it was, but for what the smaller one gives", async () => {
  await using w = await promoteWorld(clients);
  await w.sql("INSERT INTO clients VALUES (7, 'by hand', 'ann@x.org', 'kept')");
  const promoter = await w.promoter();
  await promoteAll(promoter, { b: { row: { ...ann, status: "changed" } } });
  await promoteAll(promoter, { a: { row: { email: "ann@x.org" } } });
  expect(await w.sql("SELECT * FROM clients")).toEqual([
    { id: 7, name: "by hand", email: "ann@x.org", status: "kept" },
  ]);
});

test("keys move along a chain in one batch, and a key that becomes free is given to another document", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  await promoteAll(promoter, { a: by("1"), b: by("2"), c: by("3") });
  const moved = await promoteAll(promoter, {
    a: by("2", 2_000_000),
    b: by("3", 2_000_000),
    c: by("4", 2_000_000),
    d: by("1"),
  });
  expect(wordsOf(moved)).toEqual({ a: "updated", b: "updated", c: "updated", d: "inserted" });
  expect(await w.sql("SELECT id, email FROM clients ORDER BY id")).toEqual([
    { id: 1, email: "2" },
    { id: 2, email: "3" },
    { id: 3, email: "4" },
    { id: 4, email: "1" },
  ]);
});

test("a null is no key: each document has a row of its own", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  const given = {
    a: { row: { email: null } },
    b: { row: { email: null } },
    c: { row: { name: "C" } },
  };
  expect(wordsOf(await promoteAll(promoter, given))).toEqual({
    a: "inserted",
    b: "inserted",
    c: "inserted",
  });
});

test("a key of NULLS NOT DISTINCT holds for null, too", async () => {
  await using w = await promoteWorld(clients);
  await w.sql(`ALTER TABLE clients DROP CONSTRAINT clients_email_key;
    ALTER TABLE clients ADD UNIQUE NULLS NOT DISTINCT (email)`);
  const promoter = await w.promoter();
  expect(
    wordsOf(
      await promoteAll(promoter, { a: { row: { email: null } }, b: { row: { email: null } } }),
    ),
  ).toEqual({ a: "inserted", b: "refused duplicate_key" });
  expect(wordsOf(await promoteAll(promoter, { b: { row: { email: null } } }))).toEqual({
    b: "refused duplicate_key",
  });
});

test("without a key of the blueprint's the first has the row", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter({ keyColumns: ["name"], mapped: ["name", "email"] });
  await promoteAll(promoter, { b: { row: ann } });
  const { outcomes } = await promoteAll(promoter, { a: { row: ann }, c: { row: { email: "c" } } });
  expect(outcomes).toMatchObject([
    { kind: "refused", id: "a", failures: [{ field: "email", code: "duplicate_key" }] },
    { kind: "promoted", id: "c", how: "inserted" },
  ]);
});

test("a primary key that is mapped is the key, and its row is found by it", async () => {
  await using w = await promoteWorld(clients);
  await w.sql("INSERT INTO clients VALUES (7, 'by hand', 'ann@x.org', 'kept')");
  const promoter = await w.promoter({ keyColumns: ["name"], mapped: ["id", "name"] });
  expect(
    wordsOf(
      await promoteAll(promoter, { a: { row: { id: 7, name: "Ann" } }, b: { row: { id: 8 } } }),
    ),
  ).toEqual({ a: "adopted", b: "inserted" });
  await promoteAll(promoter, { a: { row: { id: 9, name: "Ann" }, at: 2_000_000 } });
  expect(await w.sql("SELECT id, name FROM clients ORDER BY id")).toEqual([
    { id: 8, name: null },
    { id: 9, name: "Ann" },
  ]);
});

test("a constant of the blueprint counts in a key beside its key columns, and is none by itself", async () => {
  await using w = await promoteWorld(`${clients}    unique: [[name, status]]
`);
  await w.sql("INSERT INTO clients (name, status) VALUES ('Ann', 'vip'), ('Ann', 'new')");
  const promoter = await w.promoter({ keyColumns: ["name"], constants: ["status"] });
  expect(
    wordsOf(await promoteAll(promoter, { a: vip("Ann"), b: vip("Ann"), c: vip("Bob") })),
  ).toEqual({ a: "adopted", b: "refused duplicate_key", c: "inserted" });
  const byNothing = await w.promoter({ keyColumns: [], constants: ["name", "status"] });
  expect(
    wordsOf(await promoteAll(byNothing, { _: { row: { name: "Ann", status: "new" } } })),
  ).toEqual({ _: "refused duplicate_key" });
});

test("a row that somebody deleted stays deleted while its document is as it was, and comes back when that changes", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  await promoteAll(promoter, { a: { row: ann } });
  await w.sql("DELETE FROM clients");
  expect(wordsOf(await promoteAll(promoter, { a: { row: ann } }))).toEqual({ a: "unchanged" });
  expect(await w.sql("SELECT * FROM clients")).toEqual([]);
  const changed = { a: { row: { ...ann, name: "Anna" }, at: 2_000_000 } };
  expect(wordsOf(await promoteAll(promoter, changed))).toEqual({ a: "inserted" });
  expect(await w.sql("SELECT name FROM clients")).toEqual([{ name: "Anna" }]);
});

test("records of rows that are gone are no obstacle when a sequence begins anew", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  const b = { row: { email: "b" } };
  await promoteAll(promoter, { a: { row: ann }, b });
  // The first number is lost when the record of row 1 is in the way.
  await w.sql("TRUNCATE clients RESTART IDENTITY");
  const batch = await promoteAll(promoter, { c: { row: { email: "c" } } });
  expect(wordsOf(batch)).toEqual({ c: "inserted" });
  expect(batch.displaced.map(({ id }) => id)).toEqual(["b"]);
  expect(wordsOf(await promoteAll(promoter, { a: { row: ann }, b }))).toEqual({
    a: "unchanged",
    b: "inserted",
  });
});

test("a row whose primary key somebody changed is found by its other key when its document changes", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  await promoteAll(promoter, { a: { row: ann } });
  await w.sql("UPDATE clients SET id = 50");
  const changed = { a: { row: { ...ann, name: "Anna" }, at: 2_000_000 } };
  expect(wordsOf(await promoteAll(promoter, changed))).toEqual({ a: "adopted" });
  expect(await w.sql("SELECT id, name FROM clients")).toEqual([{ id: 50, name: "Anna" }]);
});

test("a document that was promoted into another table is not moved", async () => {
  await using w = await promoteWorld(`${clients}
  others:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: text, unique: true }
`);
  await promoteAll(await w.promoter(), { a: { row: ann } });
  const others = await w.promoter({ table: "others" });
  expect(wordsOf(await promoteAll(others, { a: { row: { email: "a" } } }))).toEqual({
    a: "refused refused",
  });
});

test("ids are compared by their UTF-8 bytes", async () => {
  await using w = await promoteWorld(clients);
  const promoter = await w.promoter();
  // In UTF-16 the second one comes first.
  const given = { "\u{ff5e}": { row: ann }, "\u{1f600}": { row: ann } };
  expect(wordsOf(await promoteAll(promoter, given))).toEqual({
    "\u{ff5e}": "inserted",
    "\u{1f600}": "refused duplicate_key",
  });
});
