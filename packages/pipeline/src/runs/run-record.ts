import type { VendorBlueprint } from "@ctb-data/registry";
import type { PlacedFailure } from "../failure.ts";
import type { PipelineStep } from "../progress.ts";

export type RunStatus = "pending" | "running" | "failed" | "complete" | "cancelled";
export type StageName = "input" | "middle" | "output";

/** What a stage was begun with: the file that is taken in, or the file or table that is written. */
export interface StageTarget {
  readonly file: string;
  /** Of the file as it is, hexadecimal. Two targets that both have one are equal when these are, whatever the names. */
  readonly sha256?: string | undefined;
}

/** A file that was read or written. */
export interface StageFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One stage of a run as `imo_processes` keeps it. */
export interface StageRecord {
  /** `pending`: nobody works at it; with `startedAt` it was interrupted, and the next runner goes on with it. */
  readonly state: "pending" | "running" | "done" | "failed" | "cancelled";
  /** The command that it is done by. A middle stage that only `validate` has done does not make a run complete. */
  readonly step?: PipelineStep;
  readonly target?: StageTarget;
  /** By PostgreSQL's clock, ISO 8601 in UTC. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly ms?: number;
  /** `read`, `created`, `changed`, `unchanged`, `rejected`, `valid`, `invalid`, `inserted`, … */
  readonly counts: Readonly<Record<string, number>>;
  /** Files that were read or written: name, bytes, SHA-256. */
  readonly files?: readonly StageFile[];
  /** Which documents or rows were done last, one for each part of the work that is not done. */
  readonly positions?: readonly string[];
  /** The first 20. */
  readonly firstErrors: readonly PlacedFailure[];
  /** What ended a stage that failed: a full sentence. */
  readonly failure?: string;
  /** Who works at it, or did last: `host:pid`. */
  readonly workers?: readonly string[];
}

/** One run: a row of `imo_processes`. */
export interface RunRecord {
  readonly id: number;
  readonly blueprintId: number;
  readonly vendor: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly input: StageRecord | undefined;
  readonly middle: StageRecord | undefined;
  readonly output: StageRecord | undefined;
  /** ISO 8601 in UTC. Undefined when the row says none. */
  readonly createdAt: string | undefined;
  /** Who shows life at this moment: `host:pid`. A run that is `running` without any is gone on with by the next runner. */
  readonly runners: readonly string[];
}

/** A row of `blueprints` of type `imo`. */
export interface StoredBlueprint {
  readonly id: number;
  readonly blueprint: VendorBlueprint;
}
