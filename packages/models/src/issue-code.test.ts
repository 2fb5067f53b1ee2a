import { parseRegistry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { inputReaderOf } from "./input-reader.ts";
import { ModelError, type ModelIssue } from "./model-error.ts";
import { modelOf } from "./model-of.ts";
import { valueFromText } from "./value-text.ts";

const table = parseRegistry(
  `
enums:
  mood: [happy, sad]
tables:
  things:
    primary_key: [name]
    columns:
      - { name: name, type: varchar(3), nullable: false }
      - { name: small, type: smallint, min: 2 }
      - { name: big, type: bigint }
      - { name: price, type: "numeric(4,2)" }
      - { name: ratio, type: real }
      - { name: born, type: date }
      - { name: at, type: timestamptz(3) }
      - { name: span, type: interval }
      - { name: mood, type: mood }
      - { name: size, type: text, enum: [s, m] }
      - { name: mail, type: text, format: email, min: 3 }
      - { name: code, type: text, pattern: "^[a-z]+$" }
      - { name: data, type: jsonb }
      - { name: tags, type: "text[]" }
      - { name: place, type: inet }
      - { name: key, type: uuid }
    firestore: { collection: things, id: name }
`,
  { file: "test.yml" },
).tables.get("things");
if (table === undefined) throw new Error("There is no table.");
const model = modelOf(table);

function issuesOf(run: () => unknown): readonly ModelIssue[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ModelError) return error.issues;
    throw error;
  }
  return [];
}

test.each([
  [{ name: null }, "missing"],
  [{}, "missing"],
  [{ name: 7 }, "wrong_type"],
  [{ name: "abcd" }, "too_long"],
  [{ name: "a\0" }, "nul_character"],
  [{ name: "\ud800" }, "wrong_format"],
  [{ name: "a", nmae: 1 }, "unknown_field"],
  [{ name: "a", small: 1 }, "out_of_range"],
  [{ name: "a", small: 40_000 }, "out_of_range"],
  [{ name: "a", small: 2.5 }, "wrong_type"],
  [{ name: "a", big: 2n ** 63n }, "out_of_range"],
  [{ name: "a", big: "12x" }, "wrong_format"],
  [{ name: "a", price: "123.45" }, "out_of_range"],
  [{ name: "a", price: "1.234" }, "out_of_range"],
  [{ name: "a", price: "1,2" }, "wrong_format"],
  [{ name: "a", ratio: 1e300 }, "out_of_range"],
  [{ name: "a", born: "2026-02-30" }, "wrong_format"],
  [{ name: "a", born: "9999999-01-01" }, "out_of_range"],
  [{ name: "a", at: "2026-02-03T00:00:00.1234Z" }, "out_of_range"],
  [{ name: "a", at: "2026-02-03T00:00:00" }, "wrong_format"],
  [{ name: "a", span: "1 fortnight" }, "wrong_format"],
  [{ name: "a", mood: "angry" }, "not_listed"],
  [{ name: "a", size: "l" }, "not_listed"],
  [{ name: "a", mail: "a at b" }, "wrong_format"],
  [{ name: "a", mail: "a" }, "out_of_range"],
  [{ name: "a", code: "A" }, "wrong_format"],
  [{ name: "a", data: { a: ["\0"] } }, "nul_character"],
  [{ name: "a", data: "\ud800" }, "wrong_format"],
  [{ name: "a", data: { a: new Date() } }, "wrong_type"],
  [{ name: "a", data: [10n ** 131_072n] }, "out_of_range"],
  [{ name: "a", price: "1e9999999" }, "out_of_range"],
  [{ name: "a", tags: ["a", "\0"] }, "nul_character"],
  [{ name: "a", place: "1.2.3" }, "wrong_format"],
  [{ name: "a", key: "1" }, "wrong_format"],
])("the issue of %o has the code %s", (input, code) => {
  expect(issuesOf(() => model.parse(input))).toMatchObject([{ code }]);
  expect(model.input.safeParse(input).error?.issues).toMatchObject([{ params: { code } }]);
});

test("a problem inside of an array says where, and keeps its code", () => {
  expect(issuesOf(() => model.parse({ name: "a", tags: ["a", 7] }))).toEqual([
    { path: ["tags", 1], code: "wrong_type", message: "must be a text, not a number" },
  ]);
});

test("every issue of any value in any column has a code, and the reader of one column finds the same", () => {
  const columns = [...table.columns.values()];
  fc.assert(
    fc.property(fc.constantFrom(...columns), fc.anything(), (column, value) => {
      const all = issuesOf(() => model.parse({ name: "a", [column.name]: value }));
      expect(all.filter(({ code }) => code === undefined)).toEqual([]);
      const one =
        value === null || value === undefined ? [] : issuesOf(() => inputReaderOf(column)(value));
      const inside = all
        .filter(({ code }) => code !== "missing")
        .map((issue) => ({ ...issue, path: issue.path.slice(1) }));
      expect(one).toEqual(inside);
    }),
    { numRuns: process.env["SLOW"] === "1" ? 5000 : 500 },
  );
});

test("every issue of any document has a code", () => {
  const names = fc.constantFrom(...table.columns.keys());
  fc.assert(
    fc.property(fc.dictionary(names, fc.anything()), (data) => {
      const read = (): unknown => model.fromDocument("a", data, { unknownFields: "refuse" });
      expect(issuesOf(read).filter(({ code }) => code === undefined)).toEqual([]);
    }),
    { numRuns: process.env["SLOW"] === "1" ? 2000 : 200 },
  );
});

const readerOfJson = (name: "json" | "jsonb"): ReturnType<typeof inputReaderOf> =>
  inputReaderOf({ name: "data", type: { name, kind: "json", dimensions: 0 } });

test("numbers that jsonb cannot hold are refused however they are written, and json keeps them", () => {
  const texts = [
    "1e131072",
    "1E+999999",
    "1e99999999999",
    "-1e-16384",
    `1${"0".repeat(131_072)}`,
    `0.${"1".repeat(16_384)}`,
  ];
  for (const text of texts) {
    const data = valueFromText({ name: "json", kind: "json", dimensions: 0 }, `{"a":[${text}]}`);
    expect(issuesOf(() => readerOfJson("jsonb")(data))).toMatchObject([{ code: "out_of_range" }]);
    expect(readerOfJson("json")(data)).toEqual(data);
  }
  for (const text of ["1e131071", "1e-16383", `"1e999999"`])
    expect(
      issuesOf(() =>
        readerOfJson("jsonb")(valueFromText({ name: "json", kind: "json", dimensions: 0 }, text)),
      ),
    ).toEqual([]);
});
