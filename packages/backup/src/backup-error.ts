/** What went wrong, for a program to act on. */
export type BackupErrorCode =
  /** An option is wrong; nothing was touched. */
  | "INVALID_OPTIONS"
  /** Neither a recipient nor an explicit `encryption: none` was given. */
  | "NO_RECIPIENT"
  /** No key to sign the commit record with. */
  | "NO_SIGNING_KEY"
  /** A key, a recipient or an identity is not one, or a key file is open to others. */
  | "INVALID_KEY"
  /** None of the identities opens this backup. */
  | "WRONG_KEY"
  /** The signature is missing, wrong, or of a key that is not trusted. */
  | "BAD_SIGNATURE"
  /** There is no such backup, table, collection or part. */
  | "NOT_FOUND"
  /** The archive is of a newer format than this program knows. */
  | "UNKNOWN_FORMAT"
  /** Bytes of the archive are not those that were written. `key` says which part. */
  | "CORRUPT"
  /** The storage did not do what it was asked, after all tries. */
  | "STORAGE_FAILED"
  /** The disk or the quota of the storage is full. */
  | "STORAGE_FULL"
  | "STORAGE_DENIED"
  /** An object of this key is there already, or was changed by somebody else. */
  | "CONFLICT"
  /** The storage lacks something that the command needs, as conditional writes. */
  | "UNSUPPORTED"
  /** An optional package (`@aws-sdk/client-s3`) or program (`pg_dump`) is not installed, or too old. */
  | "NOT_INSTALLED"
  /** Another backup, restore or prune holds the lease. */
  | "LOCKED"
  /** The lease was lost while it was needed: something else may be running. */
  | "LEASE_LOST"
  /** The URL names a transaction pooler, where snapshots and settings do not last. */
  | "POOLED_HOST"
  /** The server refused something, or went away. `sqlState` of the cause says more. */
  | "DATABASE_FAILED"
  /** A table stayed locked by others through every try. */
  | "LOCK_TIMEOUT"
  /** Objects that this backup describes were altered while it ran. */
  | "SCHEMA_CHANGED"
  /** With `strict`: the database has something that the archive would not hold. */
  | "NOT_COVERED"
  /** Firestore refused something, or went away. */
  | "FIRESTORE_FAILED"
  /** The read time is older than Firestore keeps. */
  | "READ_TIME_EXPIRED"
  /** The target of a restore has something in it. */
  | "NOT_EMPTY"
  /** What was restored is not what the archive says. */
  | "NOT_EQUAL"
  /** Refused for safety; `hint` says what lifts it. */
  | "REFUSED"
  /** The clock of this machine cannot be right. */
  | "CLOCK_WRONG"
  /** Stopped by an AbortSignal. */
  | "CANCELLED";

/** Where it happened, as far as it is known. */
export interface BackupErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The id of the backup. */
  readonly backup?: string | undefined;
  /** The key of the part or object in the storage. */
  readonly key?: string | undefined;
  /** `schema.table`, as PostgreSQL would quote it. */
  readonly table?: string | undefined;
  /** The path of the document or collection. */
  readonly path?: string | undefined;
}

/** The one error of this package. No field holds a password or a secret key. */
export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly code: BackupErrorCode;
  declare readonly hint?: string;
  declare readonly backup?: string;
  declare readonly key?: string;
  declare readonly table?: string;
  declare readonly path?: string;

  constructor(code: BackupErrorCode, message: string, details: BackupErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.backup !== undefined) this.backup = details.backup;
    if (details.key !== undefined) this.key = details.key;
    if (details.table !== undefined) this.table = details.table;
    if (details.path !== undefined) this.path = details.path;
  }
}
