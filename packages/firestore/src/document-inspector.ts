import type { AnyValue, ModelIssue } from "@ctb-data/models";
import type { Finding } from "./validation.ts";

/** A raw line, as the model of its collection sees it. */
export interface InspectedDocument {
  readonly id: string;
  /** Relative to the database: `clients/42`. */
  readonly path: string;
  /** Every field that Firestore holds, with the values that `StoredDocument.data` has. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What the model makes of it, without the fields that no column has. Undefined when it does not fit, and for a collection without a table. */
  readonly value: AnyValue | undefined;
  /** What does not fit the model, as `validate` has it. */
  readonly issues: readonly ModelIssue[];
}

/**
 * Looks at the documents of one collection that come as raw lines, as `validate` does at those that it reads itself: for whoever
 * reads them anyway, for other purposes as well.
 */
export interface DocumentInspector {
  /** The collection's id. */
  readonly collection: string;
  /** Without a keyring encrypted fields are texts. */
  readonly locked: boolean;
  /**
   * @param path relative to the database.
   * @param line of a `RawBatch`.
   * @throws {FirestoreError} INVALID_VALUE for a line that is no document.
   */
  inspect(path: string, line: Uint8Array | string): InspectedDocument;
  /** Remembers what is wrong with a document. */
  add(path: string, issues: readonly ModelIssue[]): void;
  /** The names by which `findings` tells issues apart, one for each issue that is told apart. */
  findingOf(issue: ModelIssue): Pick<Finding, "field" | "kind" | "message">;
  /** What was remembered, the most frequent first. */
  findings(): readonly Finding[];
}
