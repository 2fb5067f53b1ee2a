import type { RawRecord, RecordSplitter } from "../src/source/record-splitter.ts";

/** Cuts bytes into pieces of these sizes, over and over. */
export function chunksOf(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizes[chunks.length % sizes.length] ?? bytes.length;
    // Memory of its own, as chunks of a file have.
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

/** The records that a splitter finds. */
export function recordsOf(
  splitter: RecordSplitter,
  chunks: readonly Buffer[],
): readonly RawRecord[] {
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}
