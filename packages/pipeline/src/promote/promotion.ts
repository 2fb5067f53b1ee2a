import type { Transaction } from "@ctb-data/postgres";
import type { IntakeDocument } from "../documents/intake-document.ts";
import type { FieldFailure } from "../failure.ts";

/** A valid document on its way. */
export type PromotableDocument = Pick<
  IntakeDocument,
  "id" | "updateTimeUs" | "contentHash" | "references"
> & { readonly row: NonNullable<IntakeDocument["row"]> };

/** What became of one document. */
export type PromotionOutcome =
  | {
      readonly kind: "promoted";
      readonly id: string;
      /**
       * `unchanged`: this very content had been promoted before; a row that somebody has deleted since stays deleted until the document
       * changes. `adopted`: the row was there, and no document's. `updated`: it was this document's, or that of one with a larger id.
       */
      readonly how: "inserted" | "updated" | "adopted" | "unchanged";
      /** `clients/42`: the table, and the primary key's values with commas between them, each percent-encoded. In a rehearsal `clients/%3F` for a new row. */
      readonly promotedTo: string;
    }
  /** A newer version of the document has been promoted already. */
  | { readonly kind: "superseded"; readonly id: string }
  /** What it refers to is not there yet. */
  | { readonly kind: "waiting"; readonly id: string; readonly failures: readonly FieldFailure[] }
  | { readonly kind: "refused"; readonly id: string; readonly failures: readonly FieldFailure[] };

export interface PromotedBatch {
  /** One per document, in their order. */
  readonly outcomes: readonly PromotionOutcome[];
  /**
   * Documents of the collection that are not in the batch and have lost their record to one that is: one with a smaller id claimed the key of
   * their row, or their row is gone and its primary key was used again. They are to be looked at again.
   */
  readonly displaced: readonly {
    readonly id: string;
    readonly failures: readonly FieldFailure[];
  }[];
}

/**
 * Moves valid documents of one collection into one table. Whatever the order, the batches and the number of promoters, they end in the rows
 * that the newest versions give in one go, with one exception: a document that has a row and is given the key of another document's row is
 * refused until that key is free.
 */
export interface Promoter {
  /**
   * Rows and promotion records in one transaction: all of a batch that can be written is. Ids are unique within a batch.
   *
   * @param run the id of the run, for the promotion records.
   * @param fence is called last in the transaction with the outcomes; when it throws, nothing is written and the error is thrown on.
   * @throws {PostgresError} for what concerns no single row.
   */
  promote(
    documents: readonly PromotableDocument[],
    context: {
      readonly run: number;
      readonly fence: (tx: Transaction, batch: PromotedBatch) => Promise<void>;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<PromotedBatch>;
  /**
   * The same in a transaction that is rolled back: what would become of them. New rows get negative numbers instead of those of a sequence,
   * so that none moves; a trigger that takes one moves it all the same. Each batch is looked at by itself.
   */
  rehearse(documents: readonly PromotableDocument[], signal?: AbortSignal): Promise<PromotedBatch>;
}
