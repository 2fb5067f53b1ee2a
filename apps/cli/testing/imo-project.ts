import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Firestore, openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres, type Postgres, schemaSql } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry } from "@ctb-data/registry";
import type { CliOptions } from "./cli-process.ts";
import { testDir, type TestDir } from "./test-dir.ts";

/** A project with the seed's registry, a blueprint that takes clients in, and one that sends them out. */
export interface ImoProject extends AsyncDisposable {
  readonly dir: TestDir;
  readonly db: Postgres;
  readonly firestore: Firestore;
  /** What every command of the project is run with. */
  readonly options: CliOptions;
}

const list = `vendor: company_list
version: 1
intake:
  format: csv
  table: clients
  collection: client_intake
  key: Email
  columns:
    name: { from: Company, trim: true }
    email: { from: Email, trim: true, format: lower }
    created_at: { from: Date added, format: YYYY-MM-DD }
`;

const feed = `vendor: client_feed
version: 1
export:
  source: clients
  order_by: email
  output: csv
  fields:
    - { name: NAME, from: name, format: upper, type: varchar(20) }
    - { name: MAIL, from: email, required: true }
`;

/** On a server of the test's, or on that of `FIRESTORE_EMULATOR_HOST`; the database is empty but for the tables. */
export async function imoProject(
  files: Readonly<Record<string, string>> = {},
): Promise<ImoProject> {
  await using opening = new AsyncDisposableStack();
  const text = await readFile(
    fileURLToPath(import.meta.resolve("@ctb-data/registry/seed/clnt_column_registry.yml")),
    "utf8",
  );
  const registry = parseRegistry(text);
  const database = opening.use(await createTestDatabase());
  const dir = opening.use(
    await testDir({
      "db/registry/clnt_column_registry.yml": text,
      "db/vendor_blueprints/company_list.yml": list,
      "db/vendor_blueprints/client_feed.yml": feed,
      ...files,
    }),
  );
  const db = opening.use(await openPostgres({ url: database.url, registry }));
  await db.query(schemaSql(registry));
  const emulatorHost =
    process.env["FIRESTORE_EMULATOR_HOST"] ?? opening.use(await startFirestoreEmulator()).address;
  const projectId = `demo-${database.name.replaceAll("_", "-")}`;
  const firestore = opening.use(await openFirestore({ registry, projectId, emulatorHost }));
  const env = {
    DATABASE_URL: database.url,
    FIRESTORE_EMULATOR_HOST: emulatorHost,
    FIREBASE_PROJECT_ID: projectId,
  };
  const opened = opening.move();
  return {
    dir,
    db,
    firestore,
    options: { cwd: dir.path, env },
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

/** A file of so many companies that are as they should be. */
export function companies(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, n) => `Company ${n},c${n}@example.com,2026-01-02\n`,
  );
  return `Company,Email,Date added\n${lines.join("")}`;
}

/** The clients, by their addresses. */
export async function clientsIn(db: Postgres): Promise<readonly string[]> {
  const { rows } = await db.query<{ line: string }>(
    "SELECT email || ' ' || name AS line FROM clients ORDER BY email COLLATE \"C\"",
  );
  return rows.map(({ line }) => line);
}

/** How much is kept of runs. */
export async function runsIn(db: Postgres): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    "SELECT (SELECT count(*)::int FROM imo_processes) + (SELECT count(*)::int FROM blueprints) AS n",
  );
  return rows[0]?.n ?? -1;
}
