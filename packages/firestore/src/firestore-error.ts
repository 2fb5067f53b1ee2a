import type { ModelIssue } from "@ctb-data/models";

/** What went wrong, for a program to act on. */
export type FirestoreErrorCode =
  /** An option or an argument is wrong; nothing was sent. */
  | "INVALID_OPTIONS"
  /** The service account cannot be read or is none. Never says what was in it. */
  | "INVALID_CREDENTIALS"
  /** Google does not accept the service account. */
  | "AUTHENTICATION_FAILED"
  | "PERMISSION_DENIED"
  | "DATABASE_NOT_FOUND"
  /** The server could not be reached, after all tries. */
  | "CONNECTION_FAILED"
  /** It took longer than allowed. A write may or may not have been done. */
  | "TIMEOUT"
  /** Stopped by an AbortSignal. A write that was on its way may have been done. */
  | "CANCELLED"
  /** `close()` was called before. */
  | "CLOSED"
  /** The registry has no such collection. */
  | "UNKNOWN_COLLECTION"
  /** What should be written does not fit its model, or Firestore cannot hold it without loss. `issues` says all of it. */
  | "INVALID_VALUE"
  /** What was read does not fit its model. `issues` says all of it. */
  | "INVALID_DOCUMENT"
  /** A query, a cursor, a field or an id that cannot be. */
  | "INVALID_QUERY"
  /** An encrypted column is to be read or written, and no keyring was given. */
  | "NO_KEYRING"
  /** `update` of a document that is not there. */
  | "DOCUMENT_NOT_FOUND"
  /** `create` of a document that is there. */
  | "DOCUMENT_EXISTS"
  /** The document was changed since the `lastUpdateTime` that the write asked for. */
  | "PRECONDITION_FAILED"
  /** The query needs an index that the database does not have. */
  | "INDEX_MISSING"
  /** Too old a `readTime`, or one in the future. */
  | "READ_TIME_UNAVAILABLE"
  /** Others changed the same documents, after all tries. */
  | "CONTENTION"
  /** A transaction reads after it has written, writes although it is read-only, or is used after its end. */
  | "INVALID_TRANSACTION"
  /** A quota, or the size of a document or a request. */
  | "RESOURCES_EXHAUSTED"
  /** Something that this package does not do. */
  | "UNSUPPORTED"
  /** Any other error of the server; `status` says which. */
  | "REQUEST_FAILED";

/** Where and what, as far as it is known. */
export interface FirestoreErrorDetails {
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The gRPC status of the server's answer: `NOT_FOUND`, `ABORTED`, … */
  readonly status?: string | undefined;
  /** The collection's id, as the registry has it. */
  readonly collection?: string | undefined;
  /** The document, relative to the database: `clients/42`. */
  readonly path?: string | undefined;
  /** Everything that is wrong with a document or a value, not the first thing only. */
  readonly issues?: readonly ModelIssue[] | undefined;
}

/** The one error of this package. No field holds a key, a token or a value of a document. */
export class FirestoreError extends Error {
  override readonly name = "FirestoreError";
  readonly code: FirestoreErrorCode;
  declare readonly hint?: string;
  declare readonly status?: string;
  declare readonly collection?: string;
  declare readonly path?: string;
  declare readonly issues?: readonly ModelIssue[];

  constructor(code: FirestoreErrorCode, message: string, details: FirestoreErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.status !== undefined) this.status = details.status;
    if (details.collection !== undefined) this.collection = details.collection;
    if (details.path !== undefined) this.path = details.path;
    if (details.issues !== undefined) this.issues = details.issues;
  }
}

const shownIssues = 5;

/** One line of all issues: `name: is missing; email: must be a text, not a number; and 3 more`. */
export function formatIssues(issues: readonly ModelIssue[]): string {
  const shown = issues
    .slice(0, shownIssues)
    .map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`,
    );
  const more = issues.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
