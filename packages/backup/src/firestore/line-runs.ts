import type { RawBatch } from "@ctb-data/firestore";

/** Some lines of one root collection, one after the other. */
export interface LineRun {
  readonly collection: string;
  readonly bytes: Uint8Array;
  readonly paths: readonly string[];
}

/** Cuts a batch where the root collection changes, and where a run would be larger than a part may be. */
export function* lineRuns({ bytes, lines }: RawBatch, mostBytes: number): Generator<LineRun, void> {
  let start = 0;
  let paths: string[] = [];
  let collection = rootOf(lines[0]?.path);
  for (const [index, { path, end }] of lines.entries()) {
    paths.push(path);
    const next = lines[index + 1];
    const isSame = next?.path.startsWith(`${collection}/`) === true;
    if (next !== undefined && isSame && next.end - start <= mostBytes) continue;
    yield { collection, bytes: bytes.subarray(start, end), paths };
    start = end;
    paths = [];
    collection = rootOf(next?.path);
  }
}

const rootOf = (path = ""): string => path.slice(0, path.indexOf("/"));
