export { generateIdentity, parseIdentities, recipientOf } from "./age/age-keys.ts";
export type { CommitRecord, Manifest, Pairing } from "./archive/backup-manifest.ts";
export { verifyLevels, type Evidence, type VerifyLevel } from "./archive/evidence.ts";
export type { FirestoreManifest } from "./archive/firestore-manifest.ts";
export {
  listBackups,
  type BackupSummary,
  type ListBackupsOptions,
} from "./archive/list-backups.ts";
export type { PostgresManifest, TableManifest, Uncovered } from "./archive/postgres-manifest.ts";
export {
  openBackup,
  readSignedRecord,
  type OpenBackupOptions,
  type OpenedBackup,
  type SignatureTrust,
  type SignedRecord,
} from "./archive/read-backup.ts";
export { resolveBackupId } from "./archive/resolve-backup-id.ts";
export type { BackupEncryption } from "./backup-encryption.ts";
export { BackupError, type BackupErrorCode, type BackupErrorDetails } from "./backup-error.ts";
export { createBackup } from "./create/create-backup.ts";
export type * from "./create/create-options.ts";
export { sourceIdOf, type SourceNames } from "./create/source-id-of.ts";
export { createKeys, type CreatedKeys, type CreateKeysOptions } from "./keys/create-keys.ts";
export { exportKeys, type ExportedKeys, type ExportKeysOptions } from "./keys/export-keys.ts";
export { verifyKeys, type KeysReport, type VerifyKeysOptions } from "./keys/verify-keys.ts";
export { decryptSigningKey } from "./minisign/decrypt-signing-key.ts";
export { generateSigningKey, publicKeyOf } from "./minisign/signing-key.ts";
export type { PartRecord, PartSource } from "./part/part.ts";
export type * from "./progress.ts";
export { restoreBackup } from "./restore/restore-backup.ts";
export type {
  OnViolation,
  RestoreBackupOptions,
  RestoredRows,
  RestoreMode,
  RestoreReport,
} from "./restore/restore-options.ts";
export { collectGarbage, type CollectGarbageOptions } from "./retention/collect-garbage.ts";
export type { GarbageReport } from "./retention/garbage-list.ts";
export { planPrune, type PruneDecision } from "./retention/plan-prune.ts";
export {
  pruneBackups,
  type PruneBackupsOptions,
  type PruneResult,
} from "./retention/prune-backups.ts";
export type { RetainedBackup } from "./retention/retained-backup.ts";
export type { RetentionPolicy } from "./retention/retention-policy.ts";
export { dueRun, type DueOptions, type DueRun } from "./schedule/due-run.ts";
export {
  scheduleTargets,
  type EmitScheduleOptions,
  type EmittedFile,
  type ScheduleTarget,
} from "./schedule/emit-job.ts";
export { emitSchedule } from "./schedule/emit-schedule.ts";
export { parseSchedule, type Schedule, type ScheduleOptions } from "./schedule/parse-schedule.ts";
export {
  runSchedule,
  type RunScheduleOptions,
  type ScheduleEvent,
} from "./schedule/run-schedule.ts";
export {
  backupStatus,
  type BackupStatus,
  type BackupStatusOptions,
} from "./status/backup-status.ts";
export { formatAge, parseAge } from "./status/parse-age.ts";
export { acquireLease, type Lease, type LeaseOptions } from "./storage/lease.ts";
export { openStorage, type StorageOptions } from "./storage/open-storage.ts";
export type * from "./storage/storage.ts";
export {
  verifyBackup,
  type ScratchStores,
  type VerifyBackupOptions,
} from "./verify/verify-backup.ts";
export type { BackupStores, WorkOptions } from "./workflow-options.ts";
