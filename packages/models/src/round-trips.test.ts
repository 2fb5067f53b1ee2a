import { randomBytes } from "node:crypto";
import { columnTypes, type ColumnType } from "@ctb-data/registry";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  calendarTime,
  daysOfDate,
  formatCalendarTime,
  formatDate,
  formatTimeOfDay,
} from "./calendar.ts";
import { inputOf } from "./column-input.ts";
import {
  decoderOf,
  encoderOf,
  jsonNull,
  modelOf,
  modelTable,
  neutralDocumentTypes,
  parseKeyring,
  valueFromText,
  type Model,
  type ModelColumn,
} from "./index.ts";

const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const keyring = parseKeyring(randomBytes(32).toString("hex"));

const text = fc
  .string({ unit: "binary", maxLength: 12 })
  .map((value) => value.replaceAll("\0", "").replaceAll(/\p{Surrogate}/gu, ""));
const special = fc.constantFrom("infinity", "-infinity");
const micros = fc.integer({ min: 0, max: 86_399_999_999 });
const days = fc.integer({ min: daysOfDate(-4712, 1, 1), max: daysOfDate(294_275, 12, 31) });
const digits = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength })
    .map((list) => list.join(""));
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => inputOf({ type: "json" })(value));

/** A text that PostgreSQL takes for a type: the input reader makes the model's value of it. */
const arbitraries: { readonly [Kind in ColumnType["kind"]]: fc.Arbitrary<unknown> } = {
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  decimal: fc.oneof(
    fc.constantFrom("NaN", "Infinity", "-Infinity"),
    fc
      .tuple(fc.constantFrom("", "-"), digits(25), digits(25))
      .map(([sign, a, b]) => `${sign}${a}.${b}`),
  ),
  float32: fc.float(),
  float64: fc.double(),
  boolean: fc.boolean(),
  text,
  uuid: fc.uuid(),
  date: fc.oneof(special, days.map(formatDate)),
  time: micros.map(formatTimeOfDay),
  timestamp: fc.oneof(
    special,
    fc.tuple(days, micros).map(([day, time]) => formatCalendarTime(calendarTime(day, time), "")),
  ),
  timestamptz: fc.oneof(
    special,
    fc.tuple(days, micros).map(([day, time]) => formatCalendarTime(calendarTime(day, time), "Z")),
  ),
  interval: fc
    .tuple(
      fc.integer({ min: -999_999, max: 999_999 }),
      fc.integer(),
      fc.integer({ min: -9e15, max: 9e15 }),
    )
    .map(([months, day, micro]) => `${months} mons ${day} days ${micro} us`),
  json,
  bytes: fc.uint8Array({ maxLength: 20 }),
  inet: fc.oneof(fc.ipV4(), fc.ipV6()),
  enum: fc.constantFrom("a", "b c", "NULL", "", '"'),
};

const enumType: ColumnType = {
  name: "mood",
  kind: "enum",
  values: ["a", "b c", "NULL", "", '"'],
  dimensions: 0,
};
const plainTypes: readonly ColumnType[] = [
  ...Object.entries(columnTypes).map(([name, { kind }]): ColumnType => {
    // The keys of the table of types are the names of types.
    const known = Object.keys(columnTypes).find(
      (key): key is keyof typeof columnTypes => key === name,
    );
    return {
      name: known ?? "text",
      kind,
      dimensions: 0,
      ...(name === "char" || name === "varchar" ? { length: 12 } : {}),
    };
  }),
  enumType,
];

/** A type and a value that a model holds for it. */
function typed(
  dimensions: 0 | 1,
): fc.Arbitrary<{ readonly type: ColumnType; readonly value: unknown }> {
  return fc.constantFrom(...plainTypes).chain((plain) => {
    const item = arbitraries[plain.kind].map((value) => inputOf({ type: plain })(value));
    const type = { ...plain, dimensions };
    const value = dimensions === 0 ? item : fc.array(fc.option(item), { maxLength: 4 });
    return value.map((made) => ({ type, value: made }));
  });
}

const anyTyped = fc.oneof(typed(0), typed(1));

function modelWith(
  column: Partial<ModelColumn> & Pick<ModelColumn, "type">,
  fieldType: "any" | "string" = "any",
): Model {
  const table = modelTable({
    name: "things",
    columns: [
      { name: "id", type: { name: "integer", kind: "int32", dimensions: 0 }, nullable: false },
      { name: "value", nullable: true, ...column },
    ],
    firestore: {
      collection: "things",
      idColumn: "id",
      fields: [{ name: "theValue", column: "value", type: fieldType }],
    },
  });
  return modelOf(table, { keyring, documentTypes: neutralDocumentTypes });
}

describe("a value of any type", () => {
  it("is the same after PostgreSQL's text of it was read", () => {
    fc.assert(
      fc.property(anyTyped, ({ type, value }) => {
        const printed = encoderOf(type)(value);
        const back = decoderOf(type)(printed);
        expect(back).toEqual(value);
        expect(encoderOf(type)(back)).toBe(printed);
      }),
      { numRuns: numRuns * 20 },
    );
  });

  it("is a model's value already: reading it as input again changes nothing", () => {
    fc.assert(
      fc.property(anyTyped, ({ type, value }) => {
        expect(inputOf({ type })(value)).toEqual(value);
      }),
      { numRuns: numRuns * 20 },
    );
  });

  it("is the same after a row, whatever the driver's row is of", () => {
    fc.assert(
      fc.property(anyTyped, fc.boolean(), ({ type, value }, asText) => {
        const model = modelWith({ type });
        const row = model.toRow(model.parse({ id: 1, value }));
        const isText = asText && type.kind !== "json";
        const given = isText ? { ...row, value: encoderOf(type)(value) } : row;
        expect(model.fromRow(given)).toEqual({ id: 1, value });
      }),
      { numRuns: numRuns * 20 },
    );
  });

  it("is the same after a document", () => {
    fc.assert(
      fc.property(anyTyped, ({ type, value }) => {
        const model = modelWith({ type });
        const { id, data } = model.toDocument({ id: 1, value: inputOf({ type })(value) });
        expect(model.fromDocument(id, data)).toEqual({ id: 1, value });
      }),
      { numRuns: numRuns * 20 },
    );
  });

  it("is the same after JSON", () => {
    fc.assert(
      fc.property(anyTyped, ({ type, value }) => {
        const model = modelWith({ type });
        const printed = JSON.stringify(model.toJson({ id: 1, value: inputOf({ type })(value) }));
        expect(model.fromJson(printed)).toEqual({ id: 1, value });
      }),
      { numRuns: numRuns * 20 },
    );
  });

  it("is the same after it was encrypted, in a row and in a document", () => {
    fc.assert(
      fc.property(anyTyped, ({ type, value }) => {
        const model = modelWith({ type, encryption: {} }, "string");
        const whole = { id: 1, value: inputOf({ type })(value) };
        const row = model.toRow(whole);
        expect(row["value"]).toMatch(/^ctb1\./);
        expect(model.fromRow(row)).toEqual(whole);
        const { id, data } = model.toDocument(whole);
        expect(Reflect.get(data, "theValue")).toMatch(/^ctb1\./);
        expect(model.fromDocument(id, data)).toEqual(whole);
      }),
      { numRuns: numRuns * 5 },
    );
  });

  it("of a scalar type is read from its text by the checked reader too", () => {
    fc.assert(
      fc.property(typed(0), ({ type, value }) => {
        expect(valueFromText(type, encoderOf(type)(value))).toEqual(value);
      }),
      { numRuns: numRuns * 20 },
    );
  });
});

describe("null and missing", () => {
  const model = modelWith({ type: { name: "jsonb", kind: "json", dimensions: 0 } });

  it.each([
    ["missing", { id: 1 }],
    ["null", { id: 1, value: null }],
    ["the JSON value null", { id: 1, value: jsonNull }],
  ])("are not the same: %s stays what it is through all codecs", (_name, value) => {
    const { id, data } = model.toDocument(value);
    expect(model.fromDocument(id, data)).toEqual(value);
    expect(model.fromRow(model.toRow(value))).toEqual(value);
    expect(model.fromJson(JSON.stringify(model.toJson(value)))).toEqual(value);
    expect(model.parse(value)).toEqual(value);
    expect(Object.keys(model.fromRow(model.toRow(value)))).toEqual(Object.keys(value));
  });

  it("are told apart in text too: a JSON null is the text null", () => {
    expect(encoderOf("json")(jsonNull)).toBe("null");
    expect(decoderOf("json")("null")).toBe(jsonNull);
    expect(decoderOf({ name: "jsonb", kind: "json", dimensions: 1 })('{"null",NULL}')).toEqual([
      jsonNull,
      null,
    ]);
  });
});
