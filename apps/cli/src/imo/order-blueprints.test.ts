import { parseBlueprint, parseRegistry, type VendorBlueprint } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { orderBlueprints } from "./order-blueprints.ts";

const registry = parseRegistry(`tables:
  lines:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: order_id, type: integer, references: orders.id }
  orders:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: client_id, type: integer, references: clients.id }
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: best_line, type: integer }
      - { name: parent_id, type: integer, references: clients.id }
`);

const parse = (text: string): { readonly blueprint: VendorBlueprint } => ({
  blueprint: parseBlueprint(text, registry),
});
const into = (vendor: string, table: string): { readonly blueprint: VendorBlueprint } =>
  parse(
    `{ vendor: ${vendor}, version: 1, intake: { format: csv, table: ${table}, collection: ${vendor}, key: No, columns: { id: No } } }`,
  );
const out = parse(
  "{ vendor: out, version: 1, export: { source: lines, output: csv, fields: { NO: id } } }",
);

const order = (...given: readonly { readonly blueprint: VendorBlueprint }[]): string =>
  orderBlueprints(given, registry)
    .map(({ blueprint }) => blueprint.vendor)
    .join(" ");

test("what is referred to is taken in first, also through a table that nobody takes in, and exports come last", () => {
  const [lines, orders, clients] = [
    into("lines", "lines"),
    into("orders", "orders"),
    into("clients", "clients"),
  ];
  expect(order(out, lines, orders, clients)).toBe("clients orders lines out");
  expect(order(lines, clients)).toBe("clients lines");
  expect(order(clients, out, orders)).toBe("clients orders out");
});

test("the given order stays where nothing says otherwise", () => {
  const [a, b] = [into("b", "clients"), into("a", "clients")];
  expect(order(a, b)).toBe("b a");
  expect(order(b, a)).toBe("a b");
});

test("tables that refer to each other do not go round in circles", () => {
  const circle = parseRegistry(`tables:
  left:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: right_id, type: integer, references: right.id }
  right:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: left_id, type: integer, references: left.id }
`);
  const make = (vendor: string): { readonly blueprint: VendorBlueprint } => ({
    blueprint: parseBlueprint(
      `{ vendor: ${vendor}, version: 1, intake: { format: csv, table: ${vendor}, collection: ${vendor}, key: No, columns: { id: No } } }`,
      circle,
    ),
  });
  const given = [make("left"), make("right")];
  expect(orderBlueprints(given, circle)).toHaveLength(2);
  expect(new Set(orderBlueprints(given, circle))).toEqual(new Set(given));
});
