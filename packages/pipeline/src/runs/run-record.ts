import type { VendorBlueprint } from "@ctb-data/registry";
import type { PlacedFailure } from "../failure.ts";

export type RunStatus = "pending" | "running" | "failed" | "complete" | "cancelled";
export type StageName = "input" | "middle" | "output";

/** One stage of a run as `imo_processes` keeps it. */
export interface StageRecord {
  readonly state: "pending" | "running" | "done" | "failed" | "cancelled";
  /** By PostgreSQL's clock, ISO 8601 in UTC. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly ms?: number;
  /** `read`, `created`, `changed`, `unchanged`, `rejected`, `valid`, `invalid`, `inserted`, … */
  readonly counts: Readonly<Record<string, number>>;
  /** Files that were read or written: name, bytes, SHA-256. */
  readonly files?: readonly {
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
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
  readonly createdAt: string;
}

/** A row of `blueprints` of type `imo`. */
export interface StoredBlueprint {
  readonly id: number;
  readonly blueprint: VendorBlueprint;
}
