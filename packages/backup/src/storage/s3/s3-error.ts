import { BackupError, type BackupErrorCode } from "../../backup-error.ts";

/** What is known of an error that came from the SDK. */
interface Failure {
  /** S3's code, as `NoSuchKey`, or Node's, as `ECONNRESET`. */
  readonly code: string;
  /** Of the reply, 0 without one. */
  readonly status: number;
  readonly message: string;
}

const passing = new Set([
  "BadDigest",
  "ConditionalRequestConflict",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ETIMEDOUT",
  "IncompleteBody",
  "InternalError",
  "OperationAborted",
  "RequestTimeTooSkewed",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "ThrottlingException",
  "TimeoutError",
  "TooManyRequests",
  "XAmzContentSHA256Mismatch",
]);
const codes: Readonly<Record<string, BackupErrorCode>> = {
  CredentialsProviderError: "STORAGE_DENIED",
  EntityTooLarge: "STORAGE_FULL",
  InsufficientCapacity: "STORAGE_FULL",
  QuotaExceeded: "STORAGE_FULL",
  RequestTimeTooSkewed: "CLOCK_WRONG",
  XMinioStorageFull: "STORAGE_FULL",
};
const hints: Readonly<Record<string, string>> = {
  AuthorizationHeaderMalformed: "Name the region of the bucket.",
  CredentialsProviderError:
    "Give an access key and its secret, or a profile or role that the AWS SDK finds.",
  ENOTFOUND: "The host's name is not known: check the endpoint and the region.",
  InvalidAccessKeyId: "The access key is not known there: check the key and the endpoint.",
  NoSuchBucket: "Create the bucket first, or check its name and the endpoint.",
  PermanentRedirect: "The bucket is in another region: name that one.",
  RequestTimeTooSkewed: "Set the clock of this machine (NTP).",
  SignatureDoesNotMatch: "The secret does not belong to the access key.",
};
const hintsByCode: Partial<Record<BackupErrorCode, string>> = {
  STORAGE_DENIED: "Let the access key list, read, write and delete below the prefix of the bucket.",
  STORAGE_FULL: "Raise the quota of the bucket, or prune old backups.",
};

/** Something that may go well when tried again, found by ourselves. */
export class PassingFailure extends Error {
  override readonly name = "PassingFailure";
}

/** Whether the same request may succeed later. After such an error it may also have been done. */
export function isPassing(error: unknown): boolean {
  if (error instanceof PassingFailure) return true;
  const { code, status } = failureOf(error);
  // Node's parser of HTTP, on a reply that was cut or damaged.
  if (passing.has(code) || code.startsWith("HPE_")) return true;
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/** Whether there is no such object. */
export function isMissing(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return (
    code === "NoSuchKey" ||
    code === "NotFound" ||
    (status === 404 && code !== "NoSuchBucket" && code !== "NoSuchUpload")
  );
}

/** S3's code of an error. */
export function s3Code(error: unknown): string {
  return failureOf(error).code;
}

/** The HTTP status of an error, 0 without a reply. */
export function s3Status(error: unknown): number {
  return failureOf(error).status;
}

/** What an error of the SDK means for a storage. The SDK's own error, which holds no secret, is its cause. */
export function s3Error(doing: string, error: unknown, key?: string): BackupError {
  if (error instanceof BackupError) return error;
  const { code, status, message } = failureOf(error);
  const meaning = codes[code] ?? meaningOf(status, message);
  const what = [code, status > 0 ? `HTTP ${status}` : "", message].filter(Boolean).join(", ");
  return new BackupError(meaning, `${doing} failed: ${what}`, {
    hint: hints[code] ?? hintOf(message) ?? hintsByCode[meaning],
    key,
    cause: error,
  });
}

/** What the SDK itself says has no code. */
function hintOf(message: string): string | undefined {
  return message === "Region is missing"
    ? "Name the region of the bucket (region, BACKUP_S3_REGION, AWS_REGION), as in eu-central-1."
    : undefined;
}

function meaningOf(status: number, message: string): BackupErrorCode {
  // Backblaze answers 403 when an account is full.
  if (status === 507 || /quota|cap exceeded|storage full/iu.test(message)) return "STORAGE_FULL";
  return status === 401 || status === 403 ? "STORAGE_DENIED" : "STORAGE_FAILED";
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: "", status: 0, message: String(error) };
  const nodeCode = "code" in error && typeof error.code === "string" ? error.code : "";
  const named = ["Error", "TypeError", "AggregateError", "Unknown"].includes(error.name)
    ? ""
    : error.name;
  const status = "$metadata" in error ? statusOf(error.$metadata) : 0;
  // What the SDK says of a reply without a body.
  const message = error.message === "UnknownError" ? "" : error.message;
  return { code: nodeCode || named, status, message };
}

function statusOf(metadata: unknown): number {
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata))
    return 0;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : 0;
}
