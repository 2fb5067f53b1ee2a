import type { Connection } from "@ctb-data/postgres";
import type { TableManifest, Uncovered } from "../archive/postgres-manifest.ts";
import type { DumpedSequences } from "./dump-sequences.ts";
import type { ServerFacts } from "./server-facts.ts";

/** One moment of a database, kept readable until it is closed. */
export interface PostgresSnapshot extends AsyncDisposable {
  readonly server: ServerFacts;
  /** For `pg_dump --snapshot` and other sessions, while this is open. Give pg_dump a `--lock-wait-timeout`, too. */
  readonly id: string;
  /** `pg_current_snapshot()` */
  readonly snapshot: string;
  /** By the server's clock: ISO 8601 with microseconds, UTC. */
  readonly takenAt: string;
  /** Where the write-ahead log was; null where the server does not say. */
  readonly lsn: string | null;
  /** What has rows that the archive will not have. */
  readonly uncovered: readonly Uncovered[];
  /** Lends a session of this snapshot: its settings are those for text that does not depend on a session. */
  withSnapshotConnection<T>(fn: (connection: Connection) => Promise<T>): Promise<T>;
  /**
   * Reads every row of every table. The signal ends this, besides the one that ends the snapshot.
   *
   * @throws {BackupError} DATABASE_FAILED, CANCELLED, and what the sink throws.
   */
  dumpRows(options?: {
    readonly signal?: AbortSignal | undefined;
  }): Promise<readonly TableManifest[]>;
  /** Reads the sequences. After the rows: they are of no snapshot. @throws {BackupError} DATABASE_FAILED */
  dumpSequences(): Promise<DumpedSequences>;
  /**
   * Compares the catalog as others see it now with that of the snapshot. At the very end. Warns of objects that are new.
   *
   * @throws {BackupError} SCHEMA_CHANGED when something that the archive describes was altered or dropped.
   */
  checkSchemaUnchanged(): Promise<{ readonly warnings: readonly string[] }>;
  /** Lets the locks and the sessions go. */
  close(): Promise<void>;
}
