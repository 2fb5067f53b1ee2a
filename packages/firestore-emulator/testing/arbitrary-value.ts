import * as fc from "fast-check";
import { GeoPoint } from "../src/value/geo-point.ts";
import { Reference } from "../src/value/reference.ts";
import { Timestamp } from "../src/value/timestamp.ts";
import type { MapValue, Value } from "../src/value/value.ts";

const text = fc.string({ unit: "binary", maxLength: 8 });
const id = fc.stringMatching(/^[a-zA-Z(][a-z0-9 .~ü€😀\u2028]{0,6}$/u);
const pair = fc.tuple(id, id).map((ids) => ids.join("/"));

/** A path of a document. */
export const arbitraryPath: fc.Arbitrary<string> = fc
  .array(pair, { minLength: 1, maxLength: 3 })
  .map((pairs) => pairs.join("/"));

const reference = fc
  .tuple(fc.constantFrom("p", "q"), fc.constantFrom("(default)", "other"), arbitraryPath)
  .map(
    ([project, database, path]) =>
      new Reference(`projects/${project}/databases/${database}/documents/${path}`),
  );

const timestamp = fc
  .tuple(
    fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
    fc.oneof(
      fc.integer({ min: 0, max: 999_999 }).map((micros) => micros * 1000),
      fc.integer({ min: 0, max: 999_999_999 }),
    ),
  )
  .map(([seconds, nanos]) => new Timestamp(seconds, nanos));

const double = fc.oneof(fc.double(), fc.constantFrom(NaN, -0, Infinity, -Infinity, 1, 0));
const vector = fc.array(double, { maxLength: 4 }).map(
  (value): MapValue =>
    new Map<string, Value>([
      ["__type__", "__vector__"],
      ["value", value],
    ]),
);

const point = fc
  .tuple(degrees(90), degrees(180))
  .map(([latitude, longitude]) => new GeoPoint(latitude, longitude));

/** A value of any type, some of them nested. */
export const arbitraryValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    double,
    timestamp,
    text,
    fc.uint8Array({ maxLength: 6 }),
    reference,
    point,
    vector,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
  ),
})).value;

/** The fields of a document. */
export const arbitraryFields: fc.Arbitrary<MapValue> = fc
  .array(fc.tuple(fc.oneof(text, fc.constant("__proto__")), arbitraryValue), { maxLength: 4 })
  .map((entries) => new Map(entries));

function degrees(max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.double({ min: -max, max, noNaN: true }), fc.constant(-0));
}
