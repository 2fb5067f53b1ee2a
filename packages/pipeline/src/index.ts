export {
  compileIntakeDocuments,
  type IntakeDocumentsOptions,
} from "./documents/compile-intake-documents.ts";
export type * from "./documents/intake-document.ts";
export type * from "./export/export-options.ts";
export type * from "./failure.ts";
export type * from "./intake/intake-options.ts";
export type * from "./mapping/mapped-record.ts";
export {
  PipelineError,
  type PipelineErrorCode,
  type PipelineErrorDetails,
} from "./pipeline-error.ts";
export type * from "./progress.ts";
export type * from "./promote/promotion.ts";
export type * from "./run/run-options.ts";
export { runPipeline } from "./run/run-pipeline.ts";
export type * from "./runs/run-record.ts";
export type * from "./runs/work.ts";
export type * from "./source/source-record.ts";
export type * from "./work-options.ts";
