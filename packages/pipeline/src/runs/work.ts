import type { RawRange } from "@ctb-data/firestore";
import type { Queryable } from "@ctb-data/postgres";
import type { PlacedFailure } from "../failure.ts";
import type { StageFile, StageName } from "./run-record.ts";

/** What is done by one runner at a time: a range of documents, a file, an export. */
export interface WorkPart {
  /** From 0. */
  readonly part: number;
  readonly range: RawRange | undefined;
}

/** What has been done since the last report. */
export interface WorkReport {
  /** The last document or row that is done; the next holder goes on behind it. */
  readonly position?: string | undefined;
  /** Added to what was counted before. */
  readonly counts: Readonly<Record<string, number>>;
  /** The first 20 of a part are kept. */
  readonly errors?: readonly PlacedFailure[];
  readonly files?: readonly StageFile[];
}

/** Work that this runner, and no other, may do. It is kept alive by a heartbeat until it is ended; time is PostgreSQL's, never the machine's. */
export interface Lease extends AsyncDisposable {
  readonly part: WorkPart;
  /** Where an earlier holder came to. */
  readonly position: string | undefined;
  /** Aborted with a `PipelineError` when the lease is lost, the run cancelled or failed, or the runner's own signal says so. */
  readonly signal: AbortSignal;
  /**
   * Writes down what was done, on a connection or inside of a transaction, which then only commits if the lease is still this runner's.
   *
   * Call it last in a transaction that is read committed: the lease's row stays locked until it ends.
   *
   * @throws {PipelineError} LEASE_LOST, RUN_CANCELLED, RUN_FAILED
   */
  report(on: Queryable, report: WorkReport): Promise<void>;
  /** The part is done. @throws {PipelineError} LEASE_LOST, RUN_CANCELLED, RUN_FAILED */
  finish(report?: WorkReport): Promise<void>;
  /** Gives the part back for others, at once. Never rejects. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One step's work in one run, shared by all runners. */
export interface SharedWork {
  readonly run: number;
  readonly stage: StageName;
  /** `intake`, `validate`, `promote`, `promote-waiting-1`, `export`, … */
  readonly step: string;
  /**
   * Divides the work, once: whoever comes first calls `divide`; the others take what it gave.
   */
  plan(divide: () => Promise<readonly (RawRange | undefined)[]>): Promise<void>;
  /** A part that nobody has; `busy` when others have all that is left; `done` when nothing is. */
  claim(): Promise<Lease | "busy" | "done">;
  /**
   * Claims until all is done, waits while others are busy, and takes over what expires. `work` ends its lease itself, or throws:
   * what passes (LEASE_LOST, PostgreSQL away) is tried again with pauses, everything else is thrown on.
   */
  each(work: (lease: Lease) => Promise<void>): Promise<void>;
  /** What all runners together have counted in this step. */
  counts(): Promise<Readonly<Record<string, number>>>;
}
