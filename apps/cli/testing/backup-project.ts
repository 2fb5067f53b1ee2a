import { type Firestore, openFirestore } from "@ctb-data/firestore";
import { type FirestoreEmulator, startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry } from "@ctb-data/registry";
import { runCliProcess } from "./cli-process.ts";
import { testDir, type TestDir } from "./test-dir.ts";

/** The two stores of one side, with variables that name them. */
export interface TestStores extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly firestore: Firestore;
  readonly database: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Empty stores on real servers. */
export async function testStores(
  emulator: FirestoreEmulator,
  project: string,
): Promise<TestStores> {
  const database = await createTestDatabase();
  const postgres = await openPostgres({ url: database.url });
  const firestore = await openFirestore({
    registry: parseRegistry("tables: {}\n", { file: "none" }),
    projectId: project,
    emulatorHost: emulator.address,
  });
  return {
    postgres,
    firestore,
    database: new URL(database.url).pathname.slice(1),
    project,
    env: {
      DATABASE_URL: database.url,
      FIREBASE_PROJECT_ID: project,
      FIRESTORE_EMULATOR_HOST: emulator.address,
    },
    [Symbol.asyncDispose]: async () => {
      await firestore.close();
      await postgres.close();
      await database.drop();
    },
  };
}

/** A folder with keys, stores with something in them, and empty ones to restore into. */
export interface BackupProject extends AsyncDisposable {
  readonly dir: TestDir;
  readonly source: TestStores;
  readonly target: TestStores;
}

export async function backupProject(): Promise<BackupProject> {
  await using opening = new AsyncDisposableStack();
  const dir = opening.use(await testDir());
  const emulator = await startFirestoreEmulator({ port: 0 });
  opening.defer(async () => {
    await emulator.close();
  });
  const source = opening.use(await testStores(emulator, "demo-source"));
  const target = opening.use(await testStores(emulator, "demo-target"));
  await fill(source);
  await runCliProcess(["backup", "keys", "create", "--save"], { cwd: dir.path });
  const opened = opening.move();
  return {
    dir,
    source,
    target,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

async function fill({ postgres, firestore }: TestStores): Promise<void> {
  await postgres.query("CREATE TABLE clients (id serial PRIMARY KEY, name text NOT NULL)");
  await postgres.query(
    "CREATE TABLE orders (id int PRIMARY KEY, client_id int REFERENCES clients, what jsonb)",
  );
  await postgres.query(
    "INSERT INTO clients (name) SELECT 'client ' || n FROM generate_series(1, 10) AS n",
  );
  await postgres.query(
    `INSERT INTO orders SELECT n, n % 10 + 1, jsonb_build_object('n', n) FROM generate_series(1, 50) AS n`,
  );
  for (let n = 1; n <= 10; n += 1) {
    await firestore.document(`clients/${n}`).set({ name: `client ${n}` });
    await firestore.document(`clients/${n}/notes/a`).set({ n });
  }
  await firestore.document("settings/one").set({ on: true });
}

/** How much there is: for people who compare. */
export async function countsOf({
  postgres,
  firestore,
}: TestStores): Promise<Readonly<Record<string, number>>> {
  const count = async (table: string): Promise<number> => {
    const { rows } = await postgres.query<{ exists: boolean }>(
      "SELECT to_regclass($1) IS NOT NULL AS exists",
      [table],
    );
    if (rows[0]?.exists !== true) {
      return 0;
    }
    const counted = await postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
    return counted.rows[0]?.n ?? 0;
  };
  const documents = async (collection: string): Promise<number> =>
    await firestore.documents(collection).count();
  return {
    "table clients": await count("clients"),
    "table orders": await count("orders"),
    clients: await documents("clients"),
    "clients/1/notes": await documents("clients/1/notes"),
    settings: await documents("settings"),
  };
}
