import type { CommitRecord, Manifest } from "../archive/backup-manifest.ts";
import type { BackupEncryption } from "../backup-encryption.ts";
import type { Storage } from "../storage/storage.ts";
import type { BackupStores, WorkOptions } from "../workflow-options.ts";

/** Where the SQL of the schema comes from. */
export interface SchemaOptions {
  /**
   * `pg_dump`: that program, which must be of the server's version or newer. `catalog`: this package's own reading of the catalog. `auto`
   * (the default): pg_dump when one is there that can, else the catalog.
   */
  readonly source?: "auto" | "pg_dump" | "catalog";
  /** The program. Default: the one on the PATH. */
  readonly program?: string;
  /** For pg_dump, which makes a connection of its own. Without it the catalog is read. */
  readonly url?: string;
  /** Fails with NOT_COVERED when the database has something that the archive would not hold. */
  readonly strict?: boolean;
}

export interface CreateBackupOptions extends BackupStores, WorkOptions {
  readonly storage: Storage;
  /** The series that this backup belongs to. Default: made of the names of database and project. */
  readonly source?: string | undefined;
  /** To whom it is encrypted. Clear text is never the default: it must be said. */
  readonly encryption: BackupEncryption | undefined;
  /** The text of a minisign secret key, which signs the commit record. */
  readonly signingKey: string | undefined;
  readonly schema?: SchemaOptions;
  /** zstd's, from -7 to 19. Default 1. */
  readonly level?: number;
  /** Connections that rows are read over at once, and ranges of documents. Default 2. */
  readonly jobs?: number;
  /** Tables larger than this are cut into several parts, bytes. Default 256 MiB. */
  readonly splitBytes?: number;
  /** How long one try waits for the locks on the tables. */
  readonly lockTimeoutMs?: number;
  /** Files that belong to the Firestore database: its indexes and rules. */
  readonly firestoreFiles?: readonly { readonly name: string; readonly content: string }[];
}

/** A backup that was made. */
export interface CreatedBackup {
  readonly id: string;
  readonly record: CommitRecord;
  readonly manifest: Manifest;
}
