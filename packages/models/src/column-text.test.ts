import { columnTypes, type ColumnType, type ColumnTypeName } from "@ctb-data/registry";
import { describe, expect, it } from "vitest";
import {
  decoderOf,
  encoderOf,
  jsonNull,
  ModelError,
  neutralDocumentTypes,
  valueFromText,
  valueToText,
  type TextType,
} from "./index.ts";

function type(name: ColumnTypeName, dimensions = 0): ColumnType {
  return { name, kind: columnTypes[name].kind, dimensions };
}

const raw = (text: string): unknown => Reflect.apply(Reflect.get(JSON, "rawJSON"), JSON, [text]);

// Each text is what PostgreSQL 18 prints.
describe("PostgreSQL's text", () => {
  it.each<[TextType, string, unknown]>([
    ["int16", "-32768", -32_768],
    ["int64", "9223372036854775807", 9223372036854775807n],
    ["decimal", "1.50", "1.50"],
    ["float64", "1e+15", 1e15],
    ["float64", "123456789012345", 123_456_789_012_345],
    ["float64", "0.0001", 0.0001],
    ["float64", "1e-05", 0.000_01],
    ["float64", "5e-324", 5e-324],
    ["float64", "1.7976931348623157e+308", Number.MAX_VALUE],
    ["float64", "-0", -0],
    ["float64", "-Infinity", -Infinity],
    // JavaScript prints 1.748361e+20, which is halfway between two doubles.
    ["float64", "1.7483609999999998e+20", 1.748361e20],
    ["float32", "1e+06", 1e6],
    ["float32", "123456", 123_456],
    ["float32", "0.1", 0.1],
    ["float32", "1.748361e+20", 1.748361e20],
    ["float32", "NaN", Number.NaN],
    ["boolean", "t", true],
    ["date", "0044-03-15 BC", "0044-03-15 BC"],
    ["timestamp", "2026-01-31 04:05:06.789012", "2026-01-31T04:05:06.789012"],
    ["timestamp", "294276-12-31 23:59:59.999999", "294276-12-31T23:59:59.999999"],
    ["timestamp", "0044-03-15 12:00:00.5 BC", "0044-03-15T12:00:00.5 BC"],
    ["timestamptz", "2026-01-31 04:05:06+00", "2026-01-31T04:05:06Z"],
    ["timestamptz", "0044-03-15 12:00:00+00 BC", "0044-03-15T12:00:00Z BC"],
    ["timestamptz", "-infinity", "-infinity"],
    ["interval", "1 year -2 mons +3 days -04:05:06.789", "1 year -2 mons +3 days -04:05:06.789"],
    ["bytes", String.raw`\x00ff`, Uint8Array.of(0, 255)],
    ["bytes", String.raw`\x`, new Uint8Array()],
    ["json", '{"a":[1,"x"]}', { a: [1, "x"] }],
    ["json", "null", jsonNull],
    ["json", "[9007199254740991,9007199254740993]", [9_007_199_254_740_991, 9007199254740993n]],
    ["json", "0.1000000000000000055511151231257827", raw("0.1000000000000000055511151231257827")],
    [
      type("text", 1),
      '{NULL,"NULL","","a b","q\\"q","back\\\\slash","{x}",é,"a,b"}',
      [null, "NULL", "", "a b", 'q"q', "back\\slash", "{x}", "é", "a,b"],
    ],
    [type("text", 1), "{}", []],
    [type("text", 1), "{\u00A0x}", ["\u00A0x"]],
    [
      type("integer", 2),
      "{{1,2},{3,NULL}}",
      [
        [1, 2],
        [3, null],
      ],
    ],
    [
      type("integer", 1),
      "{{1,2},{3,4}}",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [type("bytea", 1), String.raw`{"\\x00ff","\\x"}`, [Uint8Array.of(0, 255), new Uint8Array()]],
    [type("jsonb", 1), '{"{\\"a\\":\\"b\\"}","null",NULL}', [{ a: "b" }, jsonNull, null]],
  ])("of %j is read, and printed again: %s", (of, text, value) => {
    expect(decoderOf(of)(text)).toEqual(value);
    expect(encoderOf(of)(decoderOf(of)(text))).toBe(text);
  });

  it("of an array that a person has written is read as PostgreSQL reads it", () => {
    const text = '{ a b , "c d" ,\tnull, "null",\n NULL }';
    expect(decoderOf(type("text", 1))(text)).toEqual(["a b", "c d", null, "null", null]);
    expect(decoderOf(type("integer", 2))("{ {1, 2} , {3, Null} }")).toEqual([
      [1, 2],
      [3, null],
    ]);
  });

  it("of bytes is read in both of a session's styles", () => {
    const escaped = String.raw`a\\\000\377"`;
    expect(decoderOf("bytes")(escaped)).toEqual(Uint8Array.of(97, 92, 0, 255, 34));
  });

  it("of another time zone of the session is the same time", () => {
    expect(decoderOf("timestamptz")("1883-11-18 12:00:00-04:56:02")).toBe("1883-11-18T16:56:02Z");
    expect(decoderOf("timestamptz")("2026-01-01 00:30:00+05:30")).toBe("2025-12-31T19:00:00Z");
  });

  it.each<[string, TextType, string, string]>([
    ["an array with bounds of its own", type("integer", 1), "[2:3]={1,2}", "bounds"],
    ["half an array", type("integer", 1), "{1,2", "not an array"],
    ["more than an array", type("integer", 1), "{1}x", "not an array"],
    ["an open quote", type("text", 1), '{"a', "not an array"],
    ["a quote in the middle", type("text", 1), '{"a"b}', "not an array"],
    ["no element", type("text", 1), "{a,}", "not an array"],
    ["an array beside an element", type("text", 2), "{{a},b}", "not an array"],
    ["seven dimensions", type("text", 6), "{{{{{{{a}}}}}}}", "more than 6 dimensions"],
    ["a mebibyte of braces", type("text", 1), "{".repeat(1_000_000), "more than 6 dimensions"],
    ["other dimensions behind a space", type("jsonb", 1), "{ {1},{2}}", "dimensions"],
    ["other dimensions than a jsonb[] has", type("jsonb", 1), "{{1},{2}}", "dimensions"],
    ["words for a number", "int32", "five", "not an integer"],
    ["nothing for a number", "float64", "", "not a number"],
    ["a decimal for an integer", "int64", "1.5", "not an integer"],
    ["odd hexadecimal", "bytes", String.raw`\x123`, "hexadecimal"],
    ["no hexadecimal", "bytes", String.raw`\xzz`, "hexadecimal"],
    ["an escape that does not end", "bytes", String.raw`a\7`, "not bytes"],
    ["bytes beyond ASCII", "bytes", "é", "not bytes"],
    ["no JSON", "json", "{a:1}", "not JSON"],
    ["true for a boolean", "boolean", "true", "t or f"],
  ])("is not %s", (_name, of, text, message) => {
    expect(() => decoderOf(of)(text)).toThrow(ModelError);
    expect(() => decoderOf(of)(text)).toThrow(message);
  });

  it.each<[string, TextType, unknown, string]>([
    ["a number for a bigint", "int64", 5, "must be a bigint, not a number"],
    ["a fraction for an integer", "int32", 1.5, "not an integer"],
    ["a Date for a timestamp", "timestamp", new Date(), "not a Date"],
    ["a time of Firestore", "text", neutralDocumentTypes.timestamp(1, 0), "not a Timestamp"],
    ["a place of Firestore", "text", neutralDocumentTypes.geoPoint(1, 2), "not a GeoPoint"],
    ["a reference", "text", neutralDocumentTypes.reference("a/b"), "not a reference"],
    ["a map", "text", { path: "a" }, "not an object"],
    ["undefined in an array", type("text", 1), ["a", undefined], "not nothing"],
    ["parts of different lengths", type("text", 2), [["a"], []], "different lengths"],
    ["NaN in JSON", "json", [Number.NaN], "no NaN"],
    ["undefined in JSON", "json", [undefined], "must be JSON"],
    ["a NUL in JSON", "json", ["\0"], "NUL"],
  ])("is not made of %s", (_name, of, value, message) => {
    expect(() => encoderOf(of)(value)).toThrow(ModelError);
    expect(() => encoderOf(of)(value)).toThrow(message);
  });

  it("of json keeps what jsonb refuses: an escaped NUL and half a surrogate pair", () => {
    expect(encoderOf(type("json"))("\0\uD800")).toBe(String.raw`"\u0000\ud800"`);
    expect(() => encoderOf(type("jsonb"))("\uD800")).toThrow("surrogate");
    expect(encoderOf(type("jsonb"))(String.raw`\u0000`)).toBe(String.raw`"\\u0000"`);
    expect(encoderOf(type("jsonb"))("\u0001")).toBe(String.raw`"\u0001"`);
  });

  it("of data nested 100,000 deep is an error, not a crash", () => {
    const text = "[".repeat(100_000) + "]".repeat(100_000);
    const attempt = (): string => encoderOf("json")(decoderOf("json")(text));
    expect(attempt).toThrow(ModelError);
    expect(() => decoderOf("json")(text.replace("[]", "[1e400]"))).toThrow(ModelError);
  });
});

describe("a text of people", () => {
  it("is read with care: every kind is checked and made canonical", () => {
    expect(valueFromText("date", "2026-01-31")).toBe("2026-01-31");
    expect(() => valueFromText("date", "31.1.2026")).toThrow("not a date");
    expect(() => valueFromText("int16", "40000")).toThrow("out of range");
    expect(() =>
      valueFromText({ name: "mood", kind: "enum", values: ["a"], dimensions: 0 }, "b"),
    ).toThrow("is not one of: a");
    expect(valueFromText(type("numeric"), "1e3")).toBe("1000");
    expect(valueToText("float64", 1e15)).toBe("1e+15");
  });
});
