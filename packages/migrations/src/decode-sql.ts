import { MigrationError } from "./migration-error.ts";

const newLine = 0x0a;

/**
 * The text of a migration file: UTF-8, without a byte-order mark, with LF line ends. This is the text that is hashed,
 * parsed and sent, so that a check-out with CRLF is the same migration.
 *
 * @throws {MigrationError} INVALID_ENCODING when it is not UTF-8 or has a NUL byte, which PostgreSQL cannot hold.
 */
export function decodeSql(bytes: Uint8Array, file: string): string {
  if (hasUtf16Mark(bytes)) {
    throw new MigrationError("INVALID_ENCODING", `${file} is UTF-16, not UTF-8.`, {
      file,
      hint: "Save the file as UTF-8.",
    });
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw invalid(file, lineAt(bytes, nul), "a NUL byte, which SQL text cannot have");
  try {
    return normaliseSql(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(file, firstInvalidLine(bytes), "bytes that are not UTF-8", error);
  }
}

/** Takes off the byte-order mark and turns CRLF into LF. */
export function normaliseSql(text: string): string {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  return body.includes("\r\n") ? body.replaceAll("\r\n", "\n") : body;
}

function hasUtf16Mark(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

function invalid(file: string, line: number, what: string, cause?: unknown): MigrationError {
  return new MigrationError("INVALID_ENCODING", `${file}:${line}: this line has ${what}.`, {
    file,
    line,
    cause,
    hint: "Save the file as UTF-8; binary data belongs into '\\x…' literals.",
  });
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (
    let at = bytes.indexOf(newLine);
    at !== -1 && at < offset;
    at = bytes.indexOf(newLine, at + 1)
  ) {
    line += 1;
  }
  return line;
}

/** No character spans two lines, so the first bad line is found line by line. */
function firstInvalidLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const found = bytes.indexOf(newLine, start);
    const end = found === -1 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}
