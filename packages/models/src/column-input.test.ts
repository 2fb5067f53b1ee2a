import { columnTypes, type ColumnType, type ColumnTypeName } from "@ctb-data/registry";
import { describe, expect, it } from "vitest";
import { modelOf, modelTable, ModelError, type Model, type ModelColumn } from "./index.ts";

function type(
  name: ColumnTypeName,
  more: { length?: number; precision?: number; scale?: number; dimensions?: number } = {},
): ColumnType {
  return { name, kind: columnTypes[name].kind, dimensions: 0, ...more };
}

/** A model of one column that may be null. */
function columnModel(of: ColumnType, rules: Partial<ModelColumn> = {}): Model {
  return modelOf(
    modelTable({
      name: "things",
      columns: [{ name: "value", type: of, nullable: true, ...rules }],
    }),
  );
}

function errorOf(run: () => unknown): ModelError {
  try {
    run();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a value of input", () => {
  const utc = new Date("2026-01-31T04:05:06.789Z");
  it.each<[string, ColumnType, unknown, unknown]>([
    ["an integer as a bigint", type("integer"), 5n, 5],
    ["negative zero in an integer", type("integer"), -0, 0],
    ["a bigint in a text", type("bigint"), "9007199254740993", 9007199254740993n],
    ["a bigint as a number", type("bigint"), 5, 5n],
    ["a decimal as a number", type("numeric"), 0.1, "0.1"],
    ["a decimal as a bigint", type("numeric", { precision: 10, scale: 2 }), 12n, "12.00"],
    [
      "a decimal with too few decimals",
      type("numeric", { precision: 10, scale: 2 }),
      "12.5",
      "12.50",
    ],
    [
      "a decimal with zeros too many",
      type("numeric", { precision: 4, scale: 2 }),
      "0012.5000",
      "12.50",
    ],
    ["a decimal with an exponent", type("numeric"), "1.5e3", "1500"],
    ["a decimal NaN", type("numeric", { precision: 4, scale: 2 }), Number.NaN, "NaN"],
    ["a real, as its shortest text", type("real"), Math.fround(0.1), 0.1],
    ["a real of a double", type("real"), 16_777_217, 16_777_216],
    ["a varchar counted in code points", type("varchar", { length: 2 }), "🌍🌍", "🌍🌍"],
    ["a char, filled as PostgreSQL does", type("char", { length: 4 }), "🌍b", "🌍b  "],
    [
      "a UUID in upper case",
      type("uuid"),
      "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ],
    ["a Date in a timestamp, as UTC", type("timestamp"), utc, "2026-01-31T04:05:06.789"],
    ["a Date in a timestamptz", type("timestamptz"), utc, "2026-01-31T04:05:06.789Z"],
    ["a Date in a date", type("date"), new Date("2026-01-31"), "2026-01-31"],
    ["a Date before 1970", type("timestamptz"), new Date(-1), "1969-12-31T23:59:59.999Z"],
    [
      "an offset",
      type("timestamptz"),
      "2026-01-31 04:05:06.789012+05:30",
      "2026-01-30T22:35:06.789012Z",
    ],
    [
      "an offset with seconds",
      type("timestamptz"),
      "1883-11-18T12:00:00-04:56:02",
      "1883-11-18T16:56:02Z",
    ],
    ["24:00:00 of a timestamp", type("timestamp"), "2026-01-31 24:00:00", "2026-02-01T00:00:00"],
    ["24:00:00 of a time", type("time"), "24:00:00", "24:00:00"],
    ["a year BC", type("timestamptz"), "0044-03-15 12:00:00Z BC", "0044-03-15T12:00:00Z BC"],
    ["the leap day of 1 BC", type("date"), "0001-02-29 BC", "0001-02-29 BC"],
    [
      "an ISO 8601 duration",
      type("interval"),
      "P1Y2M3DT4H5M6.789S",
      "1 year 2 mons 3 days 04:05:06.789",
    ],
    ["an interval in words", type("interval"), "90 minutes -1 day", "-1 days +01:30:00"],
    ["an address", type("inet"), "2001:DB8:0:0:0:0:0:1/128", "2001:db8::1"],
    ["a property of JSON that is undefined", type("jsonb"), { a: 1, b: undefined }, { a: 1 }],
    ["a number of JSON beyond 2^53", type("jsonb"), { a: 2 ** 60 }, { a: 2n ** 60n }],
    [
      "a JSON key __proto__",
      type("jsonb"),
      JSON.parse('{"__proto__":{"a":1}}'),
      JSON.parse('{"__proto__":{"a":1}}'),
    ],
    [
      "an array of arrays",
      type("integer", { dimensions: 2 }),
      [
        [1, null],
        [2, 3n],
      ],
      [
        [1, null],
        [2, 3],
      ],
    ],
    [
      "an array in jsonb[]",
      type("jsonb", { dimensions: 1 }),
      [[1, 2], { a: [] }],
      [[1, 2], { a: [] }],
    ],
  ])("may be %s", (_name, of, input, expected) => {
    expect(columnModel(of).parse({ value: input })).toStrictEqual({ value: expected });
  });

  it.each<[string, ColumnType, unknown, string]>([
    ["a smallint that is too large", type("smallint"), 32_768, "between -32768 and 32767"],
    ["an integer that is too small", type("integer"), -(2 ** 31) - 1, "out of range"],
    ["a fraction in an integer", type("integer"), 1.5, "whole number"],
    ["a text in an integer", type("integer"), "5", "must be a whole number, not a text"],
    ["a bigint that is too large", type("bigint"), 2n ** 63n, "out of range"],
    ["a number beyond 2^53 in a bigint", type("bigint"), 2 ** 53, "may have been rounded"],
    ["a number beyond 2^53 in a numeric", type("numeric"), 1e21, "may have been rounded"],
    [
      "too many decimals",
      type("numeric", { precision: 10, scale: 2 }),
      "1.005",
      "more than 2 digits behind the point",
    ],
    [
      "too many digits",
      type("numeric", { precision: 4, scale: 2 }),
      "100",
      "more than 2 digits before the point",
    ],
    [
      "an infinite numeric(p,s)",
      type("numeric", { precision: 4, scale: 2 }),
      "Infinity",
      "infinite",
    ],
    ["a text in a numeric", type("numeric"), "1,5", "not a decimal number"],
    ["a real that is too large", type("real"), 1e39, "out of the range of real"],
    ["a real that would become 0", type("real"), 1e-60, "out of the range of real"],
    [
      "a text that is too long",
      type("varchar", { length: 2 }),
      "abc",
      "3 characters long, and must be at most 2",
    ],
    ["a NUL", type("text"), "a\0b", "NUL"],
    ["half a surrogate pair", type("text"), "a\uD83D", "surrogate"],
    ["a NUL in JSON", type("jsonb"), { a: ["\0"] }, "NUL"],
    ["half a surrogate pair in a key of JSON", type("jsonb"), { "\uDC00": 1 }, "surrogate"],
    ["NaN in JSON", type("jsonb"), { a: Number.NaN }, "no NaN"],
    ["a Date in JSON", type("jsonb"), { a: utc }, "must be JSON, not a Date"],
    ["a function in JSON", type("json"), { a: () => 1 }, "must be JSON"],
    ["a day that does not exist", type("date"), "2026-02-29", "not a day of the calendar"],
    ["the year 0", type("date"), "0000-01-01", "not a day of the calendar"],
    ["a Date with a time of day in a date", type("date"), utc, "time of day"],
    ["an invalid Date", type("timestamp"), new Date(Number.NaN), "invalid Date"],
    ["nanoseconds", type("timestamp"), "2026-01-31T00:00:00.1234567", "more than 6 digits"],
    [
      "milliseconds in a timestamp(0)",
      type("timestamp", { precision: 0 }),
      utc,
      "more than 0 digits",
    ],
    [
      "an offset without a column for it",
      type("timestamp"),
      "2026-01-31T00:00:00+02:00",
      "would lose",
    ],
    ["a timestamptz without an offset", type("timestamptz"), "2026-01-31T00:00:00", "time zone"],
    ["a year that PostgreSQL has not", type("timestamp"), "294277-01-01T00:00:00", "out of range"],
    ["an hour that no day has", type("time"), "25:00:00", "not a time of a day"],
    ["a fraction of a month", type("interval"), "1.5 months", "fraction"],
    ["an address that is none", type("inet"), "1.2.3.256", "not an address"],
    ["a text in bytea", type("bytea"), "abc", "must be a Uint8Array"],
    [
      "parts of different lengths",
      type("integer", { dimensions: 2 }),
      [[1], [2, 3]],
      "different lengths",
    ],
    ["an empty array in an array", type("integer", { dimensions: 2 }), [[]], "empty arrays"],
    [
      "a wrong element",
      type("integer", { dimensions: 1 }),
      [1, "x"],
      "value.1: must be a whole number",
    ],
    ["a boolean as a number", type("boolean"), 1, "must be a boolean"],
  ])("may not be %s", (_name, of, input, message) => {
    const error = errorOf(() => columnModel(of).parse({ value: input }));
    expect(error.code).toBe("INVALID_INPUT");
    expect(error.message).toContain(message);
  });

  it("may not be JSON that contains itself, or is nested without end", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(errorOf(() => columnModel(type("jsonb")).parse({ value: circle })).message).toContain(
      "nested too deeply",
    );
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(errorOf(() => columnModel(type("jsonb")).parse({ value: deep })).message).toContain(
      "nested too deeply",
    );
  });

  it("is one of an enum's values", () => {
    const model = columnModel({
      name: "mood",
      kind: "enum",
      values: ["sad", "happy"],
      dimensions: 0,
    });
    expect(model.parse({ value: "sad" })).toEqual({ value: "sad" });
    expect(errorOf(() => model.parse({ value: "Sad" })).message).toContain(
      "is not one of: sad, happy",
    );
  });

  it.each<[string, ColumnType, Partial<ModelColumn>, unknown, unknown]>([
    ["min of an integer", type("integer"), { min: 3 }, 3, 2],
    ["max of a bigint", type("bigint"), { max: 5 }, 5n, 6n],
    [
      "max of a numeric, to the last digit",
      type("numeric"),
      { max: 0.3 },
      "0.3",
      "0.30000000000000000001",
    ],
    ["max of a numeric, NaN being the largest", type("numeric"), { max: 5 }, "5", "NaN"],
    ["min of a double", type("double precision"), { min: 0 }, 0.5, -0.5],
    ["min of a text, in characters", type("text"), { min: 2 }, "🌍🌍", "🌍"],
    ["max of a text", type("text"), { max: 1 }, "🌍", "ab"],
    [
      "max of each element of an array",
      type("integer", { dimensions: 1 }),
      { max: 5 },
      [5, null],
      [6],
    ],
    ["a pattern", type("text"), { pattern: String.raw`^\p{Lu}` }, "Éa", "éa"],
    ["a list of texts", type("varchar"), { oneOf: ["lead", "active"] }, "lead", "Lead"],
    [
      "a list of texts, for each element of an array",
      type("text", { dimensions: 1 }),
      { oneOf: ["a", "b"] },
      ["b", null],
      ["b", "c"],
    ],
    ["email", type("text"), { format: "email" }, "a@example.org", "a@"],
    ["url", type("text"), { format: "url" }, "https://example.org/x", "javascript:alert(1)"],
    ["uri", type("text"), { format: "uri" }, "urn:isbn:1", "x"],
    ["hostname", type("text"), { format: "hostname" }, "example.org", "exa mple"],
    ["ipv4", type("text"), { format: "ipv4" }, "1.2.3.4", "::1"],
    ["ipv6", type("text"), { format: "ipv6" }, "::1", "1.2.3.4"],
    ["phone", type("text"), { format: "phone" }, "+31201234567", "020"],
    ["slug", type("text"), { format: "slug" }, "a-b-1", "a--b"],
  ])("keeps the registry's rule: %s", (_name, of, rules, good, bad) => {
    const model = columnModel(of, rules);
    expect(model.parse({ value: good })).toEqual({ value: good });
    expect(errorOf(() => model.parse({ value: bad })).code).toBe("INVALID_INPUT");
  });
});
