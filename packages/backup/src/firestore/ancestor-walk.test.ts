import { compareDocumentPaths } from "@ctb-data/firestore";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AncestorWalk } from "./ancestor-walk.ts";

function walkOf(paths: readonly string[]): AncestorWalk {
  const walk = new AncestorWalk();
  for (const path of paths) walk.add(path);
  return walk;
}

test("each document that is not there counts once, however many are below it", () => {
  expect(
    AncestorWalk.missingIn([walkOf(["a/1", "a/2/b/1", "a/2/b/2/c/1", "a/3/b/1/c/1/d/1"])]),
  ).toBe(5);
  expect(AncestorWalk.missingIn([walkOf(["a/1", "a/1/b/1", "a/10/b/1"])])).toBe(1);
  expect(AncestorWalk.missingIn([walkOf([])])).toBe(0);
});

test("it is the number that looking up each ancestor gives, wherever the names are cut into ranges", () => {
  const id = fc.constantFrom("a", "b", "aa", "a\u0000", "__id1__");
  const path = fc
    .array(id, { minLength: 2, maxLength: 8 })
    .map((ids) => ids.slice(0, ids.length - (ids.length % 2)).join("/"));
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 40 }), fc.array(fc.nat(40)), (paths, cuts) => {
      const ordered = paths.toSorted(compareDocumentPaths);
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), ordered.length];
      const walks = bounds.slice(1).map((end, index) => walkOf(ordered.slice(bounds[index], end)));
      const missing = new Set<string>();
      for (const ids of paths.map((one) => one.split("/")))
        for (let length = 2; length < ids.length; length += 2) {
          const above = ids.slice(0, length).join("/");
          if (!paths.includes(above)) missing.add(above);
        }
      expect(AncestorWalk.missingIn(walks)).toBe(missing.size);
    }),
    { numRuns: process.env["SLOW"] === undefined ? 100 : 1000 },
  );
});
