import { BackupError } from "../backup-error.ts";
import { archiveLines, type ArchiveLinesOptions } from "./archive-lines.ts";
import { currentLines } from "./database-lines.ts";
import { databaseName } from "./document-line.ts";
import type { FirestoreStore } from "./firestore-store.ts";
import { mergeLines } from "./merge-lines.ts";
import { normalLine } from "./normal-line.ts";

interface Target {
  readonly firestore: FirestoreStore;
}

/** Reads every part that is wanted to its end, and gives how many documents there are. @throws {BackupError} CORRUPT, NOT_FOUND */
export async function checkArchive(options: ArchiveLinesOptions): Promise<number> {
  let documents = 0;
  for await (const _ of archiveLines(options)) documents += 1;
  return found(documents, options);
}

/** Whether documents of the archive and of the target are the same, but for their times and the name of their database. */
export function sameDocument(
  { manifest, firestore }: Pick<ArchiveLinesOptions, "manifest"> & Target,
  archived: Uint8Array,
  current: Uint8Array,
): boolean {
  const source = databaseName(manifest);
  const target = databaseName(firestore);
  const one = normalLine(archived, source === target ? [target] : [source, target]);
  return one.equals(normalLine(current, [target]));
}

/**
 * Like {@link checkArchive}, and looks whether the target has only what an earlier try of the same restore can have written.
 *
 * @throws {BackupError} NOT_EMPTY
 */
export async function checkResumable(options: ArchiveLinesOptions & Target): Promise<number> {
  let documents = 0;
  for await (const { path, archived, current } of mergeLines(
    archiveLines(options),
    currentLines(options),
  )) {
    if (archived !== undefined) documents += 1;
    if (current === undefined) continue;
    if (archived === undefined || !sameDocument(options, archived, current))
      throw notOfThisRestore(options.firestore, path);
  }
  return found(documents, options);
}

/** The document of the target that an earlier try cannot have written. */
export function notOfThisRestore({ description }: FirestoreStore, path: string): BackupError {
  return new BackupError(
    "NOT_EMPTY",
    `${description} has the document ${path}, which is not as the backup has it.`,
    {
      path,
      hint: "Restore into a database that nobody writes to, or with overwrite or exact.",
    },
  );
}

/** @throws {BackupError} NOT_EMPTY when there is any document. */
export async function checkEmpty({
  firestore,
  collection,
  signal,
}: Pick<ArchiveLinesOptions, "collection" | "signal"> & Target): Promise<void> {
  for await (const { path } of currentLines({ firestore, collection, signal })) {
    const where = collection === undefined ? "" : ` in the collection ${collection}`;
    throw new BackupError("NOT_EMPTY", `${firestore.description} has documents${where}: ${path}.`, {
      path,
      hint: "Restore into an empty database. `resume` goes on with a restore that was broken off; overwrite replaces documents and keeps others; exact also deletes what the backup does not have.",
    });
  }
}

function found(documents: number, { collection }: ArchiveLinesOptions): number {
  if (documents > 0 || collection === undefined) return documents;
  throw new BackupError(
    "NOT_FOUND",
    `The backup has no documents in the collection ${collection}.`,
    {
      path: collection,
      hint: "`ctb-data backup show` says which collections it has.",
    },
  );
}
