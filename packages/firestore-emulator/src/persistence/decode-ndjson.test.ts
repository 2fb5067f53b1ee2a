import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFields } from "../../testing/arbitrary-value.ts";
import { GeoPoint } from "../value/geo-point.ts";
import { Reference } from "../value/reference.ts";
import { Timestamp } from "../value/timestamp.ts";
import type { Value } from "../value/value.ts";
import { decodeNdjsonFields } from "./decode-ndjson.ts";
import { encodeNdjsonFields, encodeNdjsonValue } from "./encode-ndjson.ts";

const database = "projects/p/databases/(default)";
const numRuns = process.env["SLOW"] === "1" ? 20_000 : 1000;

function nameOf(text: string): string {
  return text.startsWith("projects/") ? text : `${database}/documents/${text}`;
}

describe("values as JSON", () => {
  it.each<[string, Value]>([
    ["null", null],
    ["true", true],
    ['"{\\"i\\":\\"1\\"}"', '{"i":"1"}'],
    ['{"i":"-9223372036854775808"}', -(2n ** 63n)],
    ['{"d":1}', 1],
    ['{"d":1e+300}', 1e300],
    ['{"d":"NaN"}', NaN],
    ['{"d":"-Infinity"}', -Infinity],
    ['{"d":"-0"}', -0],
    ['{"t":"2026-01-02T03:04:05.678901Z"}', new Timestamp(1_767_323_045, 678_901_000)],
    ['{"b":"AQID"}', Uint8Array.of(1, 2, 3)],
    ['{"r":"clients/1"}', new Reference(`${database}/documents/clients/1`)],
    [
      '{"r":"projects/q/databases/d/documents/a/b"}',
      new Reference("projects/q/databases/d/documents/a/b"),
    ],
    [`{"r":"${database}/documents/projects/1"}`, new Reference(`${database}/documents/projects/1`)],
    ['{"g":[52.5,"-0"]}', new GeoPoint(52.5, -0)],
    [
      '{"v":[1,"NaN"]}',
      new Map<string, Value>([
        ["__type__", "__vector__"],
        ["value", [1, NaN]],
      ]),
    ],
    ['{"m":{"i":"1"}}', new Map([["i", "1"]])],
    ['{"m":{"__proto__":null}}', new Map([["__proto__", null]])],
    ['[{"m":{}},[]]', [new Map(), []]],
  ])("%s", (json, value) => {
    expect(encodeNdjsonValue(value, database)).toBe(json);
    expect(decodeNdjsonFields(JSON.parse(`{"x":${json}}`), nameOf)).toEqual(
      new Map([["x", value]]),
    );
  });

  it("are vectors only where nothing else is lost", () => {
    const odd: readonly Value[] = [
      new Map<string, Value>([
        ["__type__", "__vector__"],
        ["value", [1n]],
      ]),
      new Map<string, Value>([
        ["__type__", "__vector__"],
        ["value", [1]],
        ["more", 1],
      ]),
      new Map<string, Value>([["__type__", "__vector__"]]),
    ];
    for (const value of odd) {
      const json = encodeNdjsonValue(value, database);
      expect(json).toMatch(/^\{"m"/u);
      expect(decodeNdjsonFields(JSON.parse(`{"x":${json}}`), nameOf).get("x")).toEqual(value);
    }
  });

  it("are read as what they were, whatever it was", () => {
    fc.assert(
      fc.property(arbitraryFields, (fields) => {
        const json = encodeNdjsonFields(fields, database);
        expect(json).not.toContain("\n");
        expect(decodeNdjsonFields(JSON.parse(json), nameOf)).toEqual(fields);
      }),
      { numRuns },
    );
  });

  it.each([
    ['{"a":1}', 'fields.a is a number without a type: write {"i":"1"} or {"d":1}'],
    ['{"a":{}}', 'fields.a must have one key that says the type; a map is {"m":{…}}'],
    ['{"a":{"i":"1","d":1}}', 'fields.a must have one key that says the type; a map is {"m":{…}}'],
    [
      '{"a":{"name":"x"}}',
      'fields.a has the type "name", which does not exist; a map is {"m":{…}}',
    ],
    ['{"a":{"i":"9223372036854775808"}}', 'fields.a must be an int64 such as {"i":"1"}'],
    ['{"a":{"i":1.5}}', 'fields.a must be an int64 such as {"i":"1"}'],
    ['{"a":{"d":"1"}}', 'fields.a must be a number, "NaN", "Infinity", "-Infinity" or "-0"'],
    ['{"a":[null,{"b":"?"}]}', 'fields.a[1] must be base64 such as {"b":"AQI="}'],
    [
      '{"a":{"m":{"b":{"t":"yesterday"}}}}',
      'fields.a.b must be a time such as {"t":"2026-01-02T03:04:05.678901Z"}',
    ],
    ['{"a":{"g":[1]}}', 'fields.a must be latitude and longitude such as {"g":[52.5,13.4]}'],
    ['{"a":{"r":1}}', 'fields.a must be a reference such as {"r":"clients/1"}'],
    ['{"a":{"v":1}}', 'fields.a must be a vector such as {"v":[1,2]}'],
    ['{"a":{"m":[]}}', "fields.a must be an object"],
    ["[]", "fields must be an object"],
  ])("that are wrong are told where: %s", (json, message) => {
    expect(() => decodeNdjsonFields(JSON.parse(json), nameOf)).toThrow(new TypeError(message));
  });

  it("that nest without end are refused before the stack is exhausted", () => {
    const json = `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    expect(() => decodeNdjsonFields(JSON.parse(json), nameOf)).toThrow("is nested too deep");
  });
});
