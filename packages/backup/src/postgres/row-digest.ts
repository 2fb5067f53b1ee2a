import { hash } from "node:crypto";

/** What is in a table, whatever the order of its rows. */
export interface RowDigest {
  readonly rows: number;
  readonly bytes: number;
  /** The sum of the SHA-256 of each row's COPY text, modulo 2²⁵⁶, hexadecimal. */
  readonly sum: string;
}

const lineFeed = 10;
const words = 8;

/**
 * Adds up hashes of rows in COPY's text format. Two tables with the same rows have the same digest, however their rows are ordered and
 * cut into chunks; for others to have it, sums of SHA-256 would have to meet. No protection from somebody who searches for such rows.
 */
export async function digestRows(chunks: AsyncIterable<Uint8Array>): Promise<RowDigest> {
  const sum = new Float64Array(words);
  let rows = 0;
  let bytes = 0;
  let rest: Uint8Array[] = [];
  for await (const chunk of chunks) {
    bytes += chunk.length;
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      const line = chunk.subarray(from, end);
      add(sum, rest.length === 0 ? line : Buffer.concat([...rest, line]));
      rest = [];
      rows += 1;
      from = end + 1;
      if (rows % 1_000_000 === 0) carry(sum);
    }
    // A copy: the chunk's memory may be used again. `slice` of a Buffer would be none.
    if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)));
  }
  if (rest.length > 0) throw new TypeError("The last row has no end");
  return { rows, bytes, sum: carry(sum) };
}

function add(sum: Float64Array, line: Uint8Array): void {
  const digest = hash("sha256", line, "buffer");
  for (let word = 0; word < words; word++) {
    sum[word] = (sum[word] ?? 0) + digest.readUInt32LE(word * 4);
  }
}

/** Brings each word below 2³², for a sum of doubles must stay below 2⁵³. */
function carry(sum: Float64Array): string {
  const text: string[] = [];
  let over = 0;
  for (let word = 0; word < words; word++) {
    const value = (sum[word] ?? 0) + over;
    over = Math.floor(value / 2 ** 32);
    sum[word] = value - over * 2 ** 32;
    text.unshift((sum[word] ?? 0).toString(16).padStart(8, "0"));
  }
  return text.join("");
}
