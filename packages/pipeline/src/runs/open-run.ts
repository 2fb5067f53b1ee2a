import type { PipelineStores } from "../work-options.ts";
import type { OpenRunOptions, RunHandle } from "./run-handle.ts";

/**
 * Joins the open run of a blueprint, or makes one. Any number of runners on any number of machines share it.
 *
 * @throws {PipelineError} INVALID_OPTIONS; NOT_FOUND for a `run` that is not there or not open; MISSING_TABLES; DENIED;
 * RUN_UNDER_WAY when the open run has another input or output, or others do something else in it; DATABASE_FAILED.
 */
export declare function openRun(
  stores: PipelineStores,
  options: OpenRunOptions,
): Promise<RunHandle>;
