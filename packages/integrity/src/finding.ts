/**
 * `error`: data that the registry forbids, or that leads nowhere. `warning`: nothing is wrong yet, but nothing prevents it
 * either (a constraint that is missing, not validated or switched off), or the two stores are not in step. `note`: worth knowing.
 */
export type Severity = "error" | "warning" | "note";

/** What kind of thing is wrong. Stable: scripts may rely on it. */
export type FindingKind =
  /** A row refers to a row that is not there. */
  | "orphan"
  /** Several rows have a key that the registry wants to be unique. */
  | "duplicate"
  | "null"
  | "length"
  | "range"
  | "pattern"
  | "format"
  /** Not one of the values of its enum, or of `enum:`. */
  | "enum"
  /** A `check` of the registry or of the database is false. */
  | "check"
  /** A value, JSON among them, that does not parse under its model. */
  | "invalid_value"
  /** An encrypted column holds something that is no ciphertext. */
  | "clear_text"
  /** An encrypted column holds a ciphertext of a key that the keyring does not have. */
  | "unknown_key"
  /** An encrypted column holds a ciphertext that was changed, or belongs to another column. */
  | "undecryptable"
  /** A blind index does not belong to the value beside it. */
  | "blind_index"
  /** A document that does not parse under its model. */
  | "invalid_document"
  /** A document whose row is gone. */
  | "document_without_row"
  /** A row whose document is gone. */
  | "row_without_document"
  /** A document that refers to a row or a document that is not there. */
  | "dangling_document"
  /** A field of a document that is not what the row has. */
  | "different_field"
  /** A foreign key, unique or check constraint that is in the registry, or should be enforced, and is not. */
  | "constraint_missing"
  | "constraint_not_validated"
  | "constraint_disabled"
  /** Something else in the live schema that is not as the registry says: tables, columns, types, defaults, indexes. */
  | "drift"
  /** Firestore's indexes or rules are not those that the registry generates. */
  | "firestore_drift";

/** One place where it is so. */
export interface Example {
  /** Of a row: its primary key as texts (its `ctid` where it has none, or one that may not be shown). Of a document: `path`. */
  readonly key: Readonly<Record<string, string | null>>;
  /**
   * The offending values as texts, at most 120 characters of each; left out for encrypted columns, and those that have a
   * classification (as `pii`).
   */
  readonly values?: Readonly<Record<string, string | null>>;
  /** What is wrong with this one, where it is not the same for all. */
  readonly detail?: string;
}

/** What is done with rows that are in the way. */
export type FixStrategy = "quarantine" | "set-null" | "delete";

/** What a fix would do. */
export interface PlannedFix {
  /** One sentence: `Moves 12 rows of orders to ctb_data.quarantine.` */
  readonly summary: string;
  /** The statements that would run, parameters filled in where they are known. Comments for what is not SQL. */
  readonly statements: readonly string[];
}

/** One thing that is wrong, in one place, in any number of rows or documents. */
export interface Finding {
  /** The same for the same thing in every check: `orphan:orders(customer_id)->customers(id)`. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly store: "postgres" | "firestore";
  /** The table's name without its schema, when it is about one. */
  readonly table?: string;
  readonly columns?: readonly string[];
  /** The collection, when it is about documents. */
  readonly collection?: string;
  readonly field?: string;
  /** The constraint or index that it is about. */
  readonly constraint?: string;
  /** What is wrong and where, as a full sentence with the count, without any value. */
  readonly message: string;
  /** Rows, documents; for a duplicate the rows that are too many; 1 for what is about the schema. */
  readonly count: number;
  /** At most five. */
  readonly examples: readonly Example[];
  /** What `fix` would do with the strategy that was asked for. Undefined where it can do nothing. */
  readonly fix?: PlannedFix;
  /** Without a fix: what a person can do. */
  readonly advice?: string;
}
