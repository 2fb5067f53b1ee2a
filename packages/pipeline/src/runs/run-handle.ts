import type { PipelineStep } from "../progress.ts";
import type { RunRecord, StageName, StageTarget, StoredBlueprint } from "./run-record.ts";
import type { SharedWork } from "./work.ts";

/** What a runner is going to do in the open run of a blueprint. */
export interface OpenRunOptions {
  readonly blueprint: StoredBlueprint;
  /** In any order. `validate` and `promote` are one stage; with both it is that of `promote`, which validates too. */
  readonly steps: readonly PipelineStep[];
  /** What is taken in. Give the hash: without it a file that was changed under its name looks like the same one. */
  readonly input?: StageTarget | undefined;
  /** Where the export goes: a file, or the vendor's table. */
  readonly output?: StageTarget | undefined;
  /** Goes on with this run and no other. */
  readonly run?: number | undefined;
  /** A lease that shows no life for so long is taken over. Default 30,000; at least 100. */
  readonly leaseMs?: number | undefined;
  /** How long PostgreSQL may be away before the work is given up. Default 120,000. */
  readonly patienceMs?: number | undefined;
  /** Stops waiting, and the leases. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One runner in a run that any number of them share. A heartbeat says that it lives, on a connection of its own where the pool has
 * more than one. Everything that it holds is given back when it is disposed of.
 */
export interface RunHandle extends AsyncDisposable {
  readonly id: number;
  /** `host:pid` */
  readonly worker: string;
  /** Whether the run was there before. */
  readonly joined: boolean;
  /** Aborted with a `PipelineError`: RUN_CANCELLED, or RUN_FAILED when another runner has failed it; CANCELLED by the signal of the options. */
  readonly signal: AbortSignal;
  /**
   * Begins a stage that was named at `openRun`, or joins those who have. `done` when others, or this run before, have done it: go on
   * with the next one.
   *
   * @throws {PipelineError} RUN_CANCELLED, RUN_FAILED, LEASE_LOST when others took this runner for dead and have begun anew.
   */
  begin(stage: StageName): Promise<"begun" | "done">;
  /** The work of one step of a stage that was begun. The names of steps are the caller's; every runner takes the same. */
  work(stage: StageName, step: string): SharedWork;
  /**
   * The stage is done: every part of all its steps is. Once for all runners, however many call it.
   *
   * @throws {PipelineError} as `begin` does.
   */
  end(stage: StageName): Promise<void>;
  /**
   * This runner has done what it was to do. The run is `complete` when every stage of its blueprint is done, else `pending` once
   * the last runner says so. An input that nobody was asked for is no stage that misses.
   *
   * @throws {PipelineError} RUN_CANCELLED, RUN_FAILED
   */
  endRun(): Promise<RunRecord>;
  /**
   * The run has failed: for all runners, which stop within a heartbeat. The stage keeps the sentence. What passes (a lost
   * lease, PostgreSQL away, a signal, a run that is cancelled or failed already) does not fail it. Never rejects.
   */
  failRun(error: unknown, stage?: StageName): Promise<void>;
  /** Stops the heartbeat and gives everything back. The last runner leaves the run `pending`, for the next one to go on. Never rejects. */
  [Symbol.asyncDispose](): Promise<void>;
}
