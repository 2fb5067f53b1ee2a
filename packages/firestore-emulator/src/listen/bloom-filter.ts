import { createHash } from "node:crypto";

/** A `google.firestore.v1.BloomFilter`. */
export interface BloomFilter {
  readonly bits: { readonly bitmap: Uint8Array; readonly padding: number };
  readonly hashCount: number;
}

/** One in ten thousand names that are not in it seems to be: then the client reads the whole query again. */
const falsePositives = 0.0001;
const uint64 = (1n << 64n) - 1n;

/**
 * A filter that finds the names, hashed as the clients do it: MD5 of the UTF-8 as two little-endian numbers of 64 bits, and
 * for the i-th hash the first plus i times the second. It has at least one byte, because clients ignore a filter of none.
 *
 * @param names full resource names of documents.
 */
export function bloomFilterOf(names: readonly string[]): BloomFilter {
  const wanted = Math.ceil((-names.length * Math.log(falsePositives)) / Math.LN2 ** 2);
  const bitCount = Math.max(8, wanted);
  const hashCount = Math.max(1, Math.round((bitCount / Math.max(1, names.length)) * Math.LN2));
  const hashes = Math.min(hashCount, 32);
  const bitmap = new Uint8Array(Math.ceil(bitCount / 8));
  for (const name of names) {
    for (const index of bitIndexes(name, bitCount, hashes)) {
      const byte = index >>> 3;
      bitmap[byte] = (bitmap[byte] ?? 0) | (1 << (index & 7));
    }
  }
  return { bits: { bitmap, padding: bitmap.length * 8 - bitCount }, hashCount: hashes };
}

function* bitIndexes(name: string, bitCount: number, hashCount: number): Generator<number> {
  const digest = createHash("md5").update(name, "utf8").digest();
  const first = digest.readBigUInt64LE(0);
  const second = digest.readBigUInt64LE(8);
  for (let hash = 0n; hash < BigInt(hashCount); hash += 1n) {
    yield Number(((first + hash * second) & uint64) % BigInt(bitCount));
  }
}
