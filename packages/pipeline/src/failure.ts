/** Why a field of a record, or a record, cannot be used: the `code` of a document of `validation_failed`. */
export type FailureCode =
  /** There is nothing where something must be. */
  | "missing"
  | "wrong_type"
  | "too_long"
  /** Smaller or larger than the column's type or the registry's rules allow. */
  | "out_of_range"
  /** Not among the values of an enum, of the registry's list, or of the blueprint's `values`. */
  | "not_listed"
  /** Not in the blueprint's format, not of the registry's format or pattern: no date, no e-mail address, … */
  | "wrong_format"
  /** A text has the character NUL, which PostgreSQL's texts cannot hold. */
  | "nul_character"
  /** Bytes that are no UTF-8. */
  | "wrong_encoding"
  /** No column has this name. */
  | "unknown_field"
  /** More or fewer values than the header has columns. */
  | "ragged"
  /** A line or value that cannot be parsed at all. */
  | "unreadable"
  /** Larger than a document of Firestore (1 MiB) or a value of PostgreSQL may be. */
  | "too_large"
  /** An encrypted value cannot be read with the keys that there are. */
  | "not_decryptable"
  /** Another record has the key already. */
  | "duplicate_key"
  /** What it refers to is not there. */
  | "missing_reference"
  /** PostgreSQL refused the row: a check, an exclusion, a trigger, … */
  | "refused";

/** What is wrong with one field of one record. */
export interface FieldFailure {
  /** A canonical column, a vendor's field or column, or empty for the whole record. */
  readonly field: string;
  readonly code: FailureCode;
  /** A full sentence. It never holds a value of a column that is encrypted. */
  readonly message: string;
}

/** A failure with its place, as the stages of a run keep the first ones. */
export interface PlacedFailure extends FieldFailure {
  /** `line 7` of a file, the path of a document, or `clients/42` for a row. */
  readonly place: string;
}
