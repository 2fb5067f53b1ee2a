import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryFields, arbitraryValue } from "../../testing/arbitrary-value.ts";
import { RpcError } from "../rpc-error.ts";
import { identicalValues } from "../value/identical-values.ts";
import { JsonPlace } from "./json-place.ts";
import { parseJson } from "./json-text.ts";
import { documentFromJson, valueFromJson } from "./value-from-json.ts";
import { documentToJson, valueToJson } from "./value-to-json.ts";

const runs = { numRuns: process.env["SLOW"] ? 5000 : 200 };

test("a value of any type comes back from JSON as it was, to the sign of a zero", () => {
  fc.assert(
    fc.property(arbitraryValue, fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(valueToJson(value), null, indent);
      expect(identicalValues(valueFromJson(parseJson(text), JsonPlace.root), value)).toBe(true);
    }),
    runs,
  );
});

test("a document comes back from JSON with every field, whatever its name", () => {
  fc.assert(
    fc.property(arbitraryFields, (fields) => {
      const text = JSON.stringify(documentToJson({ name: "n", fields }));
      const read = documentFromJson(parseJson(text), JsonPlace.root);
      expect(identicalValues(read.fields, fields)).toBe(true);
    }),
    runs,
  );
});

test("a field named __proto__ is a field like others", () => {
  const fields = new Map([["__proto__", 1n]]);
  const text = JSON.stringify(documentToJson({ name: "n", fields }));
  expect(text).toBe('{"name":"n","fields":{"__proto__":{"integerValue":"1"}}}');
  expect(documentFromJson(parseJson(text), JsonPlace.root).fields).toEqual(fields);
});

test.each([
  ['{"integerValue": 9007199254740993}', 9_007_199_254_740_993n],
  ['{"integer_value": "-9223372036854775808"}', -(2n ** 63n)],
  ['{"integerValue": "1.0"}', 1n],
  ['{"integerValue": 1e3}', 1000n],
  ['{"doubleValue": "1e3"}', 1000],
  ['{"doubleValue": 12345678901234567890}', 12_345_678_901_234_567_000],
  ['{"doubleValue": "-Infinity"}', -Infinity],
  ['{"doubleValue": "NaN"}', Number.NaN],
  ['{"doubleValue": -0}', -0],
  ['{"booleanValue": "true"}', true],
  ['{"nullValue": null}', null],
  ['{"nullValue": "NULL_VALUE"}', null],
  ['{"nullValue": 0}', null],
  ['{"integerValue": null, "stringValue": "x"}', "x"],
  ['{"bytesValue": "-_8="}', Uint8Array.of(251, 255)],
  ['{"bytesValue": "+/8"}', Uint8Array.of(251, 255)],
  ['{"arrayValue": {}}', []],
  ['{"map_value": {"fields": {"a": {"booleanValue": false}}}}', new Map([["a", false]])],
])("%s is read as the protocol says", (text, value) => {
  expect(valueFromJson(parseJson(text), JsonPlace.root)).toEqual(value);
});

test.each([
  ["2020-01-01T00:00:00Z", 1_577_836_800, 0],
  ["2020-01-01T01:30:00.123456789+01:30", 1_577_836_800, 123_456_789],
  ["2019-12-31T19:00:00.5-05:00", 1_577_836_800, 500_000_000],
  ["0001-01-01T00:00:00Z", -62_135_596_800, 0],
])("the time %s is read to the nanosecond", (text, seconds, nanos) => {
  expect(valueFromJson({ timestampValue: text }, JsonPlace.root)).toMatchObject({ seconds, nanos });
});

test.each([
  ["{}", "Value is missing its value_type."],
  ['{"integerValue": null}', "Value is missing its value_type."],
  ['{"integerValue": "1.5"}', `Invalid value at 'integer_value' (TYPE_INT64), "1.5"`],
  [
    '{"integerValue": 9223372036854775808}',
    "Invalid value at 'integer_value' (TYPE_INT64), 9223372036854775808",
  ],
  ['{"doubleValue": 1e400}', "Invalid value at 'double_value' (TYPE_DOUBLE), Infinity"],
  ['{"doubleValue": ""}', `Invalid value at 'double_value' (TYPE_DOUBLE), ""`],
  ['{"stringValue": 1}', "Invalid value at 'string_value' (TYPE_STRING), 1"],
  ['{"booleanValue": 1}', "Invalid value at 'boolean_value' (TYPE_BOOL), 1"],
  [
    String.raw`{"stringValue": "\ud800"}`,
    String.raw`Invalid value at 'string_value' (TYPE_STRING), "\ud800"`,
  ],
  ['{"bytesValue": "!!"}', `Invalid value at 'bytes_value' (TYPE_BYTES), "!!"`],
  ['{"bytesValue": "a"}', `Invalid value at 'bytes_value' (TYPE_BYTES), "a"`],
  ['{"timestampValue": "2020-02-30T00:00:00Z"}', /timestamp_value.*2020-02-30/u],
  ['{"timestampValue": "0001-01-01T00:00:00+01:00"}', /timestamp_value/u],
  ['{"timestampValue": "2020-01-01T00:00:00+24:00"}', /timestamp_value/u],
  ['{"text": "x"}', 'Invalid JSON payload received. Unknown name "text": Cannot find field.'],
  [
    '{"integerValue": 1, "stringValue": "x"}',
    "Invalid value at '' (oneof), oneof field 'value_type' is already set. Cannot set 'stringValue'",
  ],
  [
    '{"arrayValue": {"values": [{"nullValue": null}, null]}}',
    "Invalid value at 'array_value.values[1]' (type.googleapis.com/google.firestore.v1.Value), null",
  ],
  [
    '{"geoPointValue": {"longitude": 1, "height": 2}}',
    /Unknown name "height" at 'geo_point_value'/u,
  ],
  ['{"functionValue": {}}', "Pipeline values are not allowed in documents and queries."],
])("%s is refused, with the place and the reason", (text, message) => {
  const read = (): unknown => valueFromJson(parseJson(text), JsonPlace.root);
  expect(read).toThrow(RpcError);
  expect(read).toThrow(message);
});

test("what nests deeper than any document can is refused without being read", () => {
  const depth = 100_000;
  const text = `${'{"mapValue":{"fields":{"a":'.repeat(depth)}{"nullValue":null}${"}}}".repeat(depth)}`;
  expect(() => valueFromJson(parseJson(text), JsonPlace.root)).toThrow(
    "Maximum nesting depth exceeded.",
  );
});
