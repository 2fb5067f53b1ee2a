import { decoderOf, modelOf, ModelError } from "@ctb-data/models";
import { openPostgres, quoteIdentifier, quoteLiteral, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Column, type Table } from "@ctb-data/registry";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runRules } from "../../testing/rules-run.ts";
import { columnRules } from "./column-rules.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 10 : 100 };

let database: TestDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  postgres = await openPostgres({ url: database.url });
  await postgres.query("CREATE TYPE mood AS ENUM ('happy', 'so so', 'it''s', 'NULL')");
  await postgres.query("CREATE DOMAIN short_text AS text");
});

afterAll(async () => {
  await postgres.close();
  await database.drop();
});

/** Texts that are hard on somebody. */
const texts = [
  "",
  " ",
  "a",
  "ab  ",
  "AB-12",
  "ab-12",
  "é",
  "🌍🌍",
  "x".repeat(40),
  "a@b.co",
  "a..b@c.de",
  ".a@b.co",
  "o'neil@mail.example.org",
  "https://example.org/a",
  "ftp://x.org",
  "192.168.0.1",
  "256.1.1.1",
  "::1",
  "+31201234567",
  "slug-1",
  "Slug",
  "happy",
  "so so",
  "NULL",
  "2026-02-30",
  "2026-01-31",
  "infinity",
  "1e3",
  "-0",
  "NaN",
  "5.00",
  "70000",
  "-3",
  "9223372036854775808",
  "2147483648",
  "t",
  "{}",
  "{1,2}",
  "{a,NULL}",
  '{"a":1}',
  '"\\u0000"',
  "[1,2",
  "01:02:03.5",
  "1 day",
  "P1D",
  "127.0.0.1/8",
  "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
  "\\x0g",
  "2026-01-31 04:05:06.789+02",
  "line\nend",
  "\u2028",
  "0044-03-15 BC",
];
const days = [
  "infinity",
  "-infinity",
  "0044-03-15 BC",
  "4714-11-24 BC",
  "2026-01-31",
  "5874897-12-31",
];
const times = [
  "infinity",
  "-infinity",
  "0044-03-15 01:02:03.004 BC",
  "2026-01-31 04:05:06.789012",
  "294276-12-31 23:59:59.999999",
  "2026-01-31",
  "1969-12-31 23:59:59.5",
];
const integers = ["0", "-1", "1", "7", "32767", "-32768"];
const decimals = [
  "NaN",
  "0",
  "-0.00",
  "5.00",
  "1.5",
  "99.99",
  "99.995",
  "-100",
  "12345678901234567890.123",
  "0.0001",
  "1e20",
];
const floats = [
  "NaN",
  "Infinity",
  "-Infinity",
  "-0",
  "0.1",
  "0.5",
  "1e20",
  "3.4028235e38",
  "1.5e-44",
  "100",
];
const documents = [
  "null",
  "1",
  '"text"',
  "[]",
  "[[1],[2]]",
  '{"a": {"b": [1e400, 12345678901234567890]}}',
  "-0.0",
  "[".repeat(200) + "]".repeat(200),
  "[".repeat(2010) + "]".repeat(2010),
  `["${"long ".repeat(1000)}"]`,
];

/** What a column of a live type may hold. */
const values: Readonly<Record<string, readonly string[]>> = {
  text: texts,
  short_text: texts,
  varchar: texts,
  "varchar(30)": texts.filter((text) => Array.from(text).length <= 30),
  smallint: integers,
  integer: [...integers, "70000", "-2147483648", "2147483647"],
  bigint: [...integers, "70000", "9223372036854775807", "-9223372036854775808", "2147483648"],
  numeric: [...decimals, "Infinity", "-Infinity", "1e-30", "3"],
  "numeric(10,3)": ["NaN", "0", "5", "99.99", "99.995", "-1234567.5", "0.001"],
  real: floats,
  "double precision": [...floats, "1e300", "1e-300", "16777217", "0.1000000001"],
  boolean: ["t", "f"],
  uuid: ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
  date: days,
  time: ["00:00:00", "24:00:00", "04:05:06.789012", "04:05:06.78", "23:59:59.999999"],
  "time(2)": ["24:00:00", "04:05:06.78"],
  timestamp: times,
  timestamptz: times,
  interval: [
    "infinity",
    "-infinity",
    "1 year 2 mons -3 days 04:05:06.789",
    "00:00:00",
    "-1 days +01:30:00",
    "PT-0.000001S",
  ],
  json: [...documents, '"\\u0000"', '"\\ud800"', ' { "a" : 1, "a" : 2 } '],
  jsonb: documents,
  bytea: ["\\x", "\\x00ff"],
  inet: ["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "::ffff:1.2.3.4"],
  mood: ["happy", "so so", "it's", "NULL"],
};
/** Arrays of all that: empty, with nulls, in several dimensions, with bounds of their own. */
const arrayShapes: readonly ((items: readonly string[]) => string)[] = [
  () => "{}",
  (items) => `{${items.join(",")}}`,
  (items) => `{NULL,${items.join(",")}}`,
  (items) => `{{${items.join(",")}},{${items.map(() => "NULL").join(",")}}}`,
  (items) => `[2:${items.length + 1}]={${items.join(",")}}`,
];

/** What the registry may want of a column, and the live types that it may find instead. */
const wants: readonly (readonly [
  wanted: Readonly<Record<string, unknown>>,
  live: readonly string[],
])[] = [
  [{ type: "smallint" }, ["smallint", "integer", "bigint", "numeric", "text", "boolean"]],
  [{ type: "smallint", min: 0, max: 9.5 }, ["smallint", "bigint", "double precision"]],
  [{ type: "integer", max: 7 }, ["smallint", "integer", "bigint", "text", "short_text"]],
  [{ type: "integer" }, ["bigint", "numeric", "varchar"]],
  [{ type: "bigint", min: -1 }, ["integer", "bigint", "numeric", "text"]],
  [{ type: "numeric" }, ["numeric", "bigint", "double precision", "text"]],
  [{ type: "numeric(4,2)" }, ["numeric", "numeric(10,3)", "integer", "real", "text"]],
  [{ type: "numeric(3,-2)", min: -100 }, ["numeric", "bigint"]],
  [{ type: "numeric(2,4)" }, ["numeric"]],
  [{ type: "numeric", min: 0.1, max: 99.99 }, ["numeric", "numeric(10,3)", "bigint"]],
  [{ type: "real", min: 0.1, max: 0.5 }, ["real", "double precision"]],
  [{ type: "real" }, ["real", "double precision", "numeric", "text"]],
  [{ type: "double precision", max: 0.1 }, ["real", "double precision", "numeric"]],
  [{ type: "boolean" }, ["boolean", "text", "integer"]],
  [{ type: "text" }, ["text", "integer", "boolean", "json"]],
  [{ type: "text", min: 1, max: 4 }, ["text", "varchar(30)", "short_text", "integer"]],
  [{ type: "varchar(5)" }, ["text", "varchar", "varchar(30)", "short_text", "numeric"]],
  [{ type: "varchar(5)", max: 3, min: 2 }, ["text"]],
  [{ type: "text", pattern: "^[A-Z]{2}-\\d+$" }, ["text", "varchar(30)", "short_text"]],
  [{ type: "text", pattern: "\\p{L}" }, ["text", "integer"]],
  [{ type: "text", pattern: "^.*[\\s-]" }, ["text"]],
  [{ type: "text", enum: ["happy", "so so", "🌍🌍"] }, ["text", "varchar", "short_text", "mood"]],
  ...["email", "url", "uri", "hostname", "ipv4", "ipv6", "phone", "slug"].map(
    (format) => [{ type: "text", format }, ["text", "varchar(30)", "short_text", "inet"]] as const,
  ),
  [{ type: "uuid" }, ["uuid", "text"]],
  [{ type: "date" }, ["date", "text", "timestamp"]],
  [{ type: "time" }, ["time", "text"]],
  [{ type: "time(1)" }, ["time", "time(2)", "text"]],
  [{ type: "timestamp" }, ["timestamp", "timestamptz", "date", "text"]],
  [{ type: "timestamp(3)" }, ["timestamp", "text"]],
  [{ type: "timestamptz(0)" }, ["timestamptz", "timestamp", "text"]],
  [{ type: "interval" }, ["interval", "text", "time"]],
  [{ type: "json" }, ["json", "jsonb", "text"]],
  [{ type: "jsonb" }, ["json", "jsonb", "text", "short_text"]],
  [{ type: "bytea" }, ["bytea", "text"]],
  [{ type: "inet" }, ["inet", "text"]],
  [{ type: "mood" }, ["mood", "text", "short_text", "boolean"]],
];

const cases = wants.flatMap(([wanted, live]) => live.map((type) => ({ wanted, live: type })));

interface Cell {
  readonly wanted: Readonly<Record<string, unknown>>;
  readonly live: string;
  readonly texts: readonly string[];
}

const quotedItem = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

const arrayCell: fc.Arbitrary<Cell> = fc
  .constantFrom(...cases.filter(({ live }) => live !== "short_text"))
  .chain(({ wanted, live }) => {
    const items = fc.subarray([...(values[live] ?? [])], {
      minLength: 1,
      maxLength: Math.min(3, values[live]?.length ?? 0),
    });
    return fc
      .array(fc.tuple(fc.constantFrom(...arrayShapes), items), { minLength: 20, maxLength: 20 })
      .map((list): Cell => ({
        wanted: { ...wanted, type: `${String(wanted["type"])}[]` },
        live: `${live}[]`,
        texts: list.map(([shape, some]) => shape(some.map(quotedItem))),
      }));
  });

/** What the model, all at once, says of each text: the rows that it refuses. */
function refused(table: Table, column: Column, rows: readonly Text[]): readonly string[] {
  const decode = decoderOf(column.type);
  const schema = modelOf(table).shape[column.name];
  return rows
    .flatMap(({ id, text }) => {
      if (text === null) return [];
      try {
        return schema?.safeParse(decode(text)).success === true ? [] : [id];
      } catch (error) {
        if (error instanceof ModelError) return [id];
        throw error;
      }
    })
    .toSorted();
}

interface Text {
  readonly id: string;
  readonly text: string | null;
}

/** The values of one column that are refused. */
interface Comparison extends Omit<Cell, "texts"> {
  readonly byRules: readonly (string | undefined)[];
  readonly byModel: readonly (string | undefined)[];
}

async function compare(cells: readonly Cell[]): Promise<readonly Comparison[]> {
  const registry = parseRegistry(
    JSON.stringify({
      enums: { mood: ["happy", "so so", "NULL"] },
      tables: {
        things: {
          columns: [
            { name: "id", type: "integer", pk: true },
            ...cells.map(({ wanted }, index) => ({ ...wanted, name: `c ${index}` })),
          ],
        },
      },
    }),
    { file: "things.yml" },
  );
  const table = registry.tables.get("things");
  const rowCount = Math.max(...cells.map((cell) => cell.texts.length)) + 1;
  await postgres.query("DROP TABLE IF EXISTS things");
  await postgres.query(
    `CREATE TABLE things (id integer PRIMARY KEY, ${cells.map(({ live }, index) => `${quoteIdentifier(`c ${index}`)} ${live}`).join(", ")})`,
  );
  const rows = Array.from({ length: rowCount }, (_, id) => [
    id,
    ...cells.map(({ texts: list }) => (list[id] === undefined ? "NULL" : quoteLiteral(list[id]))),
  ]);
  await postgres.query(
    `INSERT INTO things VALUES ${rows.map((row) => `(${row.join(", ")})`).join(", ")}`,
  );
  const catalog = await postgres.readCatalog({ schemas: ["public"] });
  const live = catalog.tables.find(({ name }) => name === "things");
  if (table === undefined || live === undefined) throw new Error("no table");
  const broken = await runRules(
    postgres,
    "things",
    columnRules({ registry, table, live, enums: catalog.enums }),
  );
  const found: Comparison[] = [];
  for (const [index, { texts: list, wanted, live: liveType }] of cells.entries()) {
    const name = `c ${index}`;
    const column = table.columns.get(name);
    if (column === undefined) throw new Error("no column");
    const printed = await postgres.query<Text>(
      `SELECT id::text AS id, CASE WHEN ${quoteIdentifier(name)} IS DISTINCT FROM NULL THEN format('%s', ${quoteIdentifier(name)}) END AS text FROM things`,
    );
    const byRules = Object.entries(broken).flatMap(([id, ids]) =>
      id.endsWith(`.${name}`) ? ids : [],
    );
    const shown = (ids: readonly string[]) =>
      [...new Set(ids)].toSorted().map((id) => list[Number(id)]?.slice(0, 60));
    found.push({
      wanted,
      live: liveType,
      byRules: shown(byRules),
      byModel: shown(refused(table, column, printed.rows)),
    });
  }
  return found;
}

/** What is found, with the words of one side. */
const as = (side: "byRules" | "byModel") => (one: Comparison) => ({
  ...one.wanted,
  live: one.live,
  bad: one[side],
});

test("the rules find exactly the values that the model refuses, whatever the live type is", async () => {
  const found = await compare(
    cases.map(({ wanted, live }): Cell => ({ wanted, live, texts: values[live] ?? [] })),
  );
  expect(found.map(as("byRules"))).toStrictEqual(found.map(as("byModel")));
});

test("the rules find exactly the arrays that the model refuses", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arrayCell, { minLength: 20, maxLength: 30 }), async (cells) => {
      const found = await compare(cells);
      expect(found.map(as("byRules"))).toStrictEqual(found.map(as("byModel")));
    }),
    { ...runs, endOnFailure: true },
  );
});
