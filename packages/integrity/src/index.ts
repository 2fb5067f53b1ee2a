export { checkParts, type CheckPart } from "./check/check-options.ts";
export type { CheckOptions, IntegrityReport } from "./check/check-options.ts";
export {
  checkDocuments,
  type DocumentCheckOptions,
  type DocumentReport,
} from "./documents/check-documents.ts";
export type * from "./documents/document-stores.ts";
export { documentAdvice, planDocumentFix } from "./documents/plan-document-fix.ts";
export {
  repairDocuments,
  type DocumentJournal,
  type DocumentRepairOptions,
  type KeptDocument,
  type RepairedFinding,
} from "./documents/repair-documents.ts";
export {
  restoreDocuments,
  type RestorableDocument,
  type RestoredDocument,
} from "./documents/restore-documents.ts";
export { checkDrift } from "./drift/check-drift.ts";
export { checkSequences } from "./drift/check-sequences.ts";
export type { DriftOptions } from "./drift/drift-state.ts";
export {
  checkFirestoreDrift,
  type FirestoreDriftOptions,
  type FirestoreFiles,
} from "./drift/firestore/check-firestore-drift.ts";
export type * from "./finding.ts";
export type * from "./fix/fix-options.ts";
export {
  IntegrityError,
  type IntegrityErrorCode,
  type IntegrityErrorDetails,
} from "./integrity-error.ts";
export type * from "./progress.ts";
export { keysOf } from "./rows/keys-of.ts";
export { referencesOf } from "./rows/references-of.ts";
export type * from "./rows/row-rule.ts";
export { scanKeys, type SurplusRow } from "./rows/scan-keys.ts";
export { scanTable } from "./rows/scan-table.ts";
export { withSnapshot, type Snapshot, type SnapshotOptions } from "./rows/with-snapshot.ts";
export type { IntegrityStores, WorkOptions } from "./work-options.ts";
