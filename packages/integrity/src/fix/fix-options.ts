import type { CheckOptions } from "../check/check-options.ts";
import type { Finding, FixStrategy } from "../finding.ts";

export interface FixOptions extends Omit<CheckOptions, "strategy"> {
  /**
   * `quarantine` (the default) moves rows to `ctb_data.quarantine`; `set-null` empties the offending columns where they may be null, and
   * moves the row where not; `delete` takes rows away. All of them keep what was there for `undo`.
   */
  readonly strategy?: FixStrategy | undefined;
  /** Ids of findings to fix. Default: all that can be. */
  readonly only?: readonly string[] | undefined;
  /** Says what would be done, and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** How long one lock of a table is waited for. Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
}

/** What was done, or would be, for one finding. */
export interface FixStep {
  readonly finding: Finding;
  readonly state: "planned" | "done" | "failed" | "skipped";
  /** The statements that ran (or would), in their order. */
  readonly statements: readonly string[];
  /** Whose content it changes: that of a row without its document is Firestore's. */
  readonly store: "postgres" | "firestore";
  /**
   * Rows or documents that were moved, changed or deleted, dependents among them. A dry run counts for each step as if it were the first:
   * a row that two findings name counts twice, and goes once.
   */
  readonly changed: number;
  /** Why it failed or was skipped, and what can be done. */
  readonly reason?: string;
}

export interface FixReport {
  /** For `undo`. Undefined for a dry run, and where nothing was to be done. */
  readonly run: string | undefined;
  readonly dryRun: boolean;
  readonly strategy: FixStrategy;
  readonly steps: readonly FixStep[];
  /** What is still wrong afterwards; for a dry run what would be. */
  readonly left: readonly Finding[];
}

/** A row or document that was not put back, because somebody has changed it since. */
export interface UndoConflict {
  readonly store: "postgres" | "firestore";
  /** `schema.table`, or the path of the document. */
  readonly place: string;
  readonly key: Readonly<Record<string, string | null>>;
  /** Full sentence. What was there before the fix stays in `ctb_data.quarantine`. */
  readonly reason: string;
}

export interface UndoReport {
  readonly run: string;
  readonly dryRun: boolean;
  readonly rows: number;
  readonly documents: number;
  /** Constraints that were put back to what they were, as statements. */
  readonly statements: readonly string[];
  readonly conflicts: readonly UndoConflict[];
  /** What is not as it was before, and why: full sentences. */
  readonly notes: readonly string[];
}

/** One run of `fix`. */
export interface FixRun {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  /** `interrupted`: it neither ended nor runs any more. */
  readonly state: "running" | "done" | "failed" | "interrupted" | "undoing" | "undone";
  readonly strategy: FixStrategy;
  readonly rows: number;
  readonly documents: number;
  /** How many of those are not put back. */
  readonly kept: number;
}
