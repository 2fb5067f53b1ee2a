import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareIds, comparePaths } from "./compare-paths.ts";

/** The same, id by id, as it is defined. */
function compareIdById(left: string, right: string): number {
  const ours = left.split("/");
  const theirs = right.split("/");
  for (const [index, id] of ours.entries()) {
    const other = theirs[index];
    if (other === undefined) return 1;
    const difference = compareIds(id, other);
    if (difference !== 0) return difference;
  }
  return ours.length - theirs.length;
}

const id = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "b", "!", "_", "\u{ff5e}", "\u{1f600}", "-"),
    minLength: 1,
    maxLength: 4,
  }),
  fc.constantFrom("__id7__", "__id10__", "__id-3__", "__id", "__id7__x", "__i", "__id7"),
);
const path = fc.array(id, { minLength: 1, maxLength: 4 }).map((ids) => ids.join("/"));

test("paths are in the order of their ids, one after the other", () => {
  fc.assert(
    fc.property(path, path, (left, right) => {
      expect(Math.sign(comparePaths(left, right))).toBe(Math.sign(compareIdById(left, right)));
    }),
    { numRuns: 5000 },
  );
});

test("a document comes before what is below it, and both before an id that only begins alike", () => {
  expect(["a/b-", "a/b/c/d", "a/b"].toSorted(comparePaths)).toEqual(["a/b", "a/b/c/d", "a/b-"]);
});
