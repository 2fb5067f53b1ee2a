export { BackupError, type BackupErrorCode, type BackupErrorDetails } from "./backup-error.ts";
