export { checkIntegrity } from "./check/check-integrity.ts";
export { checkParts, type CheckPart } from "./check/check-options.ts";
export type { CheckOptions, IntegrityReport } from "./check/check-options.ts";
export type * from "./finding.ts";
export { fixIntegrity } from "./fix/fix-integrity.ts";
export type * from "./fix/fix-options.ts";
export { listFixRuns } from "./fix/fix-runs.ts";
export { undoFix, type UndoOptions } from "./fix/undo-fix.ts";
export {
  IntegrityError,
  type IntegrityErrorCode,
  type IntegrityErrorDetails,
} from "./integrity-error.ts";
export type * from "./progress.ts";
export type { IntegrityStores, WorkOptions } from "./work-options.ts";
