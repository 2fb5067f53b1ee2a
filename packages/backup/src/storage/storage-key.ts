import { BackupError } from "../backup-error.ts";

/** As S3's limit of 1,024 bytes leaves room for a prefix. */
const maxKeyBytes = 900;
/** What Linux, macOS and Windows allow for one name. */
const maxNameBytes = 255;
/** Names that start so are the storage's own: temporary files, versions, probes. */
export const reservedStart = ".ctb-";

/**
 * Checks that a key means the same object in every storage: relative, without empty, `.` and `..` parts, at most 900 bytes
 * and 255 for each part, well-formed, in Unicode's normal form C, without control characters (the XML of S3 cannot carry
 * them), and no part starts with `.ctb-`. A backslash is refused where it separates folders (Windows).
 *
 * Keys should not differ only in case: on a file system that ignores case the second one is a CONFLICT.
 *
 * @throws {BackupError} INVALID_OPTIONS
 */
export function checkStorageKey(key: string): void {
  const problem =
    key === ""
      ? "it is empty"
      : (textProblem(key) ?? key.split("/").map(partProblem).find(Boolean));
  if (problem) throw invalid("key", key, problem);
}

/**
 * Checks the beginning of keys: whole parts, and at its end perhaps the beginning of one. Empty for all keys.
 *
 * @throws {BackupError} INVALID_OPTIONS
 */
export function checkStoragePrefix(prefix: string): void {
  const whole = prefix.split("/").slice(0, -1);
  const problem = textProblem(prefix) ?? whole.map(partProblem).find(Boolean);
  if (problem) throw invalid("prefix", prefix, problem);
}

/** Whether something found in a storage can be one of its objects. */
export function isStorageKey(key: string): boolean {
  return key !== "" && textProblem(key) === undefined && !key.split("/").some(partProblem);
}

/** Whether a name found in a folder can be a part of a key. */
export function isKeyPart(name: string): boolean {
  return (textProblem(name) ?? partProblem(name)) === undefined && !name.includes("/");
}

function textProblem(text: string): string | undefined {
  if (/\p{Cs}/u.test(text)) return "it has half of a surrogate pair";
  if (/[\p{Cc}\uFFFE\uFFFF]/u.test(text)) return "it has a control character";
  if (text !== text.normalize("NFC")) return "it is not in Unicode's normal form C";
  if (Buffer.byteLength(text) > maxKeyBytes) return `it is longer than ${maxKeyBytes} bytes`;
  return undefined;
}

function partProblem(part: string): string | undefined {
  if (part === "") return "it has an empty part";
  if (part === "." || part === "..") return `it has the part ${JSON.stringify(part)}`;
  if (part.startsWith(reservedStart)) return `a part starts with ${reservedStart}`;
  if (Buffer.byteLength(part) > maxNameBytes) return `a part is longer than ${maxNameBytes} bytes`;
  if (process.platform === "win32" && /[\\:*?"<>|]|[. ]$/u.test(part))
    return `${JSON.stringify(part)} cannot be a file's name on Windows`;
  return undefined;
}

function invalid(what: string, text: string, problem: string): BackupError {
  return new BackupError(
    "INVALID_OPTIONS",
    `The ${what} ${JSON.stringify(text)} cannot be used in a storage: ${problem}.`,
    { key: text },
  );
}
