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
      /** `unchanged`: this very content had been promoted before. `adopted`: the row was there, and no document's. */
      readonly how: "inserted" | "updated" | "adopted" | "unchanged";
      /** `clients/42`: the table, and the primary key's values with commas between them, each percent-encoded. */
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
  /** Documents that had a row until one with a smaller id claimed the same key: they are to be marked as duplicates. */
  readonly displaced: readonly {
    readonly id: string;
    readonly failures: readonly FieldFailure[];
  }[];
}

/** Moves valid documents of one collection into one table. */
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
  /** The same in a transaction that is rolled back: what would become of them. */
  rehearse(documents: readonly PromotableDocument[], signal?: AbortSignal): Promise<PromotedBatch>;
}
