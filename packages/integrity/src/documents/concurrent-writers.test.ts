import { expect, test } from "vitest";
import { openDocumentWorld, type DocumentWorld } from "../../testing/document-world.ts";
import { checkDocuments } from "./check-documents.ts";
import type { DocumentStores } from "./document-stores.ts";

const registry = `tables:
  clients:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: name, type: text, nullable: false }
    firestore: { collection: clients }
  orders:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: client_id, type: integer, references: clients.id }
    firestore: { collection: orders, fields: { clientId: client_id } }
`;

async function fill({ postgres, firestore }: DocumentWorld, count: number): Promise<void> {
  const clients = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    name: `n${index}`,
  }));
  const orders = clients.map(({ id }) => ({ id, client_id: id }));
  await postgres.copyIn("clients", clients);
  await postgres.copyIn("orders", orders);
  const options = { ramp: false } as const;
  await firestore.collection("clients").bulkWrite(
    clients.map((row) => ({ op: "save", row })),
    options,
  );
  await firestore.collection("orders").bulkWrite(
    orders.map((row) => ({ op: "save", row })),
    options,
  );
}

/** One thing written to both stores, one after the other. */
async function writeBoth({ postgres, firestore }: DocumentWorld, turn: number): Promise<void> {
  const id = 1 + (turn % 40);
  const clients = firestore.collection("clients");
  const orders = firestore.collection("orders");
  const kind = turn % 4;
  if (kind === 0) {
    const row = { id, name: `changed ${turn}` };
    await postgres.query("UPDATE clients SET name = $2 WHERE id = $1", [id, row.name]);
    await clients.save(row);
  } else if (kind === 1) {
    const fresh = 10_000 + turn;
    await postgres.query("INSERT INTO clients VALUES ($1, 'new')", [fresh]);
    await clients.save({ id: fresh, name: "new" });
    await orders.save({ id: fresh, client_id: fresh });
    await postgres.query("INSERT INTO orders VALUES ($1, $1)", [fresh]);
  } else if (kind === 2) {
    await orders.doc(String(id)).delete();
    await postgres.query("DELETE FROM orders WHERE id = $1", [id]);
  } else {
    await postgres.query(
      "INSERT INTO orders VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET client_id = $2",
      [id, 50],
    );
    await orders.save({ id, client_id: 50 });
  }
}

test("what is written to both stores while they are checked is not reported, and what is wrong all the while is", async () => {
  await using world = await openDocumentWorld(registry);
  const { postgres, firestore } = world;
  await fill(world, 1000);
  await postgres.query("UPDATE clients SET name = 'wrong' WHERE id = 700");
  await firestore.documents("clients").doc("800").delete();
  await firestore.documents("clients").doc("x").set({ name: "x" });
  await firestore.documents("orders").doc("900").update({ clientId: "4000000" });
  const state = { turns: 0, isOver: false };
  const writing = (async () => {
    for (; !state.isOver; state.turns += 1) await writeBoth(world, state.turns);
  })();
  const found: string[][] = [];
  for (const _ of [1, 2]) {
    const { findings } = await world.withStores(async (stores) => {
      // The snapshot is older than the documents: time enough for much to happen between.
      const enough = state.turns + 10;
      while (state.turns < enough) await postgres.query("SELECT pg_sleep(0.005)");
      return await checkDocuments(stores, { settleMs: 300 });
    });
    found.push(findings.map(({ id, count }) => `${id} ${count}`));
  }
  state.isOver = true;
  await writing;
  const expected = [
    "dangling_document:orders.clientId->clients 1",
    "different_field:clients.name 1",
    "different_field:orders.clientId 1",
    "document_without_row:clients 1",
    "row_without_document:clients 1",
  ];
  expect(found.map((ids) => ids.toSorted())).toEqual([expected, expected]);
  expect(state.turns).toBeGreaterThan(20);
});

test("a pair that is changed each time that it is looked at is counted, and not reported", async () => {
  await using world = await openDocumentWorld(registry);
  const { firestore } = world;
  await fill(world, 20);
  await firestore.documents("clients").doc("5").update({ name: "other" });
  await firestore.documents("clients").doc("6").update({ name: "other" });
  let turn = 0;
  const { findings, notChecked } = await world.withStores(async (stores) => {
    const rows: DocumentStores["rows"] = stores.rows && {
      ...stores.rows,
      now: {
        query: async (sql, params, options) => {
          turn += 1;
          await firestore
            .documents("clients")
            .doc("5")
            .update({ name: `turn ${turn}` });
          return await world.postgres.query(sql, params, options);
        },
      },
    };
    return await checkDocuments({ ...stores, rows }, { settleMs: 0 });
  });
  expect(findings).toMatchObject([{ id: "different_field:clients.name", count: 1 }]);
  expect(findings[0]?.examples).toMatchObject([{ key: { path: "clients/6" } }]);
  expect(notChecked).toEqual([
    "1 document of clients was not compared with its row: it was changed each time that it was looked at.",
  ]);
});

test("a table or column that the database lacks, and a key that is there twice, are no differences", async () => {
  await using world = await openDocumentWorld(registry);
  const { postgres, firestore } = world;
  await fill(world, 20);
  await postgres.query("ALTER TABLE orders DROP COLUMN client_id");
  await postgres.query("ALTER TABLE clients DROP CONSTRAINT clients_pkey CASCADE");
  await postgres.query("INSERT INTO clients VALUES (7, 'n6'), (7, 'n6'), (20, 'n19')");
  await firestore.documents("orders").doc("3").update({ clientId: "77" });
  const check = async (): ReturnType<typeof checkDocuments> =>
    await world.withStores(async (stores) => await checkDocuments(stores, { settleMs: 0 }));
  const first = await check();
  expect(first.findings.map(({ id }) => id)).toEqual([
    "dangling_document:orders.clientId->clients",
  ]);
  expect(first.notChecked).toEqual([
    "orders.clientId was not compared with rows: the table orders has no column client_id.",
  ]);
  await postgres.query("DROP TABLE clients; ALTER TABLE orders RENAME COLUMN id TO number");
  const second = await check();
  // Clients are then looked for among the documents.
  expect(second.findings.map(({ id }) => id)).toEqual([
    "dangling_document:orders.clientId->clients",
  ]);
  expect(second.notChecked).toEqual([
    "The documents of clients were not compared with rows: the database has no table clients.",
    "The documents of orders were not compared with rows: orders has no column id, which their ids are.",
  ]);
});

test("a live column of another type than the registry's is compared as far as the model can read it", async () => {
  await using world = await openDocumentWorld(registry);
  const { postgres, firestore } = world;
  await fill(world, 20);
  await postgres.query(
    "ALTER TABLE orders DROP CONSTRAINT orders_client_id_fkey; ALTER TABLE clients ALTER id TYPE text; ALTER TABLE orders ALTER client_id TYPE bigint",
  );
  await postgres.query("INSERT INTO clients VALUES ('a/b', 'x'), ('y', 'x')");
  await firestore.documents("orders").doc("3").update({ clientId: "77" });
  await firestore.documents("clients").doc("4").delete();
  const { findings } = await world.withStores(
    async (stores) => await checkDocuments(stores, { settleMs: 0 }),
  );
  expect(findings.map(({ id, count }) => `${id} ${count}`).toSorted()).toEqual([
    "dangling_document:orders.clientId->clients 1",
    "different_field:orders.clientId 1",
    "row_without_document:clients 3",
  ]);
});
