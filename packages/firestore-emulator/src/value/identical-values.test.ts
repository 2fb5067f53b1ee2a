import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryValue } from "../../testing/arbitrary-value.ts";
import { readerOf, newWriter } from "../protocol/protocol.ts";
import { readValue, writeValue } from "../protocol/value-codec.ts";
import { GeoPoint } from "./geo-point.ts";
import { identicalMaps, identicalValues } from "./identical-values.ts";
import { Reference } from "./reference.ts";
import { Timestamp } from "./timestamp.ts";
import type { Value } from "./value.ts";

const bytesOf = (value: Value): Uint8Array => writeValue(value, newWriter()).finish();

describe("identical values", () => {
  test("are those that come back from the wire", () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        expect(identicalValues(value, readValue(readerOf(bytesOf(value))))).toBe(true);
      }),
    );
  });

  test("have the same bytes, once maps have their keys in one order", () => {
    const leaf = arbitraryValue.filter((value) => !(value instanceof Map) && !Array.isArray(value));
    fc.assert(
      fc.property(leaf, leaf, (left, right) => {
        const sameBytes = Buffer.compare(bytesOf(left), bytesOf(right)) === 0;
        expect(identicalValues(left, right)).toBe(sameBytes);
      }),
    );
  });

  test.each([
    [1n, 1],
    [0, -0],
    [null, false],
    ["", new Uint8Array()],
    ["a", "b"],
    [new Timestamp(1, 0), new Timestamp(1, 1000)],
    [new Timestamp(1, 0), new Timestamp(2, 0)],
    [new GeoPoint(0, 1), new GeoPoint(-0, 1)],
    [new GeoPoint(1, 0), new GeoPoint(1, -0)],
    [new Reference("a"), new Reference("b")],
    [Uint8Array.of(1), Uint8Array.of(2)],
    [[1n], [1]],
    [[1n], [1n, 1n]],
    [[], new Map()],
    [new Map([["a", 1n]]), new Map([["b", 1n]])],
    [new Map([["a", 1n]]), new Map([["a", 1]])],
    [
      new Map([["a", 1n]]),
      new Map([
        ["a", 1n],
        ["b", 1n],
      ]),
    ],
  ] as const satisfies readonly (readonly [Value, Value])[])("are not %o and %o", (left, right) => {
    expect(identicalValues(left, right)).toBe(false);
    expect(identicalValues(right, left)).toBe(false);
  });

  test("are NaN and NaN, and maps in any order of their keys", () => {
    expect(identicalValues(Number.NaN, Number.NaN)).toBe(true);
    const left = new Map<string, Value>([
      ["a", 1n],
      ["b", [null]],
    ]);
    const right = new Map<string, Value>([
      ["b", [null]],
      ["a", 1n],
    ]);
    expect(identicalMaps(left, right)).toBe(true);
  });
});
