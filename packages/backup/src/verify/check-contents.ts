import type { OpenedBackup } from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import type { PartRecord, PartSource } from "../part/part.ts";
import type { WorkOptions } from "../workflow-options.ts";

/** What was found in the parts. */
export interface ContentsResult {
  readonly parts: number;
  readonly plainBytes: number;
  readonly rows: number;
  readonly documents: number;
  readonly findings: readonly string[];
}

/** A part, and how many lines the manifest says that it has. */
interface ExpectedPart {
  readonly part: PartRecord;
  readonly what: "rows" | "documents" | "text";
  readonly lines: number | undefined;
}

const lineFeed = 10;
/** zstd runs beside this thread: two at once use two cores. */
const concurrency = 2;

/**
 * Decrypts and decompresses every part, compares its plain hash, and counts rows and documents. A row of COPY's text format and a
 * document of NDJSON are one line each: line ends in values are escaped in both.
 */
export async function checkContents(
  { manifest, record, parts }: OpenedBackup,
  { signal, onProgress }: WorkOptions = {},
): Promise<ContentsResult> {
  const expected = expectedParts({ manifest });
  const findings = unlisted(expected, record.parts);
  const totals = { parts: expected.length, plainBytes: 0, rows: 0, documents: 0 };
  onProgress?.({ kind: "step", step: "contents" });
  onProgress?.({
    kind: "total",
    store: "storage",
    items: expected.length,
    bytes: expected.reduce((sum, { part }) => sum + part.plainBytes, 0),
  });
  const waiting = [...expected];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { part, what, lines } = next;
      const found = await linesOf(parts, part, signal);
      if (typeof found === "string") findings.push(found);
      else {
        totals.plainBytes += part.plainBytes;
        if (what !== "text") totals[what] += found;
        if (lines !== undefined && found !== lines)
          findings.push(`${part.key} has ${found} ${what}; the manifest says ${lines}.`);
      }
      onProgress?.({
        kind: "count",
        store: "storage",
        name: part.key,
        items: 1,
        bytes: part.plainBytes,
      });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { ...totals, findings: findings.toSorted() };
}

function expectedParts({ manifest }: Pick<OpenedBackup, "manifest">): readonly ExpectedPart[] {
  const { postgres, firestore } = manifest;
  const expected: ExpectedPart[] = [];
  if (postgres !== null) {
    for (const part of [
      postgres.preData,
      postgres.postData,
      postgres.grants,
      postgres.sequenceValues,
      postgres.objects,
    ])
      expected.push({ part, what: "text", lines: undefined });
    for (const { parts } of postgres.tables)
      for (const part of parts) expected.push({ part, what: "rows", lines: part.rows });
  }
  if (firestore !== null) {
    for (const part of firestore.files) expected.push({ part, what: "text", lines: undefined });
    for (const part of firestore.parts)
      expected.push({ part, what: "documents", lines: part.documents });
  }
  return expected;
}

/** What the manifest names must be what the signed record names. */
function unlisted(
  expected: readonly ExpectedPart[],
  listed: readonly Pick<PartRecord, "key" | "sha256">[],
): string[] {
  const hashes = new Map(listed.map(({ key, sha256 }) => [key, sha256]));
  return expected
    .filter(({ part }) => hashes.get(part.key) !== part.sha256)
    .map(({ part }) => `${part.key} is in the manifest as it is not in the signed record.`);
}

async function linesOf(
  parts: PartSource,
  part: PartRecord,
  signal: AbortSignal | undefined,
): Promise<number | string> {
  let lines = 0;
  try {
    for await (const chunk of parts.read(part, { signal })) lines += countLines(chunk);
  } catch (error) {
    const isDamage = error instanceof BackupError && ["CORRUPT", "NOT_FOUND"].includes(error.code);
    if (!isDamage) throw error;
    return error.message;
  }
  return lines;
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1))
    lines += 1;
  return lines;
}
