import { BackupError, type BackupErrorCode } from "../../backup-error.ts";

const codes: Readonly<Record<string, BackupErrorCode>> = {
  ENOSPC: "STORAGE_FULL",
  EDQUOT: "STORAGE_FULL",
  EFBIG: "STORAGE_FULL",
  EACCES: "STORAGE_DENIED",
  EPERM: "STORAGE_DENIED",
  EROFS: "STORAGE_DENIED",
  ELOOP: "STORAGE_DENIED",
};
const hints: Partial<Record<BackupErrorCode, string>> = {
  STORAGE_FULL: "Free space on that disk, or raise its quota. Nothing unfinished was left there.",
  STORAGE_DENIED:
    "Let the user that runs this read and write the folder and all that is in it, or name another folder.",
};

/** The code of an error of `node:fs`, such as ENOENT. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** What a failed call of the file system means for a storage. */
export function folderError(doing: string, error: unknown, key?: string): BackupError {
  if (error instanceof BackupError) return error;
  const code = codes[fileErrorCode(error) ?? ""] ?? "STORAGE_FAILED";
  const why = error instanceof Error ? error.message : String(error);
  return new BackupError(code, `${doing} failed: ${why}`, { hint: hints[code], cause: error, key });
}
