import type { AnyValue, ModelValue } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";
import type { MappedRecord } from "../mapping/mapped-record.ts";

/**
 * The fields of an intake document that are not columns. `validated` (boolean) and `promoted_to` (`clients/42`) are marks for people and queries;
 * the truth about what was promoted is in PostgreSQL. `imo` holds what the intake knows (`hash` of the mapped record, `file`, `line`,
 * `failures`). A field whose name begins with `_` is the application's own and not looked at.
 */
export const markFields = ["validated", "promoted_to", "imo"] as const;

/** What the pipeline has written on a document before. */
export interface DocumentMarks {
  readonly validated?: boolean;
  /** Empty when an application has written something that is no text. */
  readonly promotedTo?: string;
  /** `imo.hash`: of the mapped record that was taken in. */
  readonly intakeHash?: string;
}

/** The column refers to a row that must be found first. */
export interface RowReference {
  /** The column of this table: its foreign key has this one column. */
  readonly column: string;
  /** The table that it refers to, and the column there that gives the value. */
  readonly table: string;
  readonly target: string;
  readonly by:
    /** A DocumentReference to an intake document: the row that this was promoted to. */
    | { readonly kind: "document"; readonly collection: string; readonly id: string }
    /** A map of one member, a unique column of the other table: `{ email: "ann@example.com" }`. */
    | { readonly kind: "lookup"; readonly column: string; readonly value: ModelValue };
}

/** An intake document as it was read, with all that is wrong with it. */
export interface IntakeDocument {
  readonly id: string;
  /** Below the database. */
  readonly path: string;
  /** When it was last changed, in microseconds since 1970, by Firestore's clock. */
  readonly updateTimeUs: number;
  /** SHA-256 of the fields without marks and the application's own, hexadecimal. Documents of equal content have equal ones. */
  readonly contentHash: string;
  readonly marks: DocumentMarks;
  /** The columns that the document has, as values of the model; those of `references` are not among them. Undefined when `failures` has any. */
  readonly row: AnyValue | undefined;
  readonly references: readonly RowReference[];
  readonly failures: readonly FieldFailure[];
}

/** Reads and makes the documents of one intake collection. Compiled once. */
export interface IntakeDocuments {
  readonly collection: string;
  /** The canonical table. */
  readonly table: string;
  /** @param line of a `RawBatch`. Never throws for what a document holds. */
  read(path: string, line: Uint8Array | string, updateTimeUs: number): IntakeDocument;
  /** The raw line of a new document of a mapped record, its intake hash, and failures of values that no document can hold (they are left out). */
  write(
    id: string,
    mapped: MappedRecord,
    source: { readonly file: string; readonly line: number },
  ): {
    readonly line: string;
    readonly hash: string;
    /** What `hash` would have been under each older key of the ring: a document that has one of them is unchanged. */
    readonly formerHashes: readonly string[];
    /** One of the whole record (its field is empty) says that no document can be made: it is `too_large`. */
    readonly failures: readonly FieldFailure[];
  };
}
