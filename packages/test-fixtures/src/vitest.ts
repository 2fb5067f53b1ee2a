import type { Firestore } from "@ctb-data/firestore";
import {
  Blueprint,
  type BlueprintValue,
  Client,
  type ClientValue,
  ImoProcess,
  type ImoProcessValue,
} from "@ctb-data/models";
import type { Postgres, StoredRow, Transaction } from "@ctb-data/postgres";
import { test as base, type TestAPI } from "vitest";
import {
  openTestDatabases,
  openTestProject,
  registryOf,
  type TestDatabases,
  type TestDatabasesOptions,
} from "./databases/open-test-databases.ts";
import type { TestDatabase } from "./databases/test-database.ts";
import { withRollback } from "./databases/with-rollback.ts";
import { type Fixtures, fixturesFor } from "./factories/fixtures-for.ts";
import { FixtureError } from "./fixture-error.ts";

/** A stored row of the seed's `clients`, an instance of its class. */
export type TestClient = StoredRow<ClientValue, Client>;
/** A stored row of the seed's `blueprints`. */
export type TestBlueprint = StoredRow<BlueprintValue, Blueprint>;
/** A stored row of the seed's `imo_processes`. */
export type TestProcess = StoredRow<ImoProcessValue, ImoProcess>;

/** What a test gets, of that what it asks for. `Db` is what runs SQL in the isolation that was chosen. */
export interface DatabaseFixtures<Db> {
  /** The database of this test alone: what it does, no other test sees. */
  readonly db: Db;
  /** A Firestore project of this test alone, opened with the registry. */
  readonly firestore: Firestore;
  /** Factories for the registry's tables; every test begins with the same rows. */
  readonly fixtures: Fixtures;
  /** A row of the seed's `clients`, inserted. For projects that have this table. */
  readonly testClient: TestClient;
  /** A row of the seed's `blueprints`, of `testClient`. */
  readonly testBlueprint: TestBlueprint;
  /** A row of the seed's `imo_processes`, of `testBlueprint`. */
  readonly testProcess: TestProcess;
  /** Makes more databases with the same schema; they are closed after the file. */
  readonly databases: TestDatabases;
}

/** What tests of a project are made for, or a function that finds out, such as `seedProject`. */
export type TestProject = TestDatabasesOptions | (() => Promise<TestDatabasesOptions>);

/** How tests are kept apart. */
export interface CreateTestOptions {
  /**
   * - `copy` (default): each test has a database of its own, a copy that lies ready (`warm`, here 2) when the test begins. It may do anything:
   *   commit, use several connections, change the schema.
   * - `rollback`: the tests of a file share one database, and each runs in a transaction that is rolled back: `db` is that transaction.
   *   The fastest, for code that takes a transaction. See `withRollback` for what it does not undo.
   */
  readonly isolation?: "copy" | "rollback";
}

/**
 * Vitest's `test` with a database, a Firestore project and the seed's rows for whoever asks for them. Nothing is opened for tests that do
 * not. Call it once, in the test file or in a module that test files import.
 *
 * @example
 * const test = createTest({ registry: "db/registry", migrations: "migrations" });
 *
 * test("a client is found by its e-mail address", async ({ db, testClient }) => {
 *   expect(await findClient(db, testClient.email)).toEqual(testClient);
 * });
 */
export function createTest(
  project: TestProject,
  options: CreateTestOptions & { readonly isolation: "rollback" },
): TestAPI<DatabaseFixtures<Transaction>>;
export function createTest(
  project: TestProject,
  options?: CreateTestOptions & { readonly isolation?: "copy" },
): TestAPI<DatabaseFixtures<Postgres>>;
export function createTest(
  project: TestProject,
  { isolation = "copy" }: CreateTestOptions = {},
): unknown {
  // `db` is of the type that the overloads say.
  return base.extend<InnerFixtures>({
    databases: [
      // oxlint-disable-next-line no-empty-pattern -- vitest reads from it what a fixture asks for
      async ({}, use) => {
        const warm = isolation === "copy" ? 2 : 0;
        await using databases = await openTestDatabases({ warm, ...(await optionsOf(project)) });
        await use(databases);
      },
      { scope: "file" },
    ],
    sharedDatabase: [
      async ({ databases }, use) => {
        await use(await databases.create());
      },
      { scope: "file" },
    ],
    db: isolation === "copy" ? copy : transaction,
    // oxlint-disable-next-line no-empty-pattern -- the same
    firestore: async ({}, use) => {
      const { firestore, close } = await openTestProject(await optionsOf(project));
      await use(firestore);
      await close();
    },
    // oxlint-disable-next-line no-empty-pattern -- the same
    fixtures: async ({}, use) => {
      await use(await fixturesOf(await optionsOf(project)));
    },
    testClient: async ({ db, fixtures }, use) => {
      await use(await fixtures.of(Client).create(db));
    },
    testBlueprint: async ({ db, fixtures, testClient }, use) => {
      await use(await fixtures.of(Blueprint).create(db, { client_id: testClient.id }));
    },
    testProcess: async ({ db, fixtures, testBlueprint }, use) => {
      await use(await fixtures.of(ImoProcess).create(db, { blueprint_id: testBlueprint.id }));
    },
  });
}

async function fixturesOf({ registry, keyring }: TestDatabasesOptions): Promise<Fixtures> {
  const loaded = await registryOf(registry);
  if (loaded !== undefined) return fixturesFor(loaded, keyring ? { keyring } : {});
  throw new FixtureError("INVALID_OPTIONS", "Factories need a registry.", {
    hint: "Give registry to createTest.",
  });
}

/** With what only the other fixtures ask for. */
interface InnerFixtures extends DatabaseFixtures<Postgres | Transaction> {
  readonly sharedDatabase: TestDatabase;
}

type Use<T> = (value: T) => Promise<void>;

async function copy(
  { databases }: Pick<InnerFixtures, "databases">,
  use: Use<Postgres | Transaction>,
): Promise<void> {
  const database = await databases.create();
  await use(database.db);
  // Nobody waits for the drop. An error of it is one of the file: `databases` waits at its end.
  database.close().catch(() => undefined);
}

async function transaction(
  { sharedDatabase }: Pick<InnerFixtures, "sharedDatabase">,
  use: Use<Postgres | Transaction>,
): Promise<void> {
  await withRollback(sharedDatabase.db, use);
}

async function optionsOf(project: TestProject): Promise<TestDatabasesOptions> {
  return typeof project === "function" ? await project() : project;
}
