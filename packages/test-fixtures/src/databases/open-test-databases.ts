import type { AnyDocuments, DocumentsByName, Firestore } from "@ctb-data/firestore";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import {
  openScratchServer,
  type ScratchDatabase,
  type ScratchServer,
  WarmPool,
} from "@ctb-data/postgres/scratch";
import { loadRegistry, type Registry } from "@ctb-data/registry";
import { FixtureError } from "../fixture-error.ts";
import { asFixtureErrors } from "./as-fixture-error.ts";
import { emulatorHostOf, serverPlaceOf } from "./server-place.ts";
import { templateOf } from "./template-of.ts";
import type { TestDatabase, TestDatabaseOptions } from "./test-database.ts";
import { openTestFirestore, type TestFirestore } from "./test-firestore.ts";

/** Makes databases of one kind, as many as are wanted. */
export interface TestDatabases extends AsyncDisposable {
  /** @throws {FixtureError} */
  create(): Promise<TestDatabase>;
  /** Resolves when as many databases lie ready as `warm` says. */
  ready(): Promise<void>;
  /** Closes what was created and gives back what lies ready. May be called twice. */
  close(): Promise<void>;
}

/** {@link TestDatabaseOptions}, and how many lie ready. */
export interface TestDatabasesOptions extends TestDatabaseOptions {
  /**
   * How many databases are cloned and connected to before they are asked for, one after the other in the background. Each takes a
   * connection of the server and 8 MB. Default 0.
   */
  readonly warm?: number | undefined;
}

/** A database and its connections, not yet given to anybody. */
interface Prepared {
  readonly scratch: ScratchDatabase;
  readonly db: Postgres;
}

/**
 * Opens a server and sees to the template, so that a new database is a copy: about 15 ms on the embedded server, and 1 ms when it lies
 * ready. What killed runs have left behind is dropped in the background.
 *
 * @throws {FixtureError} INVALID_OPTIONS, NO_SERVER, MIGRATION_FAILED (with file and line) or DATABASE_FAILED.
 */
export async function openTestDatabases(options: TestDatabasesOptions): Promise<TestDatabases> {
  const { warm = 0 } = options;
  checkCount("warm", warm, 0);
  checkCount("poolSize", options.poolSize ?? 5, 1);
  const registry = await registryOf(options.registry);
  const { migrations, keyring, seed } = options;
  const template = await templateOf({ registry, migrations, keyring, seed });
  const server = await asFixtureErrors(async () => await openScratchServer(serverPlaceOf(options)));
  const make = async (lane: "now" | "later"): Promise<Prepared> => {
    const scratch = await server.createDatabase({ template, lane });
    return { scratch, db: await openDatabase(scratch, options, registry) };
  };
  const pool = new WarmPool({ size: warm, make, discard });
  const open = new Set<TestDatabase>();
  const close = closing(server, pool, open);
  sweepInBackground(server);
  return {
    create: async () => {
      const prepared = await asFixtureErrors(async () => await pool.take());
      const database = testDatabase(prepared, { options, registry }, () => open.delete(database));
      open.add(database);
      return database;
    },
    ready: async () => {
      await pool.filled();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function closing(
  server: ScratchServer,
  pool: WarmPool<Prepared>,
  open: ReadonlySet<TestDatabase>,
): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    try {
      await Promise.all([
        pool.close(),
        ...[...open].map(async (database) => await database.close()),
      ]);
    } finally {
      await server.close();
    }
  };
  return async () => {
    closed ??= asFixtureErrors(close);
    await closed;
  };
}

async function discard({ scratch, db }: Prepared): Promise<void> {
  await db.close({ graceMs: 0 });
  await scratch.drop();
}

async function openDatabase(
  scratch: ScratchDatabase,
  { poolSize = 5, keyring }: TestDatabasesOptions,
  registry: Registry | undefined,
): Promise<Postgres> {
  try {
    return await openPostgres({
      url: scratch.url,
      poolSize,
      applicationName: "ctb-data test",
      ...(registry && { registry }),
      ...(keyring && { keyring }),
    });
  } catch (error) {
    await scratch.drop().catch(() => {});
    throw error;
  }
}

function testDatabase(
  { scratch, db }: Prepared,
  opened: { readonly options: TestDatabasesOptions; readonly registry: Registry | undefined },
  onClosed: () => void,
): TestDatabase {
  let project: Promise<TestFirestore> | undefined;
  let closed: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await (await project?.catch(() => undefined))?.close();
    await discard({ scratch, db });
    onClosed();
  };
  const close = async (): Promise<void> => {
    closed ??= asFixtureErrors(closeAll);
    await closed;
  };
  return {
    url: scratch.url,
    name: scratch.name,
    db,
    firestore: async <Documents extends DocumentsByName<Documents> = AnyDocuments>() => {
      project ??= openTestProject({ ...opened.options, registry: opened.registry });
      const { firestore } = await project;
      const typed: unknown = firestore;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of documents are known to the compiler only
      return typed as Firestore<Documents>;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Opens a project as the options say. @throws {FixtureError} INVALID_OPTIONS without a registry, FIRESTORE_FAILED. */
export async function openTestProject(options: TestDatabaseOptions): Promise<TestFirestore> {
  const registry = await registryOf(options.registry);
  if (registry === undefined) {
    throw new FixtureError("INVALID_OPTIONS", "A Firestore project needs a registry.", {
      hint: "Give registry to createTestDatabase.",
    });
  }
  const { keyring } = options;
  return await asFixtureErrors(
    async () =>
      await openTestFirestore({ registry, keyring, emulatorHost: emulatorHostOf(options) }),
  );
}

/** The registry of the options. @throws {RegistryError} when its files are wrong. */
export async function registryOf(
  registry: Registry | string | undefined,
): Promise<Registry | undefined> {
  return typeof registry === "string" ? await loadRegistry(registry) : registry;
}

const swept = new Set<string>();

/** Once in the life of a process. */
function sweepInBackground(server: ScratchServer): void {
  if (swept.has(server.url)) return;
  swept.add(server.url);
  // A server that is gone is told by whoever wants something of it.
  server.sweep().catch(() => undefined);
}

function checkCount(name: string, value: number, smallest: number): void {
  if (Number.isInteger(value) && value >= smallest && value <= 1000) return;
  throw new FixtureError(
    "INVALID_OPTIONS",
    `${name} is not a whole number from ${smallest} to 1000.`,
  );
}
