/** What went wrong, for a program to act on. */
export type MigrationErrorCode =
  /** An option is wrong; nothing was touched. */
  | "INVALID_OPTIONS"
  /** The folder of migrations does not exist or cannot be read. */
  | "NO_DIRECTORY"
  /** A file cannot be read, is no regular file or is too large. */
  | "UNREADABLE_FILE"
  /** A file in the folder ends in .sql but has no number and name. */
  | "INVALID_FILE_NAME"
  /** A name for a new migration that cannot be a file name. */
  | "INVALID_NAME"
  /** The file exists already; it was not overwritten. */
  | "ALREADY_EXISTS"
  /** Not UTF-8, or a NUL byte in it. */
  | "INVALID_ENCODING"
  /** A `-- Key: value` line of the leading comment has a wrong value. */
  | "INVALID_HEADER"
  /** No statement in it. */
  | "EMPTY_MIGRATION"
  | "SYNTAX_ERROR"
  /** A backslash command, which only psql knows. */
  | "PSQL_COMMAND"
  /** `COPY … FROM stdin` or `TO stdout`, whose data only psql reads and writes. */
  | "COPY_DATA"
  /** BEGIN, COMMIT, SAVEPOINT … other than the one outer pair. */
  | "TRANSACTION_STATEMENT"
  /** A statement that cannot run inside a transaction, in a file that does not say `-- Transaction: none`. */
  | "NEEDS_NO_TRANSACTION"
  /** A statement that would take the runner's lock or encoding away. */
  | "FORBIDDEN_STATEMENT"
  /** Two files have one number. */
  | "DUPLICATE_VERSION"
  /** A number is missing among the pending files. */
  | "GAP"
  /** A pending file has a smaller number than an applied one. */
  | "OUT_OF_ORDER"
  /** An applied file says something else now. */
  | "EDITED"
  /** An applied file differs only in comments and white space. A warning, never thrown. */
  | "COMMENTS_EDITED"
  /** An applied file is gone. */
  | "MISSING"
  /** An applied file has another name now. */
  | "RENAMED"
  /** An earlier run stopped in the middle of a file that has no transaction. */
  | "UNFINISHED"
  /** There is no migration of this number, or not in the state that the command needs. */
  | "UNKNOWN_VERSION"
  /** The database, or the history, is not in the state that the command needs. */
  | "WRONG_STATE"
  /** A statement failed; `statement` of `statements`, `line` and `sqlState` say which and why. */
  | "STATEMENT_FAILED"
  /** A table stayed locked by others through every try. */
  | "LOCK_TIMEOUT"
  /** Rolling back would drop a table or a column that has rows. */
  | "WOULD_LOSE_DATA"
  | "NO_DOWN_FILE"
  /** The file says `-- Irreversible: why`. */
  | "IRREVERSIBLE"
  /** Another runner holds the lock. */
  | "LOCKED"
  /** The lock was lost while a file ran: something else may be running. */
  | "LOCK_LOST"
  /** The connection broke. The message says what is known of the file that ran. */
  | "CONNECTION_LOST"
  /** The URL names a transaction pooler, where locks and settings do not last. */
  | "POOLED_HOST"
  /** The history could not be read or written. */
  | "HISTORY_FAILED"
  /** The database could not be reached, or refused something that is not a statement of a file. */
  | "DATABASE_FAILED"
  /** Stopped by an AbortSignal. */
  | "CANCELLED";

/** Where it happened, as far as it is known. */
export interface MigrationErrorDetails {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The file's name, without its folder. */
  readonly file?: string | undefined;
  /** Counts from 1. */
  readonly line?: number | undefined;
  readonly version?: number | undefined;
  /** The number of the statement in its file, from 1; BEGIN and COMMIT do not count. */
  readonly statement?: number | undefined;
  /** How many statements the file has. */
  readonly statements?: number | undefined;
  /** The server's five-character code. */
  readonly sqlState?: string | undefined;
  /** All problems, when there are several; the error itself is the first. */
  readonly problems?: readonly MigrationProblem[] | undefined;
}

/** Something that is wrong with a file, or between the files and the history. */
export interface MigrationProblem {
  readonly severity: "error" | "warning";
  readonly code: MigrationErrorCode;
  /** A full sentence that starts with `file:line` or the version. */
  readonly message: string;
  readonly hint: string;
  readonly version?: number | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** The one error of this package. No field holds a password. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code: MigrationErrorCode;
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly version?: number;
  readonly statement?: number;
  readonly statements?: number;
  readonly sqlState?: string;
  readonly problems: readonly MigrationProblem[];

  constructor(code: MigrationErrorCode, message: string, details: MigrationErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.problems = details.problems ?? [];
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.file !== undefined) this.file = details.file;
    if (details.line !== undefined) this.line = details.line;
    if (details.version !== undefined) this.version = details.version;
    if (details.statement !== undefined) this.statement = details.statement;
    if (details.statements !== undefined) this.statements = details.statements;
    if (details.sqlState !== undefined) this.sqlState = details.sqlState;
  }
}

/** The problem that an error of one file stands for. Anything but a {@link MigrationError} is thrown again. */
export function problemOf(error: unknown, version: number): MigrationProblem {
  if (!(error instanceof MigrationError)) throw error;
  const { code, message, hint = "", file, line } = error;
  return { severity: "error", code, message, hint, file, line, version };
}
