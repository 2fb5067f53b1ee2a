import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { fixWorld } from "../../testing/fix-world.ts";
import { fixIntegrity } from "./fix-integrity.ts";
import { undoFix } from "./undo-fix.ts";

const registry = parseRegistry(
  `tables:
  customers:
    columns: [{ name: id, type: serial, pk: true }, { name: age, type: integer, min: 0 }]
  orders:
    columns: [{ name: id, type: serial, pk: true }, { name: customer_id, type: integer, nullable: false, references: customers.id }, { name: code, type: text, pattern: '^(?=a)a+$' }]
`,
  { file: "shop.yml" },
);
const sql = `
CREATE TABLE customers (id serial PRIMARY KEY, age integer); CREATE TABLE orders (id serial PRIMARY KEY, customer_id integer NOT NULL, code text);
INSERT INTO customers (age) VALUES (20), (-1), (30); INSERT INTO customers (id) VALUES (50);
INSERT INTO orders (customer_id, code) VALUES (1, 'a'), (2, 'aa'), (9, 'aaa'), (3, 'b'), (3, NULL)`;

test("a fix does what the check says, rules that only the model knows among it, and leaves nothing that has one", async () => {
  await using w = await fixWorld(sql, { registry });
  const stores = { registry, postgres: w.postgres };
  const before = await databaseFacts(w.postgres);
  const planned = await fixIntegrity(stores, { dryRun: true });
  expect(planned).toMatchObject({ run: undefined, dryRun: true, left: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
  const done = await fixIntegrity(stores);
  expect(done.steps.map(({ finding, state, changed }) => [finding.id, state, changed])).toEqual([
    ["range:customers.age", "done", 2],
    ["pattern:orders.code", "done", 1],
    ["orphan:orders(customer_id)->customers(id)", "done", 1],
    ["drift:customers.id:sequence", "done", 0],
  ]);
  expect(done.left).toEqual([]);
  expect(await w.sql("SELECT id FROM orders ORDER BY id")).toEqual([{ id: 1 }, { id: 5 }]);
  expect(await w.sql("INSERT INTO customers (age) VALUES (1) RETURNING id")).toEqual([{ id: 51 }]);
  await w.sql("DELETE FROM customers WHERE id = 51");
  const again = await fixIntegrity(stores);
  expect(again).toMatchObject({ run: undefined, steps: [], left: [] });
  const undone = await undoFix(stores, { run: done.run ?? "" });
  expect(undone).toMatchObject({
    rows: 4,
    conflicts: [],
    notes: [expect.stringContaining("customers_id_seq")],
  });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("only what is asked for is fixed; what has no fix is skipped with its reason; what is not there is an error", async () => {
  await using w = await fixWorld(sql, { registry });
  const stores = { registry, postgres: w.postgres };
  const one = await fixIntegrity(stores, { only: ["pattern:orders.code"] });
  expect(one.steps).toMatchObject([{ state: "done", changed: 1 }]);
  expect(one.left.map(({ kind }) => kind).toSorted()).toEqual(["drift", "orphan", "range"]);
  await expect(fixIntegrity(stores, { only: ["pattern:orders.code"] })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});
