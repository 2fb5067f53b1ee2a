/** What went wrong, for a program to act on. A record that is wrong is not an error: see {@link FieldFailure}. */
export type PipelineErrorCode =
  /** An option is wrong; nothing was touched. */
  | "INVALID_OPTIONS"
  /** There is no such run, blueprint, file or table. */
  | "NOT_FOUND"
  /** The blueprint has no such direction, or what `blueprints.config` holds is no blueprint. */
  | "INVALID_BLUEPRINT"
  /** The database lacks a table or column that runs are kept in. */
  | "MISSING_TABLES"
  /** A file cannot be read as what it should be at all, or not be written. */
  | "FILE_FAILED"
  /** Another run of this blueprint is under way, with other input or output. */
  | "RUN_UNDER_WAY"
  /** The run was cancelled by somebody. */
  | "RUN_CANCELLED"
  /** The run has failed, by another runner: its stage says why. */
  | "RUN_FAILED"
  /** Somebody else has taken over the work: what was in hand was rolled back. */
  | "LEASE_LOST"
  /** Refused for safety; `hint` says what lifts it. */
  | "REFUSED"
  /** The user may not read or write something. */
  | "DENIED"
  /** PostgreSQL refused something, or went away. */
  | "DATABASE_FAILED"
  /** Firestore refused something, or went away. */
  | "FIRESTORE_FAILED"
  /** What `ctb_data` holds was made by a newer version, or is not what it should be. */
  | "UNKNOWN_FORMAT"
  /** Stopped by an AbortSignal. */
  | "CANCELLED";

/** Where it happened, as far as it is known. */
export interface PipelineErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The id of the run: a row of `imo_processes`. */
  readonly run?: number | undefined;
  readonly file?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
  /** `schema.table`, as PostgreSQL would quote it. */
  readonly table?: string | undefined;
  /** The path of the document or collection. */
  readonly path?: string | undefined;
}

/** The one error of this package. No field holds a password, a secret key or a value of a record. */
export class PipelineError extends Error {
  override readonly name = "PipelineError";
  readonly code: PipelineErrorCode;
  declare readonly hint?: string;
  declare readonly run?: number;
  declare readonly file?: string;
  declare readonly line?: number;
  declare readonly table?: string;
  declare readonly path?: string;

  constructor(code: PipelineErrorCode, message: string, details: PipelineErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.run !== undefined) this.run = details.run;
    if (details.file !== undefined) this.file = details.file;
    if (details.line !== undefined) this.line = details.line;
    if (details.table !== undefined) this.table = details.table;
    if (details.path !== undefined) this.path = details.path;
  }
}
