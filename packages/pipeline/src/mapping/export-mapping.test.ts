import { createHash } from "node:crypto";
import { modelsOf, parseKeyring } from "@ctb-data/models";
import { parseRegistry } from "@ctb-data/registry";
import { describe, expect, test } from "vitest";
import { exportMappings, registryOfColumn, sentOut } from "../../testing/mapping-world.ts";
import type { FieldText } from "./export-mapping.ts";

/** Why a value was not sent: its code, and what is said behind the field's name. */
function why(made: FieldText): readonly [code: string, message: string] {
  if (!Array.isArray(made) || made.length !== 1) throw new Error("not one failure");
  const [{ field, code, message }] = made;
  if (field !== "F") throw new Error("another field");
  return [code, message.replace(/^The value of F (.*)\.$/, "$1")];
}

describe("nothing", () => {
  test("NULL and JSON's null are nothing, the default stands in for them, and required rejects them", () => {
    const json = { type: "jsonb" };
    for (const [column, field, text] of [
      [{ type: "text" }, {}, null],
      [json, { path: "a" }, '{"a": null}'],
      [json, { path: "b" }, '{"a": 1}'],
      [json, { path: "a[1]" }, '{"a": [1]}'],
      [json, { path: "a.b" }, '{"a": "b"}'],
      [json, { path: "a[0]" }, '{"a": {"0": 1}}'],
    ] as const) {
      expect(sentOut(column, field)(text)).toBeNull();
      expect(sentOut(column, { ...field, default: "none" })(text)).toBe("none");
      expect(why(sentOut(column, { ...field, required: true })(text))).toEqual([
        "missing",
        "is missing",
      ]);
    }
  });

  test("an empty text is nothing where nobody can tell them apart", () => {
    const column = { type: "text" };
    expect(sentOut(column, {})("")).toBe("");
    expect(sentOut(column, { default: "none" })("")).toBe("none");
    expect(why(sentOut(column, { required: true, trim: true })(" "))[0]).toBe("missing");
    expect(sentOut(column, { required: true, default: "x" }, "ndjson")("")).toBe("");
  });

  test("a value that the blueprint maps to null is nothing, whatever the default", () => {
    const values = { a: null, b: "" };
    expect(sentOut({ type: "text" }, { values, default: "none" })("a")).toBeNull();
    const required = sentOut({ type: "text" }, { values, required: true });
    expect([why(required("a"))[0], why(required("b"))[0]]).toEqual(["missing", "missing"]);
  });
});

test("texts go out as PostgreSQL has them, booleans as words", () => {
  for (const [type, text] of [
    ["integer", "-7"],
    ["numeric(10,2)", "1.50"],
    ["timestamptz", "2026-01-31 04:05:06+00"],
    ["text[]", '{a,"b c"}'],
    ["jsonb", '{"a": 1.0}'],
    ["bytea", "\\x00ff"],
    ["mood", "it's"],
  ] as const) {
    expect(sentOut({ type }, {})(text)).toBe(text);
  }
  expect(["t", "f"].map(sentOut({ type: "boolean" }, {}))).toEqual(["true", "false"]);
  expect(sentOut({ type: "boolean" }, { values: { true: "Y", false: "N" } })("f")).toBe("N");
  const registry = registryOfColumn({ type: "text" });
  const isSame = (field: string): boolean | undefined =>
    exportMappings(`{ source: t, fields: [{ name: F, ${field} }] }`, registry).get("F")?.isSame;
  expect(["from: v", "from: id", "from: v, default: x"].map(isSame)).toEqual([true, true, true]);
  expect(
    ["from: v, trim: true", "from: v, format: upper", "from: v, type: integer", "constant: 1"].map(
      isSame,
    ),
  ).toEqual([false, false, false, false]);
});

test("values are found as PostgreSQL prints them, and those that are not listed are rejected, kept or replaced", () => {
  const price = sentOut({ type: "numeric(10,2)" }, { values: { 1.5: "A", 2: "B" } });
  expect([price("1.50"), price("2.00"), why(price("3.00"))]).toEqual([
    "A",
    "B",
    ["not_listed", 'is not among the values of the blueprint: "2", "1.5"'],
  ]);
  const at = { values: { "2026-01-31T04:05:06": "then" }, otherwise: { value: "other" } };
  const then = sentOut({ type: "timestamp" }, at);
  expect([then("2026-01-31 04:05:06"), then("2026-01-31 04:05:07")]).toEqual(["then", "other"]);
  const kept = sentOut(
    { type: "date" },
    { values: { infinity: "99991231" }, otherwise: "keep", format: "YYYYMMDD" },
  );
  expect([kept("infinity"), kept("2026-01-31")]).toEqual(["99991231", "20260131"]);
});

test("dates are printed by their patterns, in UTC, and refused where there is no year of four digits", () => {
  const date = sentOut({ type: "date" }, { format: "DD/MM/YYYY" });
  expect(date("2026-01-31")).toBe("31/01/2026");
  for (const text of ["infinity", "-infinity", "0044-03-15 BC", "12026-01-01"]) {
    expect(why(date(text))).toEqual(["out_of_range", "has no year of four digits"]);
  }
  const full = { format: "YYYY-MM-DDTHH:mm:ss.SSSZ" };
  const zoned = sentOut({ type: "timestamptz" }, full);
  expect([
    zoned("2026-01-31 04:05:06+00"),
    zoned("2026-01-31 04:05:06.789654+00"),
    zoned("2026-01-31 01:05:06.5+02"),
  ]).toEqual(["2026-01-31T04:05:06.000Z", "2026-01-31T04:05:06.789Z", "2026-01-30T23:05:06.500Z"]);
  expect(why(zoned("0044-03-15 00:00:00+00 BC"))[0]).toBe("out_of_range");
  expect(sentOut({ type: "timestamp" }, { format: "YYYYMMDD" })("2026-01-31 23:59:59.9")).toBe(
    "20260131",
  );
  expect(sentOut({ type: "time" }, { format: "HHmmssSS" })("24:00:00")).toBe("24000000");
  expect(sentOut({ type: "time" }, { format: "ss.SSSSSS" })("01:02:03.04")).toBe("03.040000");
  const inJson = sentOut({ type: "jsonb" }, { path: "d", format: "DD.MM.YYYY HH" });
  expect(
    ["2026-01-31", "2026-01-31T23:00:00", "2026-01-31T23:00:00-02:00", "07:00"].map((d) =>
      inJson(JSON.stringify({ d })),
    ),
  ).toEqual(["31.01.2026 00", "31.01.2026 23", "01.02.2026 01", "00.00.0000 07"]);
  expect(why(inJson('{"d": "31.1.2026"}'))).toEqual(["wrong_format", "is no date and no time"]);
});

test("numbers are printed digit by digit, and never rounded", () => {
  const format = { digits: 7, decimals: 2, decimal_mark: ",", group_mark: "." };
  const price = sentOut({ type: "numeric" }, { format });
  expect([price("1234.5"), price("-0.5"), price("12345678901234567890.10")]).toEqual([
    "0.001.234,50",
    "-0.000.000,50",
    "12.345.678.901.234.567.890,10",
  ]);
  expect(why(price("0.125"))).toEqual(["wrong_format", "has more than 2 decimals"]);
  for (const text of ["NaN", "Infinity", "-Infinity"]) {
    expect(why(price(text))).toEqual(["out_of_range", "is not a finite number"]);
  }
  const implied = sentOut({ type: "numeric" }, { format: { decimals: 2, decimal_mark: "" } });
  expect([implied("12.5"), implied("0.05"), implied("7")]).toEqual(["1250", "005", "700"]);
  const float = sentOut({ type: "double precision" }, { format: { decimals: 1 } });
  expect([float("1e+20"), float("1.5e+06"), float("-0")]).toEqual([
    "100000000000000000000.0",
    "1500000.0",
    "0.0",
  ]);
  expect(why(float("1e-07"))[0]).toBe("wrong_format");
  const inJson = sentOut({ type: "jsonb" }, { path: "p", format: { decimals: 2 } });
  expect([inJson('{"p": 12}'), inJson('{"p": "12.5"}'), why(inJson('{"p": "x"}'))[0]]).toEqual([
    "12.00",
    "12.50",
    "wrong_format",
  ]);
});

test("a text is filled up or turned, and refused when it is too long for its field", () => {
  const pad = sentOut({ type: "integer" }, { format: { pad: 5, fill: "0" } });
  expect([pad("42"), why(pad("123456"))]).toEqual([
    "00042",
    ["too_long", "is longer than 5 characters"],
  ]);
  const right = sentOut({ type: "text" }, { format: { pad: 4, fill: "é", side: "right" } });
  expect(right("😀")).toBe("😀ééé");
  expect(sentOut({ type: "text" }, { format: "upper" })("straße")).toBe("STRASSE");
  const short = sentOut({ type: "text" }, { type: "varchar(3)" });
  expect([short("😀😀😀"), why(short("abcd"))]).toEqual([
    "😀😀😀",
    ["too_long", "is longer than 3 characters"],
  ]);
});

test("a field of a type has that type's values, as PostgreSQL prints them", () => {
  const whole = sentOut({ type: "numeric" }, { type: "integer" });
  expect([whole("7.00"), why(whole("7.5")), why(whole("3000000000"))[0]]).toEqual([
    "7",
    ["wrong_type", "is not a whole number"],
    "out_of_range",
  ]);
  const price = sentOut({ type: "text" }, { type: "numeric(5,2)" });
  expect([price("7"), why(price("x"))[0], why(price("1234"))[0]]).toEqual([
    "7.00",
    "wrong_format",
    "out_of_range",
  ]);
  expect(sentOut({ type: "text" }, { type: "boolean" })("YES")).toBe("true");
  expect(sentOut({ type: "text" }, { type: "jsonb" })('{"a":1}')).toBe('{"a":1}');
  expect(sentOut({ type: "text" }, { type: "text[]" })("{a}")).toBe("{a}");
});

test("what the blueprint itself gives is printed as a value of the field's type", () => {
  const column = { type: "integer" };
  const typed = { type: "numeric(5,2)", values: { 1: "007" }, otherwise: { value: 5 }, default: 3 };
  expect(["1", "2", null].map(sentOut(column, typed))).toEqual(["7.00", "5.00", "3.00"]);
  expect(sentOut(column, { default: "007" }, "ndjson")(null)).toBe("7");
  expect(sentOut(column, { default: "n/a" })(null)).toBe("n/a");
  expect(sentOut({ type: "jsonb" }, { path: "a", type: "jsonb", default: "x" })("{}")).toBe('"x"');
  expect(sentOut({ type: "boolean" }, { default: true })(null)).toBe("true");
});

test("of JSON single values are taken, and objects only where the field is JSON", () => {
  const column = { type: "jsonb" };
  const at = (text: string): FieldText => sentOut(column, { path: "a" })(`{"a": ${text}}`);
  expect(['"x\\n\\"y"', '"plain"', "1.5", "true", "12345678901234567890"].map(at)).toEqual([
    'x\n"y',
    "plain",
    "1.5",
    "true",
    "12345678901234567890",
  ]);
  const message = "is an object or a list, not a text, a number or a boolean";
  expect([why(at('{"b": 1}')), why(at("[]"))]).toEqual([
    ["wrong_type", message],
    ["wrong_type", message],
  ]);
  expect(sentOut(column, { path: "a", type: "jsonb" })('{"a": {"b": [1]}}')).toBe('{"b": [1]}');
  expect(sentOut(column, { type: "text" })('"x"')).toBe("x");
  expect(why(sentOut(column, { type: "text" })("[1]"))[0]).toBe("wrong_type");
});

test("what is at a path of json keeps each digit and character, as jsonb's does", () => {
  const column = { type: "json" };
  const path = 'a.b[1]["x\\\\]"]';
  const json = String.raw`{"b": 9, "a": 0, "a": {"q\"{": "}", "b": [[1, "]\\"], {"x\\]": VALUE , "y": {}}]} }`;
  const at = (value: string, field: object = {}): FieldText =>
    sentOut(column, { path, ...field })(json.replace("VALUE", value));
  expect(
    ["1.50", "12345678901234567890.10", "-0.0", '"a\\u00e4"', "true", "1.5e1"].map((v) => at(v)),
  ).toEqual(["1.50", "12345678901234567890.10", "-0.0", "aä", "true", "15"]);
  expect([at("null"), sentOut(column, { path: "c" })(json)]).toEqual([null, null]);
  expect(at('{"n": [1.50, {}]}', { type: "json" })).toBe('{"n": [1.50, {}]}');
  expect([why(at(String.raw`"a\u0000"`))[0], why(at(String.raw`"\ud800"`))[0]]).toEqual([
    "nul_character",
    "wrong_format",
  ]);
  const toJsonb = sentOut(column, { path: "a", type: "jsonb" });
  expect(toJsonb('{"a": [1.50]}')).toBe("[1.50]");
  expect(why(toJsonb(String.raw`{"a": ["\u0000"]}`))[0]).toBe("nul_character");
  expect(sentOut({ type: "text" }, { type: "jsonb" })("[1.50]")).toBe("[1.50]");
});

test("the server may take the steps into JSON: what comes of it is the same", () => {
  const fields = [
    "{ name: A, from: v, path: a }",
    "{ name: B, from: v, path: a, type: jsonb }",
    "{ name: C, from: v, path: a, values: { x: X }, otherwise: keep, required: true }",
  ];
  const mappings = exportMappings(
    `{ source: t, fields: [${fields.join(", ")}] }`,
    registryOfColumn({ type: "jsonb" }),
  );
  for (const text of [
    '"x"',
    '"y\\t\\"é"',
    "1.5",
    "-0.001",
    "null",
    "true",
    '{"b":[1,null]}',
    "[]",
  ]) {
    for (const { make, makeAtPath } of mappings.values()) {
      expect(makeAtPath(text)).toEqual(make(`{"a": ${text}}`));
    }
  }
});

describe("encrypted columns", () => {
  const keyring = parseKeyring(createHash("sha256").update("one").digest("base64"));
  const other = parseKeyring(createHash("sha256").update("two").digest("base64"));
  const registry = parseRegistry(`
tables:
  people:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: born, type: date, encrypted: true }
      - { name: notes, type: jsonb, encrypted: true }
`);
  const row = modelsOf(registry, { keyring })
    .get("people")
    ?.toRow({ id: 1, born: "1990-02-03", notes: { a: ["SECRET", { b: 1 }] } });
  const ciphertext = (name: string): string => String(row?.[name]);
  const exporting =
    '{ source: people, fields: [{ name: F, from: born, format: DD.MM.YYYY }, { name: G, from: notes, path: "a[0]" }, { name: H, from: notes, path: a }] }';

  test("go out as what they mean", () => {
    const mappings = exportMappings(exporting, registry, keyring);
    expect(mappings.get("F")).toMatchObject({ isEncrypted: true, isSame: false });
    expect(mappings.get("F")?.make(ciphertext("born"))).toBe("03.02.1990");
    expect(mappings.get("G")?.makeAtPath(ciphertext("notes"))).toBe("SECRET");
    const failures = JSON.stringify(mappings.get("H")?.make(ciphertext("notes")));
    expect(failures).toContain("wrong_type");
    expect(failures).not.toContain("SECRET");
  });

  test("are not readable with another key, in another column, or without any", () => {
    const mappings = exportMappings(exporting, registry, other);
    expect(mappings.get("F")?.make(ciphertext("born"))).toEqual([
      {
        field: "F",
        code: "not_decryptable",
        message: "The value of F cannot be decrypted with the keys that there are.",
      },
    ]);
    const right = exportMappings(exporting, registry, keyring).get("F");
    for (const text of [ciphertext("notes"), "1990-02-03", ""]) {
      expect(right?.make(text)).toMatchObject([{ code: "not_decryptable" }]);
    }
    expect(() => exportMappings(exporting, registry)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });
});
