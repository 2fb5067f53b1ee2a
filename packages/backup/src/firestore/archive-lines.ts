import { compareDocumentPaths } from "@ctb-data/firestore";
import type { FirestoreManifest } from "../archive/firestore-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartSource } from "../part/part.ts";
import { databaseName, nameInLine, type DocumentLine } from "./document-line.ts";

export type DocumentPart = FirestoreManifest["parts"][number];

export interface ArchiveLinesOptions {
  readonly manifest: FirestoreManifest;
  readonly parts: PartSource;
  /** Only what is below this collection (`clients`, `clients/42/notes`), at any depth. Default: everything. */
  readonly collection?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const lineFeed = 0x0a;

/**
 * The parts that documents of a collection can be in, in the order of their names.
 *
 * @throws {BackupError} CORRUPT when they overlap, NOT_FOUND when there is no such collection.
 */
export function partsOf({ manifest, collection }: ArchiveLinesOptions): readonly DocumentPart[] {
  checkOrder(manifest.parts);
  if (collection === undefined) return manifest.parts;
  const prefix = `${collection}/`;
  const parts = manifest.parts.filter(
    (part) => part.collection === collection.split("/")[0] && mayHold(part, prefix),
  );
  if (parts.length > 0) return parts;
  throw new BackupError(
    "NOT_FOUND",
    `The backup has no documents in the collection ${collection}.`,
    {
      path: collection,
      hint: `It has: ${pathsOf(Object.keys(manifest.collections)).slice(0, 20).join(", ") || "none"}.`,
    },
  );
}

/** Each as one would write it, with the ids of documents left open: `clients/{id}/orders`. */
function pathsOf(collections: readonly string[]): readonly string[] {
  return collections.map((collection) => collection.replaceAll("/", "/{id}/"));
}

/** Whether names between first and last can start with the prefix. */
function mayHold({ first, last }: DocumentPart, prefix: string): boolean {
  if (first === null || last === null) return false;
  if (first.startsWith(prefix) || last.startsWith(prefix)) return true;
  return compareDocumentPaths(first, prefix) < 0 && compareDocumentPaths(last, prefix) > 0;
}

function checkOrder(parts: readonly DocumentPart[]): void {
  let before: string | undefined;
  for (const { key, first, last } of parts) {
    if (first === null || last === null) continue;
    const isBehind = before === undefined || compareDocumentPaths(before, first) < 0;
    if (!isBehind || compareDocumentPaths(first, last) > 0)
      throw new BackupError("CORRUPT", "The parts of the manifest are not in the order of names.", {
        key,
      });
    before = last;
  }
}

/**
 * The documents of one part, in the order of their names. A document may be used before the part is known to be whole: that is
 * known at the end.
 *
 * @throws {BackupError} CORRUPT, also for another number of documents or another order than the manifest says.
 */
export async function* partLines(
  part: DocumentPart,
  options: ArchiveLinesOptions,
): AsyncGenerator<DocumentLine, void> {
  const base = `${databaseName(options.manifest)}/documents/`;
  const prefix = options.collection === undefined ? "" : `${options.collection}/`;
  let documents = 0;
  let last: string | null = null;
  for await (const line of rawLines(part, options)) {
    const name = nameInLine(line);
    if (name?.startsWith(base) !== true) throw corrupt(part, "A line is no document of it.");
    const path = name.slice(base.length);
    if (last === null ? path !== part.first : compareDocumentPaths(last, path) >= 0)
      throw corrupt(part, "Its documents are not in the order of their names.");
    last = path;
    documents += 1;
    if (path.startsWith(prefix)) yield { path, line };
  }
  if (documents !== part.documents || last !== part.last)
    throw corrupt(part, `It has ${documents} documents, and not ${part.documents}.`);
}

/** All documents, part after part. @throws {BackupError} CORRUPT, NOT_FOUND, WRONG_KEY */
export async function* archiveLines(
  options: ArchiveLinesOptions,
): AsyncGenerator<DocumentLine, void> {
  for (const part of partsOf(options)) yield* partLines(part, options);
}

async function* rawLines(
  part: DocumentPart,
  { parts, signal }: ArchiveLinesOptions,
): AsyncGenerator<Buffer, void> {
  let rest: Buffer[] = [];
  for await (const piece of parts.read(part, { signal })) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      const line = bytes.subarray(start, end + 1);
      yield rest.length === 0 ? line : Buffer.concat([...rest, line]);
      rest = [];
      start = end + 1;
    }
    // The next piece may lie in the same memory.
    if (start < bytes.length) rest.push(Buffer.from(bytes.subarray(start)));
  }
  if (rest.length > 0) throw corrupt(part, "Its last line is cut off.");
}

function corrupt({ key }: DocumentPart, what: string): BackupError {
  return new BackupError("CORRUPT", `A part of the backup is damaged: ${what}`, { key });
}
