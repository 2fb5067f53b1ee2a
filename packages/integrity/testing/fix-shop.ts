import { parseRegistry, type Registry } from "@ctb-data/registry";
import type { StepTarget } from "../src/fix/step-target.ts";
import { broken, duplicates, orphans } from "./fix-scans.ts";

/** What the tables of {@link shopSql} should be. */
export const shopRegistry: Registry = parseRegistry(
  `tables:
  customers:
    columns: [{ name: id, type: integer, pk: true }, { name: email, type: text, unique: true }]
  orders:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: customer_id, type: integer, references: customers.id }
      - { name: total, type: integer, nullable: false }
  items:
    pk: [order_id, nr]
    columns: [{ name: order_id, type: integer, references: { table: orders, on_delete: cascade } }, { name: nr, type: integer }]
`,
  { file: "shop.yml" },
);

/** A shop with something wrong of every kind, whose constraints are such that `undo` brings all of them back. */
export const shopSql = `
CREATE TABLE customers (id integer PRIMARY KEY, email text);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total integer);
ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
CREATE TABLE items (order_id integer REFERENCES orders ON DELETE CASCADE, nr integer, PRIMARY KEY (order_id, nr));
CREATE TABLE hints (id integer PRIMARY KEY, order_id integer REFERENCES orders ON DELETE SET NULL, body text);
ALTER TABLE orders DISABLE TRIGGER ALL;
INSERT INTO customers SELECT n, 'c' || n % 9 FROM generate_series(1, 10) n;
INSERT INTO orders SELECT n, n % 13, CASE WHEN n % 7 > 0 THEN n END FROM generate_series(1, 40) n;
INSERT INTO items SELECT o, n FROM generate_series(1, 40) o, generate_series(1, 2) n;
INSERT INTO hints SELECT n, n FROM generate_series(1, 40) n;
ALTER TABLE orders ENABLE TRIGGER ALL;
`;

/** Its findings. */
export const shopTargets: readonly StepTarget[] = [
  orphans(
    "orders",
    ["customer_id"],
    { table: "customers", columns: ["id"] },
    { constraint: "orders_customer_id_fkey" },
  ),
  duplicates("customers", ["email"], { constraint: "customers_email_key" }),
  broken("null", "orders", ["total"], "t.total IS NULL"),
];
