export type * from "./export/export-options.ts";
export { exportVendor } from "./export/export-vendor.ts";
export type * from "./failure.ts";
export { intakeFile } from "./intake/intake-file.ts";
export type * from "./intake/intake-options.ts";
export {
  PipelineError,
  type PipelineErrorCode,
  type PipelineErrorDetails,
} from "./pipeline-error.ts";
export type * from "./progress.ts";
export { promotionsOf, type Promotion } from "./promote/promotions-of.ts";
export type * from "./run/run-options.ts";
export { runPipeline } from "./run/run-pipeline.ts";
export { cancelRun } from "./runs/cancel-run.ts";
export { readBlueprint } from "./runs/read-blueprint.ts";
export { listRuns, readRun } from "./runs/read-runs.ts";
export { retryRun } from "./runs/retry-run.ts";
export type * from "./runs/run-record.ts";
export { storeBlueprint } from "./runs/store-blueprint.ts";
export type * from "./work-options.ts";
