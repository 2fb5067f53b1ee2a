import { describe, expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { orphans } from "../../testing/fix-scans.ts";
import { fixWorld } from "../../testing/fix-world.ts";
import type { FixStrategy } from "../finding.ts";
import { quarantineTable } from "./fix-tables.ts";

/** Some rows of orders refer to customers that are not there; the constraint is marked valid all the same. */
const shop = `
CREATE TABLE customers (id integer PRIMARY KEY, name text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer CONSTRAINT to_customer REFERENCES customers, note text);
COMMENT ON CONSTRAINT to_customer ON orders IS 'who it''s from';
CREATE TABLE items (order_id integer REFERENCES orders ON DELETE CASCADE, nr integer, PRIMARY KEY (order_id, nr));
CREATE TABLE hints (id integer PRIMARY KEY, order_id integer REFERENCES orders ON DELETE SET NULL, body text);
INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO orders VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 1, 'c');
INSERT INTO items SELECT o, n FROM generate_series(1, 3) o, generate_series(1, 2) n;
INSERT INTO hints VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 3, 'z'), (4, NULL, '');
ALTER TABLE customers DISABLE TRIGGER ALL; DELETE FROM customers WHERE id = 1; ALTER TABLE customers ENABLE TRIGGER ALL;
`;
const shopOrphans = orphans(
  "orders",
  ["customer_id"],
  { table: "customers", columns: ["id"] },
  { constraint: "to_customer" },
);

describe.each<FixStrategy>(["quarantine", "delete"])("with the strategy %s", (strategy) => {
  test("orphans go with all that leads to them, the constraint holds again, and undo brings everything back", async () => {
    await using w = await fixWorld(shop);
    const before = await databaseFacts(w.postgres);
    const planned = await w.fix([shopOrphans], { strategy, dryRun: true });
    expect(await databaseFacts(w.postgres)).toEqual(before);
    const { run, steps } = await w.fix([shopOrphans], { strategy });
    expect(steps).toMatchObject([{ state: "done", changed: 8 }]);
    expect(planned.steps).toEqual(steps.map((step) => ({ ...step, state: "planned" })));
    expect(await w.sql("SELECT id FROM orders")).toEqual([{ id: 2 }]);
    expect(await w.sql("SELECT * FROM items ORDER BY nr")).toEqual([
      { order_id: 2, nr: 1 },
      { order_id: 2, nr: 2 },
    ]);
    expect(await w.sql("SELECT id, order_id FROM hints ORDER BY id")).toEqual([
      { id: 1, order_id: null },
      { id: 2, order_id: 2 },
      { id: 3, order_id: null },
      { id: 4, order_id: null },
    ]);
    expect(
      await w.sql(
        `SELECT place, key, action, why, old_row FROM ${quarantineTable} WHERE place = 'public.items' AND key ->> 'order_id' = '3' AND key ->> 'nr' = '2'`,
      ),
    ).toEqual([
      {
        place: "public.items",
        key: { order_id: "3", nr: "2" },
        action: strategy === "delete" ? "deleted" : "moved",
        why: `Refers to orders 3, which was ${strategy === "delete" ? "deleted" : "moved"}.`,
        old_row: { order_id: "3", nr: "2" },
      },
    ]);
    await expect(w.sql("INSERT INTO orders VALUES (9, 1)")).rejects.toMatchObject({
      sqlState: "23503",
    });

    const undone = await w.undo(run);
    expect(undone).toMatchObject({ rows: 8, conflicts: [] });
    expect(undone.notes).toEqual([expect.stringContaining("marked as valid while rows broke it")]);
    const after = await databaseFacts(w.postgres);
    expect(after.rows).toEqual(before.rows);
    const changed =
      "constraint orders to_customer FOREIGN KEY (customer_id) REFERENCES customers(id)";
    expect(after.schema).toEqual(
      before.schema
        .map((line) =>
          line === `${changed} t who it's from` ? `${changed} NOT VALID f who it's from` : line,
        )
        .toSorted(),
    );
    expect(await w.undo(run)).toMatchObject({ rows: 0, statements: [], conflicts: [], notes: [] });
  });
});
