import { createHash, type Hash } from "node:crypto";
import { archiveLines, type ArchiveLinesOptions } from "./archive-lines.ts";
import { CollectionCounts, collectionPathOf } from "./collection-counts.ts";
import { snapshotLines, type DatabaseLinesOptions } from "./database-lines.ts";
import { databaseName, type DocumentLine } from "./document-line.ts";
import { withBackupErrors } from "./firestore-failure.ts";
import { normalLine } from "./normal-line.ts";

/** What a collection holds: equal for equal documents of equal ids. */
export interface CollectionDigest {
  readonly documents: number;
  /**
   * SHA-256 of the lines in the order of their names, each with its line feed, without `createTime` and `updateTime` and without
   * `projects/…/documents/` in the document's name and in references to the same database. Hexadecimal.
   */
  readonly sha256: string;
}

/** By the path of collection ids: `clients`, `clients/notes`. */
export type DocumentDigest = Readonly<Record<string, CollectionDigest>>;

interface Hook {
  /** Called for each document, in the order of names. What it throws ends the digest. */
  readonly onDocument?: ((document: DocumentLine) => void) | undefined;
}

/**
 * Digests the documents of an archive.
 *
 * @param options.target the database that they were restored to, `projects/p/databases/d`: references to it are then as good as
 * references to their own.
 * @throws {BackupError} CORRUPT, NOT_FOUND, WRONG_KEY, …
 */
export async function digestArchive(
  options: ArchiveLinesOptions & Hook & { readonly target?: string | undefined },
): Promise<DocumentDigest> {
  const { target, manifest, onDocument } = options;
  const databases = new Set([databaseName(manifest), ...(target === undefined ? [] : [target])]);
  return await digest(archiveLines(options), [...databases], onDocument);
}

/** Digests the documents of a database at one moment. @throws {BackupError} FIRESTORE_FAILED, READ_TIME_EXPIRED, CANCELLED */
export async function digestDatabase(
  options: DatabaseLinesOptions & Hook,
): Promise<DocumentDigest> {
  const { firestore, onDocument } = options;
  return await withBackupErrors(
    async () => await digest(snapshotLines(options), [databaseName(firestore)], onDocument),
  );
}

/** What is not the same in two digests, in words; empty when they are equal. */
export function digestDifferences(
  archived: DocumentDigest,
  current: DocumentDigest,
): readonly string[] {
  const paths = new Set([...Object.keys(archived), ...Object.keys(current)]);
  return [...paths].toSorted().flatMap((path) => {
    const one = archived[path];
    const other = current[path];
    if (one?.documents !== other?.documents)
      return [
        `${path}: ${other?.documents ?? 0} documents; the backup has ${one?.documents ?? 0}.`,
      ];
    return one?.sha256 === other?.sha256 ? [] : [`${path}: the content is not that of the backup.`];
  });
}

async function digest(
  lines: AsyncIterable<DocumentLine>,
  databases: readonly string[],
  onDocument: Hook["onDocument"],
): Promise<DocumentDigest> {
  const counts = new CollectionCounts();
  const hashes = new Map<string, Hash>();
  for await (const document of lines) {
    onDocument?.(document);
    const { path, line } = document;
    counts.add(path);
    const collection = collectionPathOf(path);
    const hash = hashes.get(collection) ?? createHash("sha256");
    hashes.set(collection, hash);
    hash.update(normalLine(line, databases)).update("\n");
  }
  return Object.fromEntries(
    Object.entries(counts.toRecord()).map(([path, documents]) => [
      path,
      { documents, sha256: hashes.get(path)?.digest("hex") ?? "" },
    ]),
  );
}
