import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "./compare-utf8.ts";

const unit = fc.oneof(
  fc.constantFrom("a", "b", "\0", "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}"),
  fc.constantFrom("\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{ffff}"),
  fc.constantFrom("\u{10000}", "\u{10001}", "\u{103ff}", "\u{10400}", "\u{10ffff}"),
);
const text = fc.array(unit, { maxLength: 6 }).map((units) => units.join(""));

test("strings are in the order of their bytes in UTF-8", () => {
  fc.assert(
    fc.property(text, text, (left, right) => {
      const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareUtf8(left, right))).toBe(expected);
    }),
    { numRuns: 5000 },
  );
});

test("an emoji comes after U+FF5E, where JavaScript has it before", () => {
  const words = ["\u{1f600}", "\u{ff5e}"];
  expect(words.toSorted(compareUtf8)).toEqual(["\u{ff5e}", "\u{1f600}"]);
  expect(words.toSorted()).toEqual(words);
});
