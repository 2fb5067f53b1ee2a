import type { PipelineStores } from "../work-options.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * The newest runs first.
 *
 * @throws {PipelineError} MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export declare function listRuns(
  stores: PipelineStores,
  options?: { readonly limit?: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly RunRecord[]>;

/**
 * One run.
 *
 * @throws {PipelineError} NOT_FOUND, MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export declare function readRun(stores: PipelineStores, id: number): Promise<RunRecord>;
