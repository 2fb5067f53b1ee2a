import { parseBlueprint, parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { intakeMapping, takenIn } from "../../testing/mapping-world.ts";
import { compileIntakeMapping } from "./intake-mapping.ts";
import type { MappedValue } from "./mapped-record.ts";

const value = (of: MappedValue["value"]): MappedValue => ({ kind: "value", value: of });

/** Why a value was not taken: its code, and what is said behind the column's name. */
function why(mapped: MappedValue | undefined): readonly [code: string, message: string] {
  if (mapped?.kind !== "raw") throw new Error("it was taken");
  const [failure, ...more] = mapped.failures;
  if (failure === undefined || more.length > 0 || failure.field !== "v")
    throw new Error("not one failure of the column");
  return [failure.code, failure.message.replace(/^The value of v (.*)\.$/, "$1")];
}

describe("nothing", () => {
  const column = { type: "text" };

  test("a column gets nothing of an empty text in CSV, and of what is not in the record", () => {
    expect(takenIn(column, {})("")).toBeUndefined();
    expect(takenIn(column, {})(undefined)).toBeUndefined();
    expect(takenIn(column, { trim: true })(" \t")).toBeUndefined();
    expect(takenIn(column, {})(" ")).toEqual(value(" "));
  });

  test("in JSON an empty text is a text, null is null, and what is missing is missing", () => {
    const read = takenIn(column, { trim: true }, "json");
    expect([read(""), read("  "), read(null), read(undefined)]).toEqual([
      value(""),
      value(""),
      value(null),
      undefined,
    ]);
  });

  test("null is nothing for a column that cannot be null", () => {
    const strict = { type: "text", nullable: false, default: "'x'" };
    expect(takenIn(strict, {}, "json")(null)).toBeUndefined();
    expect(takenIn(strict, { values: { x: null } })("x")).toBeUndefined();
  });

  test("the default stands in for nothing and for null, and for nothing else", () => {
    const read = takenIn({ type: "integer" }, { default: 7 }, "json");
    expect([read(undefined), read(null), read(8)]).toEqual([value(7), value(7), value(8)]);
    expect(takenIn(column, { default: "none" })("")).toEqual(value("none"));
    expect(takenIn(column, { default: null })("")).toEqual(value(null));
    expect(takenIn({ type: "jsonb" }, { default: 7 })("")).toEqual(value(7));
  });

  test("what is required and not there is a failure that holds null", () => {
    for (const given of ["", undefined]) {
      const mapped = takenIn(column, { required: true })(given);
      expect(mapped).toMatchObject({ kind: "raw", value: null });
      expect(why(mapped)).toEqual(["missing", "is missing"]);
    }
    expect(why(takenIn(column, { required: true }, "json")(null))[0]).toBe("missing");
    expect(why(takenIn({ type: "text", nullable: false }, {})(""))[0]).toBe("missing");
    expect(takenIn(column, { required: true, default: "x" })("")).toEqual(value("x"));
  });
});

describe("values", () => {
  test("a source value that is listed becomes the value beside it, whatever its type in JSON", () => {
    const rule = { values: { "1": "one", true: "yes", x: null } };
    const read = takenIn({ type: "text" }, rule, "json");
    expect([read(1), read("1"), read(true), read("x")]).toEqual([
      value("one"),
      value("one"),
      value("yes"),
      value(null),
    ]);
  });

  test("one that is not is refused with the list, kept, or replaced", () => {
    const values = { A: "active", X: "gone" };
    const mapped = takenIn({ type: "text" }, { values, trim: true })(" B ");
    expect(mapped).toMatchObject({ kind: "raw", value: "B" });
    expect(why(mapped)).toEqual([
      "not_listed",
      'is not among the values of the blueprint: "A", "X"',
    ]);
    const keep = takenIn({ type: "text" }, { values, otherwise: "keep", format: "upper" });
    expect([keep("b"), keep("A")]).toEqual([value("B"), value("active")]);
    const other = takenIn({ type: "text" }, { values, otherwise: { value: "?" } });
    expect(other("b")).toEqual(value("?"));
    expect(why(takenIn({ type: "text" }, { values }, "json")({ a: 1 }))[0]).toBe("not_listed");
  });
});

describe("types", () => {
  test.each([
    ["smallint", " -32768 ", -32_768],
    ["integer", "+0012.00", 12],
    ["bigint", "9223372036854775807", 9_223_372_036_854_775_807n],
    ["numeric(10,2)", "12345678.9", "12345678.90"],
    ["numeric", "12345678901234567890.123456789", "12345678901234567890.123456789"],
    ["real", "1.5", 1.5],
    ["double precision", "-inf", -Infinity],
    ["double precision", "1e-3", 0.001],
    ["boolean", "Yes", true],
    ["boolean", " f", false],
    ["varchar(3)", "a b", "a b"],
    ["uuid", "0190163D-8694-739B-AEA5-966C26F8AD91", "0190163d-8694-739b-aea5-966c26f8ad91"],
    ["date", "2024-02-29", "2024-02-29"],
    ["time", "24:00", "24:00:00"],
    ["timestamp", "2026-01-31 04:05:06.789", "2026-01-31T04:05:06.789"],
    ["timestamptz", "2026-01-31T04:05:06+02:00", "2026-01-31T02:05:06Z"],
    ["interval", "1 day", "1 day"],
    ["inet", "10.0.0.1/8", "10.0.0.1/8"],
    ["bytea", "\\x00ff", Uint8Array.of(0, 255)],
    ["jsonb", '{"a": [1, 12345678901234567890]}', { a: [1, 12_345_678_901_234_567_890n] }],
    ["text[]", '{a,"b c",NULL}', ["a", "b c", null]],
    ["text[]", '{ a, "b c" , null}', ["a", "b c", null]],
    [
      "integer[][]",
      "{{1,2},{3,4}}",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["boolean[]", "{true,f}", [true, false]],
    ["jsonb[]", '{"[1]",2}', [[1], 2]],
    ["mood", "it's", "it's"],
  ])("a %s is read of the text %s", (type, text, expected) => {
    expect(takenIn({ type }, {})(text)).toEqual(value(expected));
  });

  test.each([
    ["text", 12.5, "12.5"],
    ["text", true, "true"],
    ["bigint", 12_345_678_901_234n, 12_345_678_901_234n],
    ["numeric", 0.1, "0.1"],
    ["integer", "7", 7],
    ["date", 20_260_131, undefined],
    ["boolean", 1, true],
    ["bytea", "AP8=", Uint8Array.of(0, 255)],
    ["bytea", "\\x00ff", Uint8Array.of(0, 255)],
    ["jsonb", '{"a": 1}', '{"a": 1}'],
    ["jsonb", { a: [null] }, { a: [null] }],
    ["text[]", ["a", null, 1], ["a", null, "1"]],
    ["text[]", "{a,b}", ["a", "b"]],
    ["jsonb[]", [[1], { a: 2 }], [[1], { a: 2 }]],
    ["integer[][]", [["1", 2]], [[1, 2]]],
  ])("a %s is read of JSON's data (%#)", (type, given, expected) => {
    const mapped = takenIn({ type }, {}, "json")(given);
    expect(mapped?.kind === "value" ? mapped.value : undefined).toEqual(expected);
  });

  test.each<
    [column: Readonly<Record<string, unknown>>, text: string, code: string, message?: string]
  >([
    [{ type: "integer" }, "abc", "wrong_type", "is not a whole number"],
    [{ type: "integer" }, "1.5", "wrong_type", "is not a whole number"],
    [{ type: "integer" }, "+-5", "wrong_type", "is not a whole number"],
    [{ type: "integer" }, "2147483648", "out_of_range"],
    [{ type: "bigint" }, "9223372036854775808", "out_of_range"],
    [{ type: "bigint" }, "9".repeat(999), "out_of_range"],
    [{ type: "numeric(4,2)" }, "123.4", "out_of_range"],
    [{ type: "numeric(4,2)" }, "1.234", "out_of_range"],
    [{ type: "double precision" }, "1e400", "out_of_range", "is out of the range of a double"],
    [{ type: "double precision" }, "1e-400", "out_of_range", "is out of the range of a double"],
    [{ type: "double precision" }, "0x10", "wrong_type", "is not a number"],
    [{ type: "boolean" }, "o", "wrong_type", "is not true or false"],
    [{ type: "boolean" }, "maybe", "wrong_type", "is not true or false"],
    [{ type: "varchar(3)" }, "abcd", "too_long", "is 4 characters long, and must be at most 3"],
    [{ type: "text" }, "a\0b", "nul_character"],
    [{ type: "text" }, "\uD800", "wrong_format"],
    [{ type: "text", format: "email" }, "x", "wrong_format", "is not an e-mail address"],
    [{ type: "text", enum: ["a"] }, "b", "not_listed", "is not one of: a"],
    [{ type: "mood" }, "old", "not_listed"],
    [{ type: "integer", min: 5 }, "4", "out_of_range", "must be at least 5"],
    [{ type: "date" }, "2026-02-29", "wrong_format", "is not a day of the calendar"],
    [{ type: "date" }, "31.1.2026", "wrong_format"],
    [{ type: "timestamptz" }, "2026-01-31 04:05:06", "wrong_format", "does not say its time zone"],
    [{ type: "uuid" }, "x", "wrong_format", "is not a UUID"],
    [{ type: "jsonb" }, "{a}", "wrong_format", "is not JSON"],
    [{ type: "jsonb" }, '"\\u0000"', "nul_character"],
    [{ type: "text[]" }, "a,b", "wrong_format"],
    [{ type: "text[]" }, "{".repeat(200_000), "wrong_format", "more than 6 dimensions"],
    [{ type: "jsonb[]" }, "{".repeat(200_000), "wrong_format", "more than 6 dimensions"],
    [{ type: "integer[]" }, "{1,x}", "wrong_type", "is not a whole number"],
    [{ type: "integer[][]" }, "{{1},{2,3}}", "wrong_format"],
  ])("%j does not take the text %j: %s", (column, text, code, message) => {
    const mapped = takenIn(column, {})(text);
    expect(mapped).toMatchObject({ kind: "raw", value: text });
    expect(why(mapped)[0]).toBe(code);
    expect(why(mapped)[1]).toContain(message ?? "");
  });

  test("a list or an object is no single value, and a number no list", () => {
    expect(why(takenIn({ type: "text" }, {}, "json")(["a"]))).toEqual([
      "wrong_type",
      "is an object or a list, not a single value",
    ]);
    expect(why(takenIn({ type: "date" }, { format: "YYYYMMDD" }, "json")({}))[0]).toBe(
      "wrong_type",
    );
    expect(why(takenIn({ type: "text[]" }, {}, "json")(5))).toEqual([
      "wrong_type",
      "is not an array",
    ]);
  });

  test("a value of an encrypted column is in no message", () => {
    const column = { type: "text", encrypted: true, pattern: "^[a-z]+$" };
    for (const [rule, text] of [
      [{}, "SECRET"],
      [{ values: { a: "b" } }, "SECRET"],
      [{ format: { pad: 3 } }, "SECRET"],
    ] as const) {
      const mapped = takenIn(column, rule)(text);
      expect(JSON.stringify(mapped?.kind === "raw" ? mapped.failures : "SECRET")).not.toContain(
        "SECRET",
      );
    }
  });
});

test("formats are read to the last digit", () => {
  const date = takenIn({ type: "date" }, { format: "DD.MM.YYYY" });
  expect([date("29.02.2024"), why(date("29.02.2023")), why(date("1.2.2024"))]).toEqual([
    value("2024-02-29"),
    ["wrong_format", "is not a day of the calendar"],
    ["wrong_format", "is not in the format DD.MM.YYYY"],
  ]);
  const midnight = takenIn({ type: "date" }, { format: "YYYY-MM-DD HH:mm" });
  expect([midnight("2026-01-31 00:00"), why(midnight("2026-01-31 00:01"))[0]]).toEqual([
    value("2026-01-31"),
    "wrong_format",
  ]);
  const zoned = takenIn({ type: "timestamptz" }, { format: "YYYYMMDDTHHmmss.SSSSSSZ" });
  expect(zoned("20260131T240000.000000Z")).toEqual(value("2026-02-01T00:00:00Z"));
  const time = takenIn({ type: "time" }, { format: "HHmm" });
  expect([time("2359"), why(time("2460"))[0]]).toEqual([value("23:59:00"), "wrong_format"]);
  const implied = takenIn({ type: "numeric(20,2)" }, { format: { decimals: 2, decimal_mark: "" } });
  expect([implied("-0001250"), implied("5"), why(implied("1.5"))[0]]).toEqual([
    value("-12.50"),
    value("0.05"),
    "wrong_format",
  ]);
  const marked = takenIn(
    { type: "numeric" },
    { format: { decimals: 3, decimal_mark: ",", group_mark: "." } },
  );
  expect([marked("1.234.567,5"), marked("1234567"), marked("-1,234")]).toEqual([
    value("1234567.5"),
    value("1234567"),
    value("-1.234"),
  ]);
  expect([why(marked("12.34"))[0], why(marked("1,2345"))[0], why(marked("x"))[0]]).toEqual([
    "wrong_format",
    "wrong_format",
    "wrong_format",
  ]);
  const exact = takenIn({ type: "numeric" }, { format: { decimals: 20 } });
  expect(exact("90071992547409931234.00000000000000000001")).toEqual(
    value("90071992547409931234.00000000000000000001"),
  );
  const padded = takenIn({ type: "integer" }, { format: { pad: 5, fill: "0" } });
  expect([padded("00042"), padded("00000"), padded("42"), why(padded("000042"))[0]]).toEqual([
    value(42),
    value(0),
    value(42),
    "too_long",
  ]);
  const text = takenIn({ type: "text" }, { format: { pad: 5, side: "right" }, default: "-" });
  expect([text("a b  "), text("     ")]).toEqual([value("a b"), value("-")]);
  expect(takenIn({ type: "text" }, { format: "lower" })("ÄB")).toEqual(value("äb"));
});

test("a number of JSON has its own digits in a format", () => {
  const implied = takenIn(
    { type: "numeric" },
    { format: { decimals: 2, decimal_mark: "" } },
    "json",
  );
  expect(implied(12_345)).toEqual(value("123.45"));
  expect(takenIn({ type: "date" }, { format: "YYYYMMDD" }, "json")(20_260_131)).toEqual(
    value("2026-01-31"),
  );
});

const registry = parseRegistry(`
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: email, type: text, unique: true, format: email }
      - { name: size, type: smallint, unique: true }
  "Or.ders":
    columns:
      - { name: id, type: bigint, pk: true }
      - { name: client_id, type: integer, references: clients.id, nullable: false }
      - { name: "größe", type: jsonb }
`);

/** What becomes of a text that is looked up. */
function by(lookup: string): (text: string) => MappedValue | undefined {
  const mapping = intakeMapping(
    `{ table: Or.ders, key: N, columns: { id: N, client_id: { from: C, lookup: ${lookup} } } }`,
    registry,
  );
  return (text) => mapping.map({ N: "1", C: text }).get("client_id");
}

test("the values of a look-up are those of the column that is looked up", () => {
  expect(by("email")("ann@example.com")).toEqual({
    kind: "lookup",
    column: "email",
    value: "ann@example.com",
  });
  expect(by("size")("7")).toEqual({ kind: "lookup", column: "size", value: 7 });
  expect(by("email")("ann")).toEqual({
    kind: "raw",
    value: "ann",
    failures: [
      {
        field: "client_id",
        code: "wrong_format",
        message: "The value of client_id is not an e-mail address.",
      },
    ],
  });
  expect(by("email")("")).toMatchObject({ kind: "raw", failures: [{ code: "missing" }] });
});

test("values are found by paths, and only where a record has them itself", () => {
  const mapping = intakeMapping(
    `{ table: Or.ders, format: ndjson, key: [no.a, "no.b[1]"], columns: { id: "no.a", client_id: toString, größe: "deep[0].x" } }`,
    registry,
  );
  const record = { no: { a: 7, b: ["x", " y "] }, deep: [{ x: { y: 1 } }] };
  expect(Array.from(mapping.map(record))).toEqual([
    ["id", value(7n)],
    ["client_id", expect.objectContaining({ kind: "raw", value: null })],
    ["größe", value({ y: 1 })],
  ]);
  expect(mapping.keyOf(record)).toEqual(["7", "y"]);
  expect(mapping.map({ deep: { 0: { x: 1 } }, no: [1] }).has("größe")).toBe(false);
});

test("a key is of one look whatever its type, and says what it lacks", () => {
  const keys = intakeMapping(
    "{ table: Or.ders, format: json, key: [a, b.c], columns: { id: a, client_id: b } }",
    registry,
  );
  expect(keys.keyOf({ a: 7, b: { c: true } })).toEqual(["7", "true"]);
  expect(keys.keyOf({ a: " 7", b: { c: "true\n" } })).toEqual(["7", "true"]);
  expect(keys.keyOf({ a: 12_345_678_901_234_567_890n, b: { c: 0.1 } })).toEqual([
    "12345678901234567890",
    "0.1",
  ]);
  expect(keys.keyOf({ a: [7], b: {} })).toEqual([
    {
      field: "a",
      code: "wrong_type",
      message: "The key a is an object or a list, not a text or a number.",
    },
    { field: "b.c", code: "missing", message: "The key b.c is missing." },
  ]);
  expect(keys.keyOf({ a: "  ", b: { c: null } })).toMatchObject([
    { code: "missing" },
    { code: "missing" },
  ]);
});

test("constants are the same for every record, and a blueprint of another registry is refused", () => {
  const mapping = intakeMapping(
    "{ table: Or.ders, key: N, columns: { id: N, client_id: { constant: 5 }, größe: { constant: x } } }",
    registry,
  );
  expect(mapping.map({ N: "1" }).get("client_id")).toEqual(value(5));
  expect(mapping.map({}).get("größe")).toEqual(value("x"));
  const other = parseRegistry(
    "tables: { x: { columns: [{ name: id, type: integer, pk: true }] } }",
  );
  const { intake, vendor, version } = parseBlueprint(
    "{ vendor: v, version: 1, intake: { table: clients, key: N, columns: { size: N } } }",
    registry,
  );
  expect(intake && compileIntakeMapping({ vendor, version, intake }, registry)).toBeDefined();
  expect(() => intake && compileIntakeMapping({ vendor, version, intake }, other)).toThrow(
    expect.objectContaining({ code: "INVALID_BLUEPRINT" }),
  );
});
