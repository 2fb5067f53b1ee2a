import type { AnyDocuments, DocumentsByName, Firestore } from "@ctb-data/firestore";
import type { Keyring } from "@ctb-data/models";
import type { Postgres } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";

/** What a project's test databases have, and where they are. */
export interface TestDatabaseOptions {
  /** The registry, or the path that `loadRegistry` reads: what `db` and `firestore` are opened with. */
  readonly registry?: Registry | string | undefined;
  /**
   * The folder of migrations that the databases go through. Without it they have the registry's own schema (`schemaSql`), and
   * without a registry, too, nothing.
   */
  readonly migrations?: string | undefined;
  /** Needed for tables with encrypted columns. */
  readonly keyring?: Keyring | undefined;
  /** Rows that every database starts with. */
  readonly seed?: TestSeed | undefined;
  /** The largest number of connections of each `db`. Default 5. */
  readonly poolSize?: number | undefined;
  /**
   * A server to make databases on, by the URL of one of its databases. The user needs CREATEDB. Default: the variable
   * TEST_DATABASE_URL, else an embedded server.
   */
  readonly url?: string | undefined;
  /** The folder of the embedded server. Default: the variable TEST_DATABASE_DIR, else `scratchFolder()` of the working directory. */
  readonly dataDir?: string | undefined;
  /** `127.0.0.1:8080`. Default: the variable FIRESTORE_EMULATOR_HOST, else an emulator in this process. */
  readonly emulatorHost?: string | undefined;
}

/** What is put into the template once, after the schema. */
export interface TestSeed {
  /** Another one for other content: the function itself cannot be compared. */
  readonly key: string;
  readonly run: (db: Postgres) => Promise<void>;
}

/** A database of its own, and a Firestore project beside it. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** Opened with the registry. It is closed with the database. */
  readonly db: Postgres;
  /**
   * A project of its own, opened with the registry when it is first asked for.
   *
   * @throws {FixtureError} INVALID_OPTIONS without a registry, FIRESTORE_FAILED.
   */
  firestore<Documents extends DocumentsByName<Documents> = AnyDocuments>(): Promise<
    Firestore<Documents>
  >;
  /** Closes both, drops the database and empties the project. May be called twice. */
  close(): Promise<void>;
}
