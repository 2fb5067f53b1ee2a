import type { PipelineStores } from "../work-options.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * Cancels an open run. When it returns nothing more of the run's work is committed; its runners stop within a heartbeat. What was
 * committed stays. A run that is cancelled already is left so.
 *
 * @throws {PipelineError} NOT_FOUND; REFUSED for a run that is complete or failed; MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export declare function cancelRun(stores: PipelineStores, id: number): Promise<RunRecord>;
