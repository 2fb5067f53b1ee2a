import { randomBytes, randomUUID } from "node:crypto";
import { openFirestore, type Firestore } from "@ctb-data/firestore";
import { startFirestoreEmulator, type FirestoreEmulator } from "@ctb-data/firestore-emulator";
import { parseKeyring, type Keyring } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { createTestDatabase } from "@ctb-data/test-fixtures";

/** A shop: every kind of rule, reference and key, two tables that Firestore holds too, and one without a primary key. */
export const shop: Registry = parseRegistry(
  String.raw`enums:
  order_state: [new, paid, sent]
tables:
  teams:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: title, type: varchar(30), nullable: false }
    firestore: { collection: teams, id: id, fields: { title: title } }
  members:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: team_id, type: integer, references: { table: teams, on_delete: cascade } }
      - { name: name, type: varchar(30), nullable: false }
      - { name: joined, type: timestamptz }
    firestore: { collection: members, id: id, fields: { teamId: team_id, name: name, joined: joined } }
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(20), nullable: false, unique: true }
      - { name: email, type: text, format: email, classification: pii }
      - { name: tax, type: text, encrypted: { blind_index: true } }
  orders:
    columns:
      - { name: id, type: bigserial, pk: true }
      - { name: client_id, type: integer, nullable: false, references: clients.id }
      - { name: parent_id, type: bigint, references: { table: orders, on_delete: set null } }
      - { name: state, type: order_state, nullable: false }
      - { name: level, type: text, enum: [gold, silver] }
      - { name: amount, type: "numeric(8,2)", min: 0, max: 5000 }
      - { name: code, type: text, pattern: '^[A-Z]{3}-\d+$' }
      - { name: details, type: jsonb }
      - { name: placed, type: timestamp, nullable: false }
      - { name: sent, type: timestamp }
    checks: [{ name: sent_after_placed, expression: sent >= placed }]
  products:
    pk: [vendor, code]
    columns:
      - { name: vendor, type: text }
      - { name: code, type: integer }
      - { name: title, type: varchar(30), unique: true }
  lines:
    pk: [order_id, position]
    columns:
      - { name: order_id, type: bigint, references: { table: orders, on_delete: cascade } }
      - { name: position, type: smallint }
      - { name: vendor, type: text }
      - { name: code, type: integer }
      - { name: quantity, type: integer, nullable: false, min: 1, max: 100 }
    fk: [{ columns: [vendor, code], table: products }]
  notes:
    columns:
      - { name: client_id, type: integer, references: clients.id }
      - { name: body, type: text, min: 1, max: 50 }
`,
  { file: "shop.yml" },
);

/** Both stores, with the shop's schema and nothing in it. */
export interface PlantedWorld extends AsyncDisposable {
  readonly registry: Registry;
  readonly keyring: Keyring;
  readonly url: string;
  readonly postgres: Postgres;
  readonly firestore: Firestore;
  readonly firestoreHost: string;
  readonly project: string;
}

/** Opens both stores for a test. The emulator is the caller's, or one of its own. */
export async function openPlantedWorld(given?: FirestoreEmulator): Promise<PlantedWorld> {
  await using opening = new AsyncDisposableStack();
  const keyring = parseKeyring(randomBytes(32).toString("base64"));
  const database = opening.use(await createTestDatabase({ registry: shop, keyring, poolSize: 6 }));
  const postgres = database.db;
  const emulator = given ?? (await startFirestoreEmulator({ port: 0 }));
  if (given === undefined) opening.defer(async () => await emulator.close());
  const project = `shop-${randomUUID().slice(0, 18)}`;
  const firestore = opening.use(
    await openFirestore({
      registry: shop,
      projectId: project,
      emulatorHost: emulator.address,
      keyring,
    }),
  );
  const opened = opening.move();
  return {
    registry: shop,
    keyring,
    url: database.url,
    postgres,
    firestore,
    firestoreHost: emulator.address,
    project,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

const text = (...parts: readonly (string | number)[]): string => parts.join("");
const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1);

/** How many rows of each table there are. */
export interface ShopSize {
  readonly clients: number;
  readonly orders: number;
  readonly products: number;
  readonly teams: number;
  readonly members: number;
}

/** Fills both stores with rows and documents of which none breaks a rule. */
export async function fillShop(
  { postgres, firestore }: Pick<PlantedWorld, "postgres" | "firestore">,
  { clients, orders, products, teams, members }: ShopSize,
): Promise<void> {
  const moment = "2026-03-01T10:00:00.123456";
  await postgres.copyIn(
    "clients",
    numbers(clients).map((id) => ({
      id,
      name: text("Client ", id),
      email: id % 3 === 0 ? null : text("c", id, "@example.com"),
      tax: id % 4 === 0 ? null : text("DE", 1000 + id),
    })),
  );
  await postgres.copyIn(
    "orders",
    numbers(orders).map((id) => ({
      id: BigInt(id),
      client_id: 1 + (id % clients),
      parent_id: id % 5 === 0 ? BigInt(id - 1) : null,
      state: ["new", "paid", "sent"][id % 3],
      level: id % 4 === 0 ? null : "gold",
      amount: text(id, ".50"),
      code: id % 7 === 0 ? null : text("ABC-", id),
      details: { id, tags: ["a", null, 1.5], ключ: "💡" },
      placed: moment,
      sent: id % 2 === 0 ? null : moment,
    })),
  );
  await postgres.copyIn(
    "products",
    numbers(products).map((code) => ({ vendor: "v'1", code, title: text("Product ", code) })),
  );
  await postgres.copyIn(
    "lines",
    numbers(orders).map((id) => ({
      order_id: BigInt(id),
      position: 1,
      vendor: "v'1",
      code: id % 6 === 0 ? null : 1 + (id % products),
      quantity: 1 + (id % 100),
    })),
  );
  await postgres.copyIn(
    "notes",
    numbers(clients).map((id) => ({ client_id: id, body: text("Note\n\t\\N ", id) })),
  );
  const teamRows = numbers(teams).map((id) => ({ id, title: text("Team ", id) }));
  const memberRows = numbers(members).map((id) => ({
    id,
    team_id: id % 5 === 0 ? null : 1 + (id % teams),
    name: text("Member ", id),
    joined: id % 2 === 0 ? null : `${moment}Z`,
  }));
  await postgres.copyIn("teams", teamRows);
  await postgres.copyIn("members", memberRows);
  for (const row of teamRows) await firestore.collection("teams").save(row);
  for (const row of memberRows) await firestore.collection("members").save(row);
  await setSequences(postgres);
}

async function setSequences(postgres: Postgres): Promise<void> {
  for (const table of ["clients", "orders", "teams", "members"]) {
    await postgres.query(
      `SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM ${table}))`,
    );
  }
}

/** Everything that is in both stores, byte for byte, but for the times at which documents were written. */
export async function contentOf({
  postgres,
  firestore,
}: Pick<PlantedWorld, "postgres" | "firestore">): Promise<readonly string[]> {
  const content: string[] = [];
  for (const { name } of shop.tables.values()) {
    const { rows } = await postgres.query<{ row: string }>(
      `SELECT t::text AS row FROM ${name} AS t ORDER BY t::text COLLATE "C"`,
    );
    content.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  const snapshot = await firestore.raw.snapshot();
  for (const range of await snapshot.ranges()) {
    for await (const { bytes } of snapshot.read(range)) {
      content.push(
        ...bytes
          .toString()
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => line.replaceAll(/"(?:createTime|updateTime)":"[^"]*",?/gu, "")),
      );
    }
  }
  return content;
}
