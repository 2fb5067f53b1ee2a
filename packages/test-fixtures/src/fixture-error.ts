/** What went wrong, for a program to act on. */
export type FixtureErrorCode =
  /** An option is wrong; nothing was touched. */
  | "INVALID_OPTIONS"
  /** There is no server to make databases on: neither a URL nor the embedded one. */
  | "NO_SERVER"
  /** The migrations did not run on the template. */
  | "MIGRATION_FAILED"
  /** A factory cannot make a valid row by itself: it needs an override. */
  | "CANNOT_MAKE"
  /** An override is not a valid value, or names a column that is not there. */
  | "INVALID_OVERRIDE"
  /** There is no such table, database or factory. */
  | "NOT_FOUND"
  | "DATABASE_FAILED"
  | "FIRESTORE_FAILED"
  /** Refused for safety; `hint` says what lifts it. */
  | "REFUSED"
  | "CANCELLED";

/** Where it happened, as far as it is known. */
export interface FixtureErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
}

/** The one error of this package. */
export class FixtureError extends Error {
  override readonly name = "FixtureError";
  readonly code: FixtureErrorCode;
  declare readonly hint?: string;
  declare readonly table?: string;
  declare readonly column?: string;

  constructor(code: FixtureErrorCode, message: string, details: FixtureErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.table !== undefined) this.table = details.table;
    if (details.column !== undefined) this.column = details.column;
  }
}
