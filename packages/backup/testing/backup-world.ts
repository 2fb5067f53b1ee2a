import { randomUUID } from "node:crypto";
import { openFirestore, type Firestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import type { Postgres } from "@ctb-data/postgres";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { createTestDatabase } from "@ctb-data/test-fixtures";
import { generateIdentity, recipientOf } from "../src/age/age-keys.ts";
import { generateSigningKey } from "../src/minisign/signing-key.ts";
import { openFolderStorage } from "../src/storage/folder/folder-storage.ts";
import type { Storage } from "../src/storage/storage.ts";
import { testFolder } from "./test-folder.ts";

/** Keys made for one test. */
export interface TestKeys {
  readonly identity: string;
  readonly recipient: string;
  readonly signingKey: string;
  readonly publicKey: string;
}

export function makeTestKeys(): TestKeys {
  const identity = generateIdentity();
  const { secretKey, publicKey } = generateSigningKey();
  return { identity, recipient: recipientOf(identity), signingKey: secretKey, publicKey };
}

/** Two stores with something in them, two empty ones to restore into, and a folder for backups. */
export interface BackupWorld extends AsyncDisposable {
  readonly url: string;
  readonly targetUrl: string;
  readonly postgres: Postgres;
  readonly target: Postgres;
  /** `127.0.0.1:8080` */
  readonly firestoreHost: string;
  readonly project: string;
  readonly targetProject: string;
  readonly firestore: Firestore;
  readonly firestoreTarget: Firestore;
  readonly dir: string;
  readonly storage: Storage;
  readonly keys: TestKeys;
}

export const worldRegistry: Registry = parseRegistry(
  `tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: email, type: varchar(255), unique: true }
    firestore: { collection: clients, id: id }
  orders:
    columns:
      - { name: id, type: bigserial, primary_key: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: details, type: jsonb }
      - { name: picture, type: bytea }
`,
  { file: "world.yml" },
);

const schema = [
  `CREATE TYPE mood AS ENUM ('good', 'bad')`,
  `CREATE TABLE clients (id serial PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) UNIQUE, mood mood DEFAULT 'good',
     upper_name text GENERATED ALWAYS AS (upper(name)) STORED)`,
  `CREATE TABLE orders (id bigserial PRIMARY KEY, client_id integer REFERENCES clients, details jsonb, picture bytea)`,
  `CREATE INDEX orders_by_client ON orders (client_id) WHERE client_id > 10`,
  `CREATE VIEW busy AS SELECT client_id, count(*) FROM orders GROUP BY 1`,
  `CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS orders FROM orders`,
  `CREATE TABLE "Odd ""näme"" / 1" (id int PRIMARY KEY, "select" text, parent int REFERENCES "Odd ""näme"" / 1")`,
];

/** Fills the source stores: `rows` orders, and as many documents below 20 clients. */
export async function fillWorld(world: BackupWorld, rows = 200): Promise<void> {
  const { postgres, firestore } = world;
  for (const sql of schema) await postgres.query(sql);
  await postgres.query(
    `INSERT INTO clients (name, email) SELECT 'Clïent ' || n, 'c' || n || '@example.com' FROM generate_series(1, 20) AS n`,
  );
  await postgres.query(
    `INSERT INTO orders (client_id, details, picture) SELECT n % 20 + 1, jsonb_build_object('n', n, 'text', E'tab\\t"quote" \\\\ ' || n), decode(md5(n::text), 'hex')
     FROM generate_series(1, $1::int) AS n`,
    [rows],
  );
  await postgres.query(
    `INSERT INTO "Odd ""näme"" / 1" VALUES (1, E'line\\nbreak', NULL), (2, NULL, 1), (3, '\\N', 2)`,
  );
  await postgres.query("REFRESH MATERIALIZED VIEW totals");
  const { types } = firestore;
  for (let n = 1; n <= 20; n += 1) {
    await firestore.document(`clients/${n}`).set({
      name: `Clïent ${n}`,
      ref: types.reference(`clients/${(n % 20) + 1}`),
      at: new Date(n),
    });
  }
  await firestore.documents("notes").bulkWrite(
    Array.from({ length: rows }, (_, n) => ({
      op: "set" as const,
      id: `n${n}`,
      data: { n, half: n + 0.5, text: `note ${n}`, list: [n, null, { deep: true }] },
    })),
    { ramp: false },
  );
  await firestore.document("gone/parent/kept/child").set({ value: 1 });
}

/** Opens a world with empty stores. */
export async function openBackupWorld(): Promise<BackupWorld> {
  const source = await createTestDatabase({ poolSize: 10 });
  const target = await createTestDatabase({ poolSize: 10 });
  const emulator = await startFirestoreEmulator({ port: 0 });
  const folder = testFolder();
  const firestoreHost = `${emulator.host}:${emulator.port}`;
  const project = `source-${randomUUID().slice(0, 8)}`;
  const targetProject = `target-${randomUUID().slice(0, 8)}`;
  const openDocuments = async (projectId: string): Promise<Firestore> =>
    await openFirestore({ registry: worldRegistry, projectId, emulatorHost: firestoreHost });
  const opened = {
    postgres: source.db,
    target: target.db,
    firestore: await openDocuments(project),
    firestoreTarget: await openDocuments(targetProject),
    storage: await openFolderStorage({ dir: `${folder.path}/backups` }),
  };
  return {
    ...opened,
    url: source.url,
    targetUrl: target.url,
    firestoreHost,
    project,
    targetProject,
    dir: `${folder.path}/backups`,
    keys: makeTestKeys(),
    [Symbol.asyncDispose]: async () => {
      for (const store of Object.values(opened)) await store.close();
      await emulator.close();
      await source.close();
      await target.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Everything that a PostgreSQL database holds, in words that do not depend on this package's own reading. */
export async function contentOf(postgres: Postgres): Promise<Readonly<Record<string, unknown>>> {
  const { rows: tables } = await postgres.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`,
  );
  const content: Record<string, unknown> = {};
  for (const { name } of tables) {
    const { rows } = await postgres.query<{ digest: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")), '') AS digest FROM ${name} AS t`,
    );
    content[name] = rows[0]?.digest;
  }
  const { rows: sequences } = await postgres.query(
    "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
  );
  const { rows: constraints } = await postgres.query(
    `SELECT conrelid::regclass::text AS on, conname, pg_get_constraintdef(c.oid) AS def, convalidated FROM pg_constraint c
     JOIN pg_namespace n ON n.oid = connamespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1, 2`,
  );
  const { rows: indexes } = await postgres.query(
    "SELECT indexdef FROM pg_indexes WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1",
  );
  return { ...content, sequences, constraints, indexes };
}
