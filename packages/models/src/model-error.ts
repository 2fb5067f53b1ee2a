/** What went wrong, as a stable word for programs. */
export type ModelErrorCode =
  /** What an application gave is not a value of the table. */
  | "INVALID_INPUT"
  /** A row that a database driver gave is not a row of the table. */
  | "INVALID_ROW"
  /** A Firestore document is not one of the table's. */
  | "INVALID_DOCUMENT"
  /** JSON text or data that should hold a model is not what `toJson` makes. */
  | "INVALID_JSON"
  /** A text is not what PostgreSQL prints for the type. */
  | "INVALID_TEXT"
  /** A model's value cannot be written: not to a row, a document, JSON or PostgreSQL's text. */
  | "INVALID_VALUE"
  /** The registry maps a column to a document field that cannot hold it. */
  | "UNMAPPABLE_FIELD"
  /** The table has no Firestore mapping. */
  | "NO_DOCUMENTS"
  /** The column has no blind index, so it cannot be looked up by value. */
  | "NO_BLIND_INDEX"
  /** The table has encrypted columns and no keyring was given. */
  | "NO_KEYRING"
  /** The text of a keyring is not one: never says what was in it. */
  | "INVALID_KEYRING"
  /** A ciphertext is of a key that the keyring does not have. */
  | "UNKNOWN_KEY"
  /** A text is not a ciphertext of this format, or it was changed, cut, or moved from another column. */
  | "NOT_DECRYPTABLE"
  /** Generated files could not be read or written. */
  | "FILE_FAILED";

/** What kind of thing is wrong with a value, as a stable word for programs. */
export type IssueCode =
  /** There is nothing, or null, where something must be. */
  | "missing"
  | "wrong_type"
  | "too_long"
  /** Smaller, larger or finer than the column's type or the registry's rules allow; a text that is too short. */
  | "out_of_range"
  /** Not among the values of an enum, or of the registry's list. */
  | "not_listed"
  /** No date, no UUID, no JSON, …, or not of the registry's format or pattern. */
  | "wrong_format"
  /** A text has the character NUL, which PostgreSQL's texts and jsonb cannot hold. */
  | "nul_character"
  /** No column or field has this name. */
  | "unknown_field";

/** One thing that is wrong with a value. */
export interface ModelIssue {
  /** The property at fault: a column, a document field, or empty for the whole. Indexes count from 0. */
  readonly path: readonly PropertyKey[];
  /** Of everything that models find. What a store has against a value may have none. */
  readonly code?: IssueCode;
  /** Says what is wrong, without the value: it may be a secret. */
  readonly message: string;
  readonly hint?: string;
}

/** What a {@link ModelError} is made of. */
export interface ModelErrorOptions {
  readonly code: ModelErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly table?: string;
  readonly column?: string;
  readonly issues?: readonly ModelIssue[];
  readonly cause?: unknown;
}

/**
 * The error of this package. Its message says what is wrong and where; neither it nor its issues hold values, keys or
 * plaintexts.
 */
export class ModelError extends Error {
  override readonly name: string = "ModelError";
  readonly code: ModelErrorCode;
  /** What to do about it. */
  readonly hint: string | undefined;
  readonly table: string | undefined;
  /** The column (or document field) of the first issue. */
  readonly column: string | undefined;
  /** Everything that is wrong, not the first thing only. */
  readonly issues: readonly ModelIssue[];

  constructor(options: ModelErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.table = options.table;
    this.column = options.column;
    this.issues = options.issues ?? [];
  }
}

const shownIssues = 5;

/** The error that says all of `issues` about a value of `table` at once. `subject` is what was looked at: "input", "row" … */
export function issuesError(
  issues: readonly ModelIssue[],
  options: { readonly code: ModelErrorCode; readonly subject: string; readonly table: string },
): ModelError {
  const [first] = issues;
  const shown = issues.slice(0, shownIssues).map(formatIssue);
  const more = issues.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  const hint = issues.find((issue) => issue.hint !== undefined)?.hint;
  const column = first?.path[0];
  return new ModelError({
    code: options.code,
    message: `The ${options.subject} is not one of ${options.table}: ${shown.join("; ")}.`,
    table: options.table,
    issues,
    ...(hint === undefined ? {} : { hint }),
    ...(column === undefined ? {} : { column: String(column) }),
  });
}

function formatIssue(issue: ModelIssue): string {
  return issue.path.length === 0
    ? issue.message
    : `${issue.path.map(String).join(".")}: ${issue.message}`;
}
