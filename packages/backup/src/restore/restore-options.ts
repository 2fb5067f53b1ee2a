import type { Manifest } from "../archive/backup-manifest.ts";
import type { OpenBackupOptions } from "../archive/read-backup.ts";
import type { RestoredDocuments, RestoreFirestoreOptions } from "../firestore/restore-firestore.ts";
import type { Storage } from "../storage/storage.ts";
import type { BackupStores, WorkOptions } from "../workflow-options.ts";

/**
 * What becomes of what is there. `empty`: there must be nothing, but what an earlier try of the same restore left. `overwrite`: rows of
 * the same primary key and documents of the same name are replaced, all else stays. `exact`: the target has what the backup has and
 * nothing else.
 */
export type RestoreMode = "empty" | "overwrite" | "exact";

/** What to do about a foreign key that the rows of the backup violate themselves: they did so in the source. */
export type OnViolation = "fail" | "not-valid";

export interface RestoreBackupOptions extends OpenBackupOptions, BackupStores, WorkOptions {
  readonly storage: Storage;
  readonly id: string;
  /** Default `empty`. */
  readonly mode?: RestoreMode;
  /** Only these tables: `schema.table`, or `table` where only one schema has it. Given as the catalog has the names, unquoted. */
  readonly tables?: readonly string[] | undefined;
  /** Only this collection and what is below it: `clients`, or `clients/42/notes`. */
  readonly collection?: string | undefined;
  /** Connections that rows are loaded over at once. Default 2. */
  readonly jobs?: number;
  /** Documents per second, see `restoreFirestore`. */
  readonly ramp?: RestoreFirestoreOptions["ramp"];
  /** For functions of the backup that name tables without their schema: `public`, say. Default: none. */
  readonly searchPath?: string | undefined;
  /** Default `fail`. */
  readonly onViolation?: OnViolation;
}

/** What was restored into PostgreSQL. */
export interface RestoredRows {
  readonly tables: number;
  readonly rows: number;
  /** Full sentences. */
  readonly warnings: readonly string[];
}

export interface RestoreReport {
  readonly id: string;
  readonly postgres: RestoredRows | null;
  readonly firestore: RestoredDocuments | null;
}

export type PostgresPart = NonNullable<Manifest["postgres"]>;
