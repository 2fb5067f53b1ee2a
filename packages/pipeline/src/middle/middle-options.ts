import type { PlacedFailure } from "../failure.ts";
import type { TakingBlueprint } from "../intake/intake-options.ts";
import type { SharedWork } from "../runs/work.ts";
import type { WorkOptions } from "../work-options.ts";

/** How the middle stage is done. */
export interface MiddleOptions extends WorkOptions {
  readonly blueprint: TakingBlueprint;
  /**
   * The shared work of one step of the run, by its name: `validate` or `promote`, then `promote-waiting-1`, …, and one more for the failures of documents that are no more. Not asked for by a dry run.
   */
  readonly work: (step: string) => SharedWork;
  /** Whether rows are written; without it documents are only judged and marked. */
  readonly promote: boolean;
  /**
   * When the stage was begun, by PostgreSQL's clock (ISO 8601). What the run has promoted since was counted in the transaction that did it:
   * whoever reads it again after a crash does not count it as unchanged. Without it, it is.
   */
  readonly begunAt?: string | undefined;
  /** Documents per transaction. Default 2,000. */
  readonly batch?: number | undefined;
  /** About how many parts the documents are divided into. Default 16. */
  readonly parts?: number | undefined;
  /** How long a store may be away, or have too much to do, before the stage fails. Default 120,000. */
  readonly patienceMs?: number | undefined;
  /** Judges everything, and tries everything in transactions that are rolled back; nothing is written in any store. */
  readonly dryRun?: boolean | undefined;
}

/** What is counted: each document once, but those that wait or lose their row once more, as what becomes of them. */
export const middleCounts = [
  "read",
  /** The document fits the registry. */
  "valid",
  "invalid",
  "inserted",
  "updated",
  /** The row was there, and no document's. */
  "adopted",
  /** This very content had been promoted before. */
  "unchanged",
  /** A newer version had been promoted already. */
  "superseded",
  /** What it refers to was not there yet. */
  "waiting",
  /** Looks at documents that wait, lost their row, or have the key of another: each as often as it was looked at again. */
  "again",
  /** Valid, but PostgreSQL or a reference does not allow the row. */
  "refused",
  /** It had a row until a document with a smaller id claimed the same key. */
  "displaced",
  "marked",
  /** Firestore does not take the marks: the document has no room for them. */
  "unmarked",
  /** It was changed again and again while it was judged: the next run takes it. */
  "changed",
  /** Failures of documents that are no more. */
  "cleared",
] as const;

export type MiddleCount = (typeof middleCounts)[number];

/** All counts, with 0 where there is none. */
export function allCountsOf(counts: Readonly<Record<string, number>>): MiddleReport["counts"] {
  const count = (name: MiddleCount): number => counts[name] ?? 0;
  return {
    read: count("read"),
    valid: count("valid"),
    invalid: count("invalid"),
    inserted: count("inserted"),
    updated: count("updated"),
    adopted: count("adopted"),
    unchanged: count("unchanged"),
    superseded: count("superseded"),
    waiting: count("waiting"),
    again: count("again"),
    refused: count("refused"),
    displaced: count("displaced"),
    marked: count("marked"),
    unmarked: count("unmarked"),
    changed: count("changed"),
    cleared: count("cleared"),
  };
}

export interface MiddleReport {
  /** Of all runners together; of a dry run, what would be. */
  readonly counts: Readonly<Record<MiddleCount, number>>;
  /** The first 20 that this runner met. */
  readonly firstErrors: readonly PlacedFailure[];
}
