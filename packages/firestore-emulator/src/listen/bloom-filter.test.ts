import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bloomFilterOf, type BloomFilter } from "./bloom-filter.ts";

const prefix = "projects/p/databases/(default)/documents/c/";

/** The question as the web SDK asks it, in the words of its `BloomFilter.mightContain`. */
function mightContain({ bits, hashCount }: BloomFilter, name: string): boolean {
  const { bitmap, padding } = bits;
  const bitCount = BigInt(bitmap.length * 8 - padding);
  const md5 = createHash("md5").update(new TextEncoder().encode(name)).digest();
  const view = new DataView(md5.buffer, md5.byteOffset, md5.byteLength);
  const [low, high] = [view.getBigUint64(0, true), view.getBigUint64(8, true)];
  for (let index = 0; index < hashCount; index += 1) {
    const bit = Number(BigInt.asUintN(64, low + BigInt(index) * high) % bitCount);
    if (((bitmap[Math.floor(bit / 8)] ?? 0) & (0x01 << (bit % 8))) === 0) return false;
  }
  return true;
}

test("every name that went in is found", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 200 }), (names) => {
      const filter = bloomFilterOf(names);
      for (const name of names) expect(mightContain(filter, name)).toBe(true);
    }),
  );
});

test("of ten thousand other names, fewer than ten seem to be in it", () => {
  const names = Array.from({ length: 2000 }, (_, index) => `${prefix}${index}`);
  const filter = bloomFilterOf(names);
  const others = Array.from({ length: 10_000 }, (_, index) => `${prefix}other-${index}`);
  expect(others.filter((name) => mightContain(filter, name)).length).toBeLessThan(10);
});

test("a filter of no names finds none, and is still one that clients look at", () => {
  const filter = bloomFilterOf([]);
  expect(filter.bits.bitmap.length).toBeGreaterThan(0);
  expect(mightContain(filter, `${prefix}1`)).toBe(false);
});

test("the parameters are within what clients accept", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 50 }), (names) => {
      const { bits, hashCount } = bloomFilterOf(names);
      expect(bits.padding).toBeGreaterThanOrEqual(0);
      expect(bits.padding).toBeLessThan(8);
      expect(hashCount).toBeGreaterThan(0);
      expect(bits.bitmap.length).toBeGreaterThan(0);
    }),
  );
});
