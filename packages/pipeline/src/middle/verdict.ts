import type { IntakeDocument } from "../documents/intake-document.ts";
import type { FieldFailure } from "../failure.ts";
import type { PromotedBatch, PromotionOutcome } from "../promote/promotion.ts";
import type { MiddleCount } from "./middle-options.ts";

/** What is to be written down of a document. */
export type Verdict =
  /** `promotedTo` is undefined when nothing is promoted: the mark of an earlier promotion stays. */
  | { readonly kind: "passed"; readonly promotedTo: string | undefined }
  /** `rowLost`: a `promoted_to` that the document may have is not true any more. */
  | {
      readonly kind: "failed";
      readonly failures: readonly FieldFailure[];
      readonly rowLost: boolean;
    }
  /** It is looked at again later. */
  | { readonly kind: "waiting" }
  /** Somebody knows a newer version of it. */
  | { readonly kind: "superseded" };

export interface JudgedDocument {
  readonly document: IntakeDocument;
  readonly verdict: Verdict;
  /** What it counts as when it is settled, beside what its transaction has counted. */
  readonly counted: readonly MiddleCount[];
}

/** The verdict on documents by the registry alone. */
export function verdictsOfModel(documents: readonly IntakeDocument[]): readonly JudgedDocument[] {
  return documents.map((document) =>
    document.row === undefined
      ? invalid(document, false)
      : { document, verdict: { kind: "passed", promotedTo: undefined }, counted: ["valid"] },
  );
}

export interface VerdictOptions {
  /** Ids of unchanged documents that this run itself has promoted, and counted then. */
  readonly counted: ReadonlySet<string>;
  /** Ids of documents that are marked as promoted and are not any more. */
  readonly rowless: ReadonlySet<string>;
  /** What still waits has failed. */
  readonly last: boolean;
}

/** The verdict on documents of which the valid ones were promoted. */
export function verdictsOfPromotion(
  documents: readonly IntakeDocument[],
  { outcomes }: PromotedBatch,
  { rowless, counted, last }: VerdictOptions,
): readonly JudgedDocument[] {
  const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  return documents.map((document) => {
    const outcome = byId.get(document.id);
    const rowLost = rowless.has(document.id);
    if (outcome === undefined) return invalid(document, rowLost);
    return {
      document,
      ...verdictOf(outcome, { rowLost, last, isCounted: counted.has(document.id) }),
    };
  });
}

function verdictOf(
  outcome: PromotionOutcome,
  {
    rowLost,
    last,
    isCounted,
  }: { readonly rowLost: boolean; readonly last: boolean; readonly isCounted: boolean },
): Omit<JudgedDocument, "document"> {
  if (outcome.kind === "promoted") {
    const { how, promotedTo } = outcome;
    const verdict = { kind: "passed", promotedTo } as const;
    return {
      verdict,
      counted: how === "unchanged" && !isCounted ? ["valid", "unchanged"] : ["valid"],
    };
  }
  if (outcome.kind === "superseded")
    return { verdict: { kind: "superseded" }, counted: ["valid", "superseded"] };
  if (!last && mayStillCome(outcome)) {
    const isWaiting = outcome.kind === "waiting";
    return { verdict: { kind: "waiting" }, counted: isWaiting ? ["valid", "waiting"] : ["valid"] };
  }
  const { failures } = outcome;
  return { verdict: { kind: "failed", failures, rowLost }, counted: ["valid", "refused"] };
}

/**
 * Whether it may become possible when others have been promoted: what it refers to comes, or who has its key takes another one. Who looks once
 * more when nothing moves any more also tells the right one as the one that has the key.
 */
export function mayStillCome(outcome: PromotionOutcome): boolean {
  if (outcome.kind === "refused")
    return outcome.failures.some(({ code }) => code === "duplicate_key");
  return outcome.kind === "waiting";
}

function invalid(document: IntakeDocument, rowLost: boolean): JudgedDocument {
  const { failures } = document;
  return { document, verdict: { kind: "failed", failures, rowLost }, counted: ["invalid"] };
}
