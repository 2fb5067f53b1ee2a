import type { RawBatch } from "@ctb-data/firestore";

/** The lines of a batch without their line feeds: its memory is used again. */
export function* linesOf({ bytes, lines }: RawBatch): Generator<{
  readonly path: string;
  readonly line: string;
  readonly updateTimeUs: number;
}> {
  let start = 0;
  for (const { path, end, updateTimeUs } of lines) {
    yield { path, line: bytes.toString("utf8", start, end - 1), updateTimeUs };
    start = end;
  }
}
