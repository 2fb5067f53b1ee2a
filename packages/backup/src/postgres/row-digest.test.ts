import * as fc from "fast-check";
import { expect, test } from "vitest";
import { digestRows, type RowDigest } from "./row-digest.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 30 : 300 };
const rows = fc.array(fc.string({ maxLength: 5 }).map((text) => text.replaceAll("\n", "n")));

/** In chunks whose memory is used again for the next one. */
async function digestOf(lines: readonly string[], cut = 7): Promise<RowDigest> {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  return await digestRows(
    (async function* () {
      const shared = Buffer.alloc(cut);
      for (let at = 0; at < text.length; at += cut) {
        const piece = text.subarray(at, at + cut);
        shared.set(piece);
        yield await Promise.resolve(shared.subarray(0, piece.length));
      }
    })(),
  );
}

test("is the same whatever the order of the rows and however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 30 }), async (lines, cut) => {
      expect(await digestOf(lines.toReversed(), cut)).toEqual(await digestOf(lines));
    }),
    runs,
  );
});

test("is another one when a row is more, less, twice, or another", async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, async (left, right) => {
      const isSame = left.toSorted().join("\n") === right.toSorted().join("\n") && left.length === right.length; // prettier-ignore
      const digests = [await digestOf(left), await digestOf(right)];
      expect(digests[0]?.sum === digests[1]?.sum).toBe(isSame);
    }),
    runs,
  );
  const sums = await Promise.all(
    [[], [""], ["", ""], ["a"], ["a", ""], ["b"], ["ab"], ["a", "b"], ["a", "a"], ["b", "b"]].map(
      async (lines) => (await digestOf(lines)).sum,
    ),
  );
  expect(new Set(sums).size).toBe(10);
});

test("is a sum of SHA-256", async () => {
  expect((await digestOf(["abc"])).sum).toBe(
    // As sha256sum prints it, with the eight words in the order of the sum.
    Buffer.from("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "hex")
      .swap32()
      .toString("hex")
      .match(/.{8}/g)
      ?.toReversed()
      .join(""),
  );
});

test("of text without its last line's end is an error", async () => {
  const chunks = (async function* () {
    yield await Promise.resolve(Buffer.from("a\nb"));
  })();
  await expect(digestRows(chunks)).rejects.toThrow("no end");
});
