import { compareDocumentPaths } from "@ctb-data/firestore";
import type { DocumentLine } from "./document-line.ts";

/** A name that one or both have. */
export interface MergedLine {
  readonly path: string;
  readonly archived: Uint8Array | undefined;
  readonly current: Uint8Array | undefined;
}

/** Goes through two lists of documents, which are in the order of names, side by side. */
export async function* mergeLines(
  archived: AsyncIterable<DocumentLine>,
  current: AsyncIterable<DocumentLine>,
): AsyncGenerator<MergedLine, void> {
  const left = archived[Symbol.asyncIterator]();
  const right = current[Symbol.asyncIterator]();
  try {
    let one = await left.next();
    let other = await right.next();
    while (one.done !== true || other.done !== true) {
      const order = orderOf(one, other);
      const document = order <= 0 ? one : other;
      if (document.done === true) return;
      const { path } = document.value;
      yield {
        path,
        archived: order <= 0 && one.done !== true ? one.value.line : undefined,
        current: order >= 0 && other.done !== true ? other.value.line : undefined,
      };
      if (order <= 0) one = await left.next();
      if (order >= 0) other = await right.next();
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

/** Below 0 when the first comes first; one that is at its end comes last. */
function orderOf(one: IteratorResult<DocumentLine>, other: IteratorResult<DocumentLine>): number {
  if (one.done === true) return 1;
  if (other.done === true) return -1;
  return compareDocumentPaths(one.value.path, other.value.path);
}
