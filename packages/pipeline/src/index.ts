export {
  compileIntakeDocuments,
  type IntakeDocumentsOptions,
} from "./documents/compile-intake-documents.ts";
export type * from "./documents/intake-document.ts";
export type * from "./export/export-options.ts";
export { exportVendor } from "./export/export-vendor.ts";
export type * from "./failure.ts";
export { intakeFile } from "./intake/intake-file.ts";
export type * from "./intake/intake-options.ts";
export {
  compileExportMapping,
  type FieldMapping,
  type FieldText,
  type MakeFieldText,
} from "./mapping/export-mapping.ts";
export { compileIntakeMapping } from "./mapping/intake-mapping.ts";
export type * from "./mapping/mapped-record.ts";
export {
  PipelineError,
  type PipelineErrorCode,
  type PipelineErrorDetails,
} from "./pipeline-error.ts";
export type * from "./progress.ts";
export { openPromoter } from "./promote/open-promoter.ts";
export { ensurePromotionTables, promotionsTable } from "./promote/promotion-tables.ts";
export type { PromoterOptions } from "./promote/promotion-target.ts";
export type * from "./promote/promotion.ts";
export { promotionsOf, type Promotion } from "./promote/promotions-of.ts";
export type * from "./run/run-options.ts";
export { runPipeline } from "./run/run-pipeline.ts";
export { cancelRun } from "./runs/cancel-run.ts";
export { openRun } from "./runs/open-run.ts";
export { readBlueprint } from "./runs/read-blueprint.ts";
export { listRuns, readRun } from "./runs/read-runs.ts";
export { retryRun } from "./runs/retry-run.ts";
export type * from "./runs/run-handle.ts";
export type * from "./runs/run-record.ts";
export { storeBlueprint } from "./runs/store-blueprint.ts";
export type * from "./runs/work.ts";
export { readRecords } from "./source/read-records.ts";
export type * from "./source/source-record.ts";
export type * from "./work-options.ts";
