import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryPath } from "../testing/arbitrary-document.ts";
import { compareDocumentPaths } from "./compare-document-paths.ts";

test("numeric ids come first by their number, others by their UTF-8 bytes, and a document right before what is below it", () => {
  const ordered = [
    "a/__id-9223372036854775808__",
    "a/__id-1__",
    "a/__id7__",
    "a/__id7__/b/1",
    "a/__id10__",
    "a/A",
    "a/__id7",
    "a/a",
    "a/a/b/1",
    "a/a\u0000",
    "a/aa",
    "a/\uffff",
    "a/😀",
    "a\u0000/1",
    "b/1",
  ];
  expect(ordered.toReversed().toSorted(compareDocumentPaths)).toEqual(ordered);
});

test("it is an order: of any three names none goes round", () => {
  fc.assert(
    fc.property(arbitraryPath, arbitraryPath, arbitraryPath, (a, b, c) => {
      const [first = "", second = "", third = ""] = [a, b, c].toSorted(compareDocumentPaths);
      expect(compareDocumentPaths(first, second)).toBeLessThanOrEqual(0);
      expect(compareDocumentPaths(first, third)).toBeLessThanOrEqual(0);
      expect(Math.sign(compareDocumentPaths(a, b))).toBe(
        -Math.sign(compareDocumentPaths(b, a)) + 0,
      );
    }),
  );
});
