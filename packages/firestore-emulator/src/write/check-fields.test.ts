import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryValue } from "../../testing/arbitrary-value.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { MapValue, Value } from "../value/value.ts";
import { checkFields, isReserved } from "./check-fields.ts";

const map = (fields: Readonly<Record<string, Value>>): MapValue => new Map(Object.entries(fields));
const check = (value: Value): MapValue => checkFields(map({ v: value }));

const inMap = (inner: Value): Value => map({ m: inner });
const inBoth = (inner: Value): Value => [map({ m: inner })];

function vector(dimensions: number): Value {
  return map({ __type__: "__vector__", value: Array.from({ length: dimensions }, () => 0.5) });
}

function nested(levels: number, wrap: (inner: Value) => Value): Value {
  let value: Value = 1n;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

describe("fields", () => {
  test("that were found valid are valid again, and the same", () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        let checked: MapValue;
        try {
          checked = check(value);
        } catch {
          return;
        }
        expect(checkFields(checked)).toEqual(checked);
      }),
      { numRuns: 500 },
    );
  });

  test("keep no more of a timestamp than microseconds, at any depth, and the given ones keep it", () => {
    const time = new Timestamp(1, 1999);
    const given = map({ t: time, l: [time], m: map({ t: time }) });
    const cut = new Timestamp(1, 1000);
    expect(checkFields(given)).toEqual(map({ t: cut, l: [cut], m: map({ t: cut }) }));
    expect(given.get("t")).toBe(time);
  });

  test.each<[string, Value, string]>([
    [
      "latitude",
      new GeoPoint(90.5, 0),
      "Geo point latitude '90.5' outside permitted range -90.0 to 90.0.",
    ],
    [
      "longitude",
      new GeoPoint(0, -181),
      "Geo point longitude '-181.0' outside permitted range -180.0 to 180.0.",
    ],
    ["NaN", new GeoPoint(0, Number.NaN), "Geo point longitude 'NaN' outside"],
    ["late", new Timestamp(253_402_300_800, 0), "Timestamp seconds exceeds limit for field."],
    ["nanos", new Timestamp(0, 1_000_000_000), "Timestamp nanos exceeds limit for field."],
    ["reference", new Reference("a/b"), 'Resource name "a/b" lacks "projects" at index 0.'],
    ["array", [[1n]], "Cannot convert an array value in an array value."],
    ["long", "é".repeat(524_244), 'The value of property "v" is longer than 1048487 bytes.'],
    ["bytes", new Uint8Array(1_048_488), 'The value of property "v" is longer than 1048487 bytes.'],
    ["key", map({ "": 1n }), "Property v contains an invalid nested entity."],
    ["reserved", map({ __x__: 1n }), "field name '__x__' is reserved."],
    ["type", map({ __type__: 1n }), "Field __type__ is not a string."],
    ["missing", map({ __type__: "__vector__" }), "Vector map is missing key 'value'."],
    [
      "more",
      map({ __type__: "__vector__", value: [1], x: 1n }),
      "Vector Value map has extraneous entries.",
    ],
    [
      "integer",
      map({ __type__: "__vector__", value: [1n] }),
      "Vector must only contain values of type 'double'",
    ],
    ["empty", map({ __type__: "__vector__", value: [] }), "Cannot have a zero length vector."],
  ])("with a value that cannot be are refused: %s", (_name, value, text) => {
    expect(() => check(value)).toThrow(text);
    expect(() => check(map({ inner: [map({ v: value })] }))).toThrow(/./u);
  });

  test("nest twenty deep, by maps and arrays together", () => {
    expect(() => check(nested(20, inMap))).not.toThrow();
    expect(() => check(nested(21, inMap))).toThrow("contains an invalid nested entity");
    expect(() => check(nested(10, inBoth))).not.toThrow();
    expect(() => check([nested(10, inBoth)])).toThrow(/./u);
    expect(() => check(nested(11, inBoth))).toThrow("contains an invalid nested entity");
  });

  test("have paths of up to 1,500 bytes", () => {
    expect(() => checkFields(map({ ["x".repeat(1500)]: 1n }))).not.toThrow();
    expect(() => checkFields(map({ ["x".repeat(1501)]: 1n }))).toThrow("longer than 1500 bytes");
    expect(() => check(map({ ["x".repeat(1498)]: 1n }))).not.toThrow();
    expect(() => check(map({ ["x".repeat(1499)]: 1n }))).toThrow("invalid nested entity");
  });

  test("have vectors of up to 2,048 dimensions", () => {
    expect(() => check(vector(2048))).not.toThrow();
    expect(() => check(vector(2049))).toThrow("Vectors must be at most 2048 dimensions.");
    const infinite = map({ __type__: "__vector__", value: [0.5, Infinity] });
    expect(() => check(infinite)).not.toThrow();
    const unordered = map({ __type__: "__vector__", value: [0.5, NaN] });
    expect(() => check(unordered)).toThrow("Vector cannot contain NaN values.");
  });

  test("whose names begin and end with two underscores are Firestore's", () => {
    expect(["__x__", "_____", "__name__"].filter((name) => !isReserved(name))).toEqual([]);
    expect(["_", "__", "___", "__x", "x__", "_x_", "__x_"].filter(isReserved)).toEqual([]);
  });
});
