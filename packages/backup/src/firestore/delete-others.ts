import type { RawWrite, RawWriteOptions } from "@ctb-data/firestore";
import {
  partLines,
  partsOf,
  type ArchiveLinesOptions,
  type DocumentPart,
} from "./archive-lines.ts";
import { currentLines } from "./database-lines.ts";
import type { DocumentLine } from "./document-line.ts";
import type { FirestoreStore } from "./firestore-store.ts";
import { mergeLines } from "./merge-lines.ts";

interface Options extends ArchiveLinesOptions {
  readonly firestore: FirestoreStore;
  readonly writing: RawWriteOptions;
}

/**
 * Deletes the documents of the target that the archive does not have, and gives how many. What lies between two documents of a
 * part is deleted when the part was read to its end, so that a part that went bad since it was checked deletes nothing.
 */
export async function deleteOthers(options: Options): Promise<number> {
  const { written } = await options.firestore.raw.write(deletes(options), options.writing);
  return written;
}

async function* deletes(options: Options): AsyncGenerator<RawWrite, void> {
  const checked = { parts: 0 };
  const held: string[] = [];
  let released = 0;
  const merged = mergeLines(
    countedLines(partsOf(options), options, checked),
    currentLines(options),
  );
  for await (const { path, archived } of merged) {
    if (checked.parts > released) {
      yield* held.splice(0).map((name) => deleteOf(name));
      released = checked.parts;
    }
    if (archived === undefined) held.push(path);
  }
  // The merge ends behind the last part.
  yield* held.map((name) => deleteOf(name));
}

async function* countedLines(
  parts: readonly DocumentPart[],
  options: Options,
  checked: { parts: number },
): AsyncGenerator<DocumentLine, void> {
  for (const part of parts) {
    yield* partLines(part, options);
    checked.parts += 1;
  }
}

const deleteOf = (path: string): RawWrite => ({ op: "delete", path });
