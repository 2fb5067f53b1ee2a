import { mkdtemp, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { afterAll } from "vitest";
import { MigrationError } from "../src/migration-error.ts";

/** A folder of migrations and an empty database, both gone when disposed of. */
export interface TestMigrations extends AsyncDisposable {
  readonly dir: string;
  readonly url: string;
  readonly db: Postgres;
  write(file: string, content: string | Uint8Array): Promise<void>;
  remove(file: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

export async function testMigrations(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<TestMigrations> {
  const folder = await testDirectory(files);
  const database = unused.pop() ?? (await openDatabase());
  return {
    ...folder,
    ...database,
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await empty(database);
      unused.push(database);
    },
  };
}

type TestDatabase = Pick<TestMigrations, "db" | "url"> & AsyncDisposable;

/** Emptying a database takes a tenth of the time of making one. */
const unused: TestDatabase[] = [];

afterAll(async () => {
  for (const database of unused.splice(0)) await database[Symbol.asyncDispose]();
});

async function openDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const db = await openPostgres({ url: database.url, applicationName: "the tests" });
  return {
    db,
    url: database.url,
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await database.drop();
    },
  };
}

async function empty({ db }: TestDatabase): Promise<void> {
  // A killed runner's server process may still be at its last statement.
  await db.query(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name <> 'the tests'`);
  await db.query(`DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
  CREATE SCHEMA public;
  GRANT USAGE ON SCHEMA public TO PUBLIC;
END $$`);
}

/** The folder alone. */
export async function testDirectory(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Omit<TestMigrations, "db" | "url">> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "ctb-data-migrations-")));
  const write = async (file: string, content: string | Uint8Array): Promise<void> =>
    await writeFile(join(dir, file), content);
  for (const [file, content] of Object.entries(files)) await write(file, content);
  return {
    dir,
    write,
    remove: async (file) => await rm(join(dir, file)),
    rename: async (from, to) => await rename(join(dir, from), join(dir, to)),
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true, force: true }),
  };
}

/** The MigrationError that a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<MigrationError> {
  const thrown: unknown = await promise.then(
    (value) => new Error(`nothing was thrown, but ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (thrown instanceof MigrationError) return thrown;
  throw thrown;
}

/** What the database has, without the history: to compare two ways to the same place. */
export async function catalogOf(db: Postgres): Promise<readonly string[]> {
  const { rows } = await db.query<{ readonly line: string }>(`
SELECT format('%s.%s.%s %s', table_schema, table_name, column_name, data_type) AS line FROM information_schema.columns
  WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'ctb_data')
UNION ALL SELECT pg_get_indexdef(indexrelid) || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'ctb_data', 'pg_toast')
UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1`);
  return rows.map((row) => row.line);
}

/** All rows of the history, oldest first, as `version state done/total`. */
export async function historyOf(db: Postgres): Promise<readonly string[]> {
  const { rows } = await db.query<{ readonly line: string }>(
    `SELECT format('%s %s %s %s/%s', version, direction, state, done, total) AS line FROM ctb_data.migrations ORDER BY id`,
  );
  return rows.map((row) => row.line);
}

/** One value of the database. */
export async function valueOf(db: Postgres, sql: string): Promise<string> {
  const { rows } = await db.query<{ readonly value: string | null }>(
    `SELECT (${sql})::text AS value`,
  );
  return rows[0]?.value ?? "null";
}
