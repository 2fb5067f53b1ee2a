import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryValue } from "../../testing/arbitrary-value.ts";
import { compareValues, equalValues } from "./compare-values.ts";
import { GeoPoint } from "./geo-point.ts";
import { identicalValues } from "./identical-values.ts";
import { Reference } from "./reference.ts";
import { Timestamp } from "./timestamp.ts";
import type { MapValue, Value } from "./value.ts";

const name = (path: string): Reference => new Reference(`projects/p/databases/d/documents/${path}`);
const map = (fields: Readonly<Record<string, Value>>): MapValue => new Map(Object.entries(fields));
const vector = (...value: readonly number[]): MapValue => map({ __type__: "__vector__", value });

/** Each before the next, as https://firebase.google.com/docs/firestore/manage-data/data-types has it. */
const ascending: readonly Value[] = [
  null,
  false,
  true,
  Number.NaN,
  -Infinity,
  -(2n ** 63n),
  -1.5,
  -1n,
  -Number.MIN_VALUE,
  0n,
  Number.MIN_VALUE,
  1n,
  1.1,
  9_007_199_254_740_992,
  9_007_199_254_740_993n,
  9_007_199_254_740_994,
  2n ** 63n - 1n,
  2 ** 63,
  Infinity,
  new Timestamp(-1, 999_999_999),
  new Timestamp(0, 0),
  new Timestamp(0, 1000),
  new Timestamp(1, 0),
  "",
  "\0",
  "a",
  "a\0",
  "aa",
  "b",
  "é",
  "\u{ff5e}",
  "\u{1f600}",
  new Uint8Array(),
  Uint8Array.of(0),
  Uint8Array.of(0, 255),
  Uint8Array.of(1),
  Uint8Array.of(128),
  name("a/b"),
  name("a/b/c/d"),
  name("a/b!"),
  name("b/a"),
  new GeoPoint(-90, 180),
  new GeoPoint(0, -180),
  new GeoPoint(0, 0),
  new GeoPoint(1, -1),
  [],
  [null],
  [1n],
  [1n, null],
  ["a"],
  [[]],
  vector(9),
  vector(10),
  vector(0, 0),
  vector(0, 1),
  map({}),
  map({ a: null }),
  map({ a: 1n }),
  map({ a: 1n, b: null }),
  map({ a: 2n }),
  map({ aa: 0n }),
  map({ b: 0n }),
];

describe("the order of values", () => {
  test("is the documentation's, for every pair of a list of all types", () => {
    for (const [index, value] of ascending.entries()) {
      const signs = ascending.map((other) => Math.sign(compareValues(value, other)));
      expect(signs).toEqual(ascending.map((_, at) => Math.sign(index - at)));
    }
  });

  test("is total: each way round, and over a third", () => {
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, arbitraryValue, (one, two, three) => {
        expect(Math.sign(compareValues(one, two))).toBe(0 - Math.sign(compareValues(two, one)));
        const [least, middle, most] = [one, two, three].toSorted(compareValues);
        if (least === undefined || middle === undefined || most === undefined) return;
        expect(compareValues(least, middle)).toBeLessThanOrEqual(0);
        expect(compareValues(middle, most)).toBeLessThanOrEqual(0);
        expect(compareValues(least, most)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  test("has values that are equal but not the same: numbers by what they are worth, at any depth", () => {
    for (const [left, right] of [
      [1n, 1],
      [0, -0],
      [0n, -0],
      [Number.NaN, Number.NaN],
      [new GeoPoint(0, -0), new GeoPoint(-0, 0)],
      [[map({ a: [1n] })], [map({ a: [1] })]],
      [map({ a: 1n, b: 2 }), map({ b: 2n, a: 1 })],
    ] as const satisfies readonly (readonly [Value, Value])[]) {
      expect(equalValues(left, right)).toBe(true);
    }
  });

  test("does not depend on the order of a map's keys", () => {
    expect(compareValues(map({ b: 1, a: 2 }), map({ a: 2, b: 1 }))).toBe(0);
  });

  test("finds the same values equal", () => {
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, (left, right) => {
        expect(equalValues(left, left)).toBe(true);
        expect(identicalValues(left, right) && !equalValues(left, right)).toBe(false);
      }),
    );
  });
});
