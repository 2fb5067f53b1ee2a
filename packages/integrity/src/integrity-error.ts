/** What went wrong, for a program to act on. What is wrong in the data is not an error: see {@link Finding}. */
export type IntegrityErrorCode =
  /** An option is wrong; nothing was touched. */
  | "INVALID_OPTIONS"
  /** There is no such run, table or finding. */
  | "NOT_FOUND"
  /** Another fix or undo holds the lock. */
  | "LOCKED"
  /** Rows or tables stayed locked by others through every try. */
  | "LOCK_TIMEOUT"
  /** The server cancelled a statement after its time. */
  | "STATEMENT_TIMEOUT"
  /** The URL names a transaction pooler, where snapshots and locks do not last. */
  | "POOLED_HOST"
  /** The user may not read or write something. */
  | "DENIED"
  /** PostgreSQL refused something, or went away. */
  | "DATABASE_FAILED"
  /** Firestore refused something, or went away. */
  | "FIRESTORE_FAILED"
  /** Refused for safety; `hint` says what lifts it. */
  | "REFUSED"
  /** What `ctb_data` holds was made by a newer version, or is not what it should be. */
  | "UNKNOWN_FORMAT"
  /** Stopped by an AbortSignal. */
  | "CANCELLED";

/** Where it happened, as far as it is known. */
export interface IntegrityErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The id of the run of a fix. */
  readonly run?: string | undefined;
  /** `schema.table`, as PostgreSQL would quote it. */
  readonly table?: string | undefined;
  /** The path of the document or collection. */
  readonly path?: string | undefined;
}

/** The one error of this package. No field holds a password or a secret key. */
export class IntegrityError extends Error {
  override readonly name = "IntegrityError";
  readonly code: IntegrityErrorCode;
  declare readonly hint?: string;
  declare readonly run?: string;
  declare readonly table?: string;
  declare readonly path?: string;

  constructor(code: IntegrityErrorCode, message: string, details: IntegrityErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.run !== undefined) this.run = details.run;
    if (details.table !== undefined) this.table = details.table;
    if (details.path !== undefined) this.path = details.path;
  }
}
