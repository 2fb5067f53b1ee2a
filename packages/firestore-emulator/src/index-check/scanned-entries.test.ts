import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergedEntries } from "./scanned-entries.ts";

describe("the entries that are read when indexes are merged", () => {
  it.each<readonly [readonly (readonly number[])[], number | undefined, number]>([
    [
      [
        [1, 4],
        [1, 3, 5],
      ],
      undefined,
      5,
    ],
    [
      [
        [1, 4, 10, 11, 12, 13],
        [1, 3, 5],
      ],
      undefined,
      6,
    ],
    [
      [
        [2, 5],
        [0, 2, 4, 10, 11, 12, 13],
      ],
      undefined,
      5,
    ],
    [[[1], [1]], undefined, 2],
    [[[1], [1], [1]], undefined, 3],
    [
      [
        [1, 3],
        [2, 4],
      ],
      undefined,
      4,
    ],
    [[[], [1]], undefined, 0],
    [
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      1,
      2,
    ],
    [
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      undefined,
      6,
    ],
  ])("are as many as the service counted, case %#", (members, end, entries) => {
    expect(mergedEntries(members, end)).toBe(entries);
  });

  it("are never more than there are, nor fewer than each index has of what is found", () => {
    const places = fc
      .uniqueArray(fc.nat(30))
      .map((list) => list.toSorted((left, right) => left - right));
    fc.assert(
      fc.property(fc.array(places, { minLength: 1, maxLength: 4 }), (members) => {
        const [first = [], ...others] = members;
        const found = first.filter((place) => others.every((list) => list.includes(place)));
        const entries = mergedEntries(members);
        expect(entries).toBeGreaterThanOrEqual(found.length * members.length);
        expect(entries).toBeLessThanOrEqual(members.flat().length);
      }),
    );
  });
});
