import { modelOf, valueToText, type Json, type ModelValue } from "@ctb-data/models";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import type { Registry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registryOfColumn, sentOut, takenIn } from "../../testing/mapping-world.ts";
import type { MappedValue } from "./mapped-record.ts";

const numRuns = process.env["SLOW"] === "1" ? 1000 : 100;

const types = [
  "smallint", "integer", "bigint", "numeric", "numeric(8,3)", "real", "double precision", "boolean", "text", "varchar(5)", "char(3)", "uuid", "date",
  "time", "time(2)", "timestamp", "timestamptz", "interval", "json", "jsonb", "bytea", "inet", "mood", "text[]", "integer[]", "boolean[]",
  "numeric(8,3)[]", "jsonb[]", "date[]", "mood[]", "bytea[]", "integer[][]",
]; // prettier-ignore

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("\0", "\uD800", " ", "NULL", "\\N", "é".repeat(6), "true", "TRU", "of", "o", "1", "0", "-0", "+7", " 42\n", "1.0", "1.50", "007"),
  fc.constantFrom("1e5", "1e-7", "1e400", "1e999999999", ".5", "5.", "NaN", "-inf", "Infinity", "0x1f", "1_000", "٣", "9223372036854775807", "9223372036854775808"),
  fc.constantFrom("2024-02-29", "2023-02-29", "0044-03-15 BC", "infinity", "12:00", "24:00:00", "23:59:60", "04:05:06.1234567", "2026-01-31 04:05:06+02", "1999-12-31T23:59:59.999999Z"),
  fc.constantFrom("1 day", "P1Y", "-1 mon +2 days", "10.0.0.1", "::1/64", "\\x00ff", "\\xZZ", "\\001", "new", "it's", '{"a":[1]}', "null", '"\\u0000"', "[1,", "{a,b}", "{{1},{2}}", "{}", '{"[1]",NULL}', "{true,f}"),
  fc.uuid(),
  fc.integer().map(String),
  fc.double().map(String),
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }).map((date) => date.toISOString()),
); // prettier-ignore

const anyJson: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    anyText,
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(anyText, fc.constantFrom("__proto__", "a")), tie("any"), { maxKeys: 3 }),
  ),
})).any;

/** What a column took; undefined when it took nothing or refused. */
function taken(mapped: MappedValue | undefined): ModelValue | undefined {
  return mapped?.kind === "value" ? mapped.value : undefined;
}

function modelValue(registry: Registry, value: ModelValue): unknown {
  const table = registry.tables.get("t");
  return table && modelOf(table).parse({ id: 1, v: value })["v"];
}

test.each(types)(
  "what intake accepts for a %s, the model accepts, and nothing makes it throw",
  (type) => {
    const registry = registryOfColumn({ type });
    const [csv, json] = [takenIn({ type }, {}), takenIn({ type }, {}, "json")];
    fc.assert(
      fc.property(anyText, anyJson, (text, data) => {
        for (const mapped of [csv(text), json(data)]) {
          const value = taken(mapped);
          if (value === undefined || value === null) continue;
          expect(modelValue(registry, value)).toEqual(value);
        }
      }),
      { numRuns },
    );
  },
);

const formats = [
  undefined,
  "YYYY-MM-DD",
  "DD.MM.YYYYTHHmmss.SSSSSSZ",
  "HH:mm:ss.SSSSSS",
  { decimals: 3, decimal_mark: ",", group_mark: "." },
  { decimals: 3, decimal_mark: "" },
  { digits: 6, group_mark: " " },
  { pad: 40, fill: "0" },
  { pad: 40, side: "right" },
] as const;

const cases = [
  ["integer", [0, 4, 5, 6, 7, 8]],
  ["bigint", [0, 4, 5, 6, 7, 8]],
  ["numeric(8,3)", [0, 4, 5, 6, 7, 8]],
  ["double precision", [0]],
  ["boolean", [0]],
  ["uuid", [0, 8]],
  ["date", [0, 1, 2]],
  ["time", [0, 3]],
  ["timestamp", [0, 2]],
  ["timestamptz", [0, 2]],
  ["interval", [0]],
  ["inet", [0]],
  ["bytea", [0]],
  ["mood", [0]],
  ["text", [0]],
  ["jsonb", [0]],
  ["text[]", [0]],
  ["jsonb[]", [0]],
].flatMap(([type, indexes]) =>
  Array.isArray(indexes)
    ? indexes.map((index) => [String(type), index, formats[index]] as const)
    : [],
);

test.each(cases)("a %s that is printed in format %i comes back", (type, _, format) => {
  const rule = format === undefined ? {} : { format };
  const [csv, json] = [takenIn({ type }, {}), takenIn({ type }, {}, "json")];
  const [send, take] = [sentOut({ type }, rule), takenIn({ type }, rule)];
  const columnType = registryOfColumn({ type }).tables.get("t")?.columns.get("v")?.type;
  let count = 0;
  fc.assert(
    fc.property(fc.oneof(valuesOf(type), anyText), anyJson, (text, data) => {
      for (const value of [taken(csv(text)), taken(json(data))]) {
        if (value === undefined || value === null || columnType === undefined) continue;
        const printed = send(valueToText(columnType, value));
        // Infinity has no digits, an empty text is none, and a negative zero is printed as zero.
        if (typeof printed !== "string" || printed === "" || Object.is(value, -0)) continue;
        expect(take(printed)).toEqual({ kind: "value", value });
        count += 1;
      }
    }),
    { numRuns },
  );
  expect(count).toBeGreaterThan(numRuns / 10);
});

/** Texts of which most are values of a type. */
function valuesOf(type: string): fc.Arbitrary<string> {
  const date = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }).map((value) => value.toISOString()); // prettier-ignore
  if (type === "date") return date.map((text) => text.slice(0, 10));
  if (type === "time") return date.map((text) => text.slice(11, 23));
  if (type === "timestamp" || type === "timestamptz") return date;
  if (type === "uuid") return fc.uuid();
  if (type === "bytea") return fc.uint8Array().map((bytes) => `\\x${Buffer.from(bytes).toString("hex")}`);
  if (type === "mood") return fc.constantFrom("new", "it's");
  if (type === "jsonb") return fc.json();
  if (type === "boolean") return fc.constantFrom("t", "no");
  if (type === "interval") return fc.integer({ min: -1e6, max: 1e6 }).map((days) => `${days} days`);
  if (type === "inet") return fc.ipV4();
  if (type === "jsonb[]") return fc.array(fc.integer()).map((list) => `{${list.join()}}`);
  if (type === "text[]") return fc.array(fc.stringMatching(/^[a-mo-z]{1,5}$/)).map((list) => `{${list.join()}}`);
  if (type === "text") return fc.string();
  if (type.startsWith("numeric")) return fc.integer({ min: -99_999_999, max: 99_999_999 }).map((value) => (value / 1000).toFixed(3));
  return fc.integer().map(String);
} // prettier-ignore

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let postgres: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  postgres = await openPostgres({
    url: database.url,
    registry: registryOfColumn({ type: "text" }),
  });
  await postgres.query("CREATE TYPE mood AS ENUM ('new', 'it''s', '')");
});

afterAll(async () => {
  await postgres.close();
  await database.drop();
});

/** What PostgreSQL makes of a text; undefined when it refuses it. */
async function byPostgres(text: string, type: string): Promise<string | undefined> {
  try {
    const { rows } = await postgres.query<{ readonly text: string }>(
      `SELECT $1::text::${type}::text AS text`,
      [text],
    );
    return rows[0]?.text;
  } catch {
    return undefined;
  }
}

/** Whether two texts are one value to PostgreSQL: undefined when it refuses one of them. */
async function isSameInPostgres(a: string, b: string, type: string): Promise<boolean | undefined> {
  // Of json only jsonb says whether two are the same; its numbers are, with a zero behind the point or without.
  if (!type.startsWith("json")) return (await byPostgres(a, type)) === (await byPostgres(b, type));
  const cast = type.replace(/^json\b/, "jsonb");
  const { rows } = await postgres.query<{ readonly same: boolean }>(
    `SELECT $1::text::${cast} = $2::text::${cast} AS same`,
    [a, b],
  );
  return rows[0]?.same;
}

test.each(types)(
  "of a text that intake takes for a %s, PostgreSQL makes the same value",
  async (type) => {
    const csv = takenIn({ type }, {});
    const columnType = registryOfColumn({ type }).tables.get("t")?.columns.get("v")?.type;
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, valuesOf(type)), async (text) => {
        const value = taken(csv(text));
        if (value === undefined || columnType === undefined) return;
        // Whole numbers may have zeros behind a point here.
        const given = /^(?:small|big)?int/.test(type) ? text.replace(/\.0*\s*$/, "") : text;
        expect(await isSameInPostgres(given, valueToText(columnType, value), type)).toBe(true);
      }),
      { numRuns: numRuns / 5 },
    );
  },
);

const booleans = ["t", "tr", "tru", "true", "TRUE", " y ", "ye", "yes", "on", "1", "f", "fals", "n", "no", "of", "off", "0", "o", "2", "tt", "-", "yess", "T\n"]; // prettier-ignore

test.each(booleans)("the boolean %j is read as PostgreSQL reads it", async (text) => {
  const value = taken(takenIn({ type: "boolean" }, {})(text));
  const expected = await byPostgres(text, "boolean");
  expect(value === undefined ? undefined : value === true ? "true" : "false").toBe(expected);
});
