import { MigrationError } from "./migration-error.ts";
import type { MigrationHeader } from "./migration-file.ts";

/** The keys that mean something, as they are written. Any other key is the author's own. */
const knownKeys = [
  "Migration",
  "Created",
  "Transaction",
  "Lock-Timeout",
  "Statement-Timeout",
  "Irreversible",
] as const;

type KnownKey = (typeof knownKeys)[number];

interface HeaderLine {
  readonly value: string;
  readonly line: number;
}

/** PostgreSQL keeps time-outs in an int of milliseconds. */
const maxTimeoutMs = 2_147_483_647;

const unitMs: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
};

/**
 * Reads the `-- Key: value` lines of the leading comment block: it ends with the first line that is neither blank nor a
 * `--` comment.
 *
 * @throws {MigrationError} INVALID_HEADER when a known key has a wrong value, stands there twice, or is misspelt by one
 * letter.
 */
export function parseHeader(text: string, file: string): MigrationHeader {
  const lines = readHeaderLines(text, file);
  const migration = lines.get("Migration")?.value;
  const created = lines.get("Created")?.value;
  const lockTimeoutMs = parseTimeout("Lock-Timeout", lines, file);
  const statementTimeoutMs = parseTimeout("Statement-Timeout", lines, file);
  const irreversible = lines.get("Irreversible");
  return {
    transaction: parseTransaction(lines.get("Transaction"), file),
    ...(migration !== undefined && { migration }),
    ...(created !== undefined && { created }),
    ...(lockTimeoutMs !== undefined && { lockTimeoutMs }),
    ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
    ...(irreversible && { irreversible: irreversible.value || "no reason given" }),
  };
}

function readHeaderLines(text: string, file: string): ReadonlyMap<KnownKey, HeaderLine> {
  const found = new Map<KnownKey, HeaderLine>();
  let line = 0;
  for (const row of headerRows(text)) {
    line += 1;
    const colon = row.indexOf(":");
    const name = /^\s*--\s*([A-Za-z][A-Za-z _-]*)$/.exec(row.slice(0, Math.max(colon, 0)))?.[1];
    const key = name === undefined ? undefined : knownKey(name.trimEnd(), { file, line });
    if (key === undefined) continue;
    if (found.has(key))
      throw invalid(file, line, `has ${key} a second time`, "Keep one of the two lines.");
    found.set(key, { value: row.slice(colon + 1).trim(), line });
  }
  return found;
}

function* headerRows(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    const row = text.slice(start, end);
    if (!/^\s*(--.*)?$/.test(row)) return;
    yield row;
    start = end + 1;
  }
}

function knownKey(name: string, at: { file: string; line: number }): KnownKey | undefined {
  const lower = name.toLowerCase();
  for (const key of knownKeys) {
    if (key.toLowerCase() === lower) return key;
    if (key.length > 7 && isOneEditApart(key.toLowerCase(), lower)) {
      throw invalid(at.file, at.line, `has the unknown key "${name}"`, `Did you mean "${key}"?`);
    }
  }
  return undefined;
}

function parseTransaction(header: HeaderLine | undefined, file: string): boolean {
  const value = header?.value.toLowerCase() ?? "default";
  if (["none", "false", "off", "no"].includes(value)) return false;
  if (["default", "true", "on", "yes"].includes(value)) return true;
  throw invalid(
    file,
    header?.line ?? 1,
    `says "Transaction: ${header?.value ?? ""}"`,
    'Write "-- Transaction: none", or leave the line out.',
  );
}

function parseTimeout(
  key: KnownKey,
  lines: ReadonlyMap<KnownKey, HeaderLine>,
  file: string,
): number | undefined {
  const header = lines.get(key);
  if (!header) return undefined;
  const match = /^(\d{1,10}(?:\.\d{1,6})?)\s*(ms|s|min|h|)$/.exec(header.value.toLowerCase());
  const [, amount = "", unit = ""] = match ?? [];
  const ms = match ? Math.round(Number(amount) * (unitMs[unit] ?? Number.NaN)) : Number.NaN;
  if (ms <= maxTimeoutMs) return ms;
  throw invalid(
    file,
    header.line,
    `says "${key}: ${header.value}", which is no time`,
    `Write a number and ms, s, min or h, as in "-- ${key}: 5s" (0 for no limit, at most 24 days).`,
  );
}

function invalid(file: string, line: number, what: string, hint: string): MigrationError {
  return new MigrationError("INVALID_HEADER", `${file}:${line}: the header ${what}.`, {
    file,
    line,
    hint,
  });
}

/** One letter more, less or other. */
function isOneEditApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const rest = (text: string, longer: boolean): string => text.slice(start + (longer ? 1 : 0));
  return rest(a, a.length >= b.length) === rest(b, b.length >= a.length);
}
