import type { FirestoreTimestamp, ModelIssue } from "@ctb-data/models";
import type { DocumentShape } from "./document-shape.ts";

/** A document as it was at one moment. */
export interface StoredDocument<Shape extends DocumentShape = DocumentShape> {
  readonly id: string;
  /** Relative to the database: `clients/42`. */
  readonly path: string;
  /** Every field that Firestore holds, those that the registry does not know as well. */
  readonly data: Shape["data"];
  /**
   * What the model makes of it: an instance of the generated class, with encrypted columns in clear.
   *
   * @throws {FirestoreError} INVALID_DOCUMENT when it does not fit (`lenient` reading), NO_KEYRING, UNSUPPORTED for a
   * collection without a table or a document of which only some fields were read.
   */
  readonly value: Shape["value"];
  /** What does not fit the model. Always empty with `strict` reading. */
  readonly issues: readonly ModelIssue[];
  readonly createTime: FirestoreTimestamp;
  readonly updateTime: FirestoreTimestamp;
  /** The moment at which it was so. */
  readonly readTime: FirestoreTimestamp;
}

/** A document that does not fit its model, found while reading. */
export interface DocumentMismatch {
  readonly collection: string;
  readonly path: string;
  readonly issues: readonly ModelIssue[];
}

/** How documents that do not fit their model are read. */
export interface ReadingOptions {
  /**
   * `strict` (default) throws INVALID_DOCUMENT. `lenient` hands the document out with `issues`, and calls `onMismatch`.
   * Neither leaves a field out. `lenient` also writes fields that the registry does not know.
   */
  readonly reading?: "strict" | "lenient";
  readonly onMismatch?: (mismatch: DocumentMismatch) => void;
}
