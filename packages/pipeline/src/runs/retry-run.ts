import type { PipelineStores } from "../work-options.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * Opens a run that has failed or was cancelled again, at its positions: `openRun` with its id then goes on with it. One that is open and has no runner
 * is left as it is.
 *
 * @throws {PipelineError} NOT_FOUND; REFUSED for a run that is complete; RUN_UNDER_WAY when it has runners, or another run of its blueprint is open;
 * MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export declare function retryRun(stores: PipelineStores, id: number): Promise<RunRecord>;
