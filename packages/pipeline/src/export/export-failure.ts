import { PostgresError } from "@ctb-data/postgres";
import { PipelineError, type PipelineErrorCode } from "../pipeline-error.ts";

/** What was being done, for the message. */
export interface ExportWork {
  /** `Reading the rows` */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
  /** Of a file. */
  readonly file?: string | undefined;
}

/**
 * An error of PostgreSQL or of the file system as this package's; what is neither stays what it is. Values that PostgreSQL quotes
 * are left out: they may be of an encrypted column.
 */
export function exportFailure(error: unknown, work: ExportWork): unknown {
  if (error instanceof PipelineError) return error;
  const aborted = work.signal?.aborted === true;
  if (error instanceof PostgresError) return ofDatabase(error, work, aborted);
  if (aborted) return cancelled(work, error);
  return isFileError(error) && work.file !== undefined
    ? ofFile(error, { ...work, file: work.file })
    : error;
}

/** @throws {PipelineError} CANCELLED when the signal says so. */
export function throwIfAborted(work: ExportWork): void {
  if (work.signal?.aborted === true) throw cancelled(work, work.signal.reason);
}

function cancelled({ doing }: ExportWork, cause: unknown): PipelineError {
  return new PipelineError("CANCELLED", `${doing} was stopped.`, {
    hint: "What was there before is unchanged.",
    cause,
  });
}

const codes: Readonly<Partial<Record<PostgresError["code"], PipelineErrorCode>>> = {
  PERMISSION_DENIED: "DENIED",
  UNKNOWN_OBJECT: "NOT_FOUND",
};

function ofDatabase(error: PostgresError, work: ExportWork, aborted: boolean): PipelineError {
  if (aborted) return cancelled(work, error);
  const quotesValues = ["22", "23", "P0"].includes((error.sqlState ?? "").slice(0, 2));
  const reason = quotesValues
    ? `PostgreSQL refused a value (${error.sqlState})${placeOf(error)}.`
    : error.message;
  return new PipelineError(
    codes[error.code] ?? "DATABASE_FAILED",
    `${work.doing} failed: ${reason}`,
    {
      hint: hintOf(error),
      ...(!quotesValues && { cause: error }),
    },
  );
}

function placeOf({ constraint, where }: PostgresError): string {
  if (constraint !== undefined) return `, of the constraint ${constraint}`;
  const place = /line (?<line>\d+)(?:, column (?<column>[^:]+):)?/.exec(where ?? "")?.groups;
  if (place?.["line"] === undefined) return "";
  return ` in record ${place["line"]}${place["column"] === undefined ? "" : `, field ${place["column"]}`}`;
}

function hintOf(error: PostgresError): string | undefined {
  if (/row-level security/.test(error.message))
    return "Policies would hide rows: export as a user with BYPASSRLS, or as the owner of a table whose security is not forced.";
  if (error.code === "PERMISSION_DENIED")
    return "Grant the user SELECT on the tables of the blueprint, and for a vendor's table CREATE on its schema.";
  if (error.code === "UNKNOWN_OBJECT")
    return "Apply the pending migrations: the database lacks what the registry has.";
  if (error.sqlState === "40001")
    return "A read replica ended the query because it had to apply changes: set hot_standby_feedback, raise max_standby_streaming_delay, or export from the primary.";
  return error.hint ?? "What was there before is unchanged. Export again.";
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

const fileHints: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full. What was there before is unchanged: make room and export again.",
  EDQUOT: "The quota of the disk is used up. What was there before is unchanged.",
  EACCES: "Choose a folder that this user may write to.",
  EPERM: "Choose a folder that this user may write to.",
  EROFS: "The file system is read-only: choose another folder.",
  ENOENT: "Make the folder first.",
  ENOTDIR: "A part of the path is no folder.",
  EISDIR: "Name a file, not a folder.",
  EPIPE: "The program that reads the output has ended.",
  ELOOP: "The symbolic links of the path lead in a circle.",
};

function ofFile(
  error: NodeJS.ErrnoException,
  { doing, file }: ExportWork & { readonly file: string },
): PipelineError {
  const code = error.code ?? "";
  const denied = ["EACCES", "EPERM", "EROFS"].includes(code);
  return new PipelineError(
    denied ? "DENIED" : "FILE_FAILED",
    `${doing} failed: ${file} cannot be written (${code}).`,
    { hint: fileHints[code], file, cause: error },
  );
}
