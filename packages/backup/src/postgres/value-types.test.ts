import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { memoryParts } from "../../testing/rows-memory-parts.ts";
import { compareTable } from "./compare-table.ts";
import { openPostgresSnapshot } from "./open-postgres-snapshot.ts";
import { restoreRows } from "./restore-rows.ts";

/** Types of PostgreSQL, and values whose text is easily lost. */
const columns: Readonly<Record<string, readonly string[]>> = {
  bool: ["true", "false"],
  int2: ["-32768", "32767"],
  int4: ["-2147483648", "2147483647"],
  int8: ["-9223372036854775808", "9223372036854775807"],
  float4: ["'NaN'", "'-Infinity'", "'-0'", "'1e-45'", "'3.4028235e38'", "'0.1'"],
  float8: ["'NaN'", "'Infinity'", "'-0'", "'5e-324'", "'2.2250738585072011e-308'", "'1.7976931348623157e308'", "'0.1'"],
  numeric: ["'NaN'", "'Infinity'", "'-0.000'", "'1e1000'", "'0.1234567890123456789012345678901234567890'", "'1.50'"],
  money: ["'-92233720368547758.08'", "'1234.56'"],
  text: ["''", String.raw`E'\\N'`, String.raw`E'\\.'`, String.raw`E'a\tb\nc\rd\be\ff\vg\\h'`, "'ü€𝄞'", "repeat('long', 1000000)", "'NULL'"],
  varchar: ["' x '"],
  bpchar: ["'padded    '"],
  '"char"': ["''", String.raw`'\377'`, "'x'"],
  name: ["'a name'"],
  bytea: ["''", String.raw`'\x00ff5c0a0d09'`, "decode(repeat('00', 100000), 'hex')"],
  date: ["'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'2024-02-29'"],
  time: ["'24:00:00'", "'00:00:00.000001'"],
  timetz: ["'23:59:59.999999+15:59'"],
  timestamp: ["'infinity'", "'4713-01-01 00:00:00 BC'", "'294276-12-31 23:59:59.999999'"],
  timestamptz: ["'-infinity'", "'0044-03-15 12:00:00+00 BC'", "'2024-10-27 02:30:00.000001+02'"],
  interval: ["'-178000000 years'", "'1 mon -1 day +01:00:00.000001'", "'-00:00:00.5'"],
  uuid: ["'00000000-0000-0000-0000-000000000000'"],
  json: [`'{"a" : 1,  "a":2, "u":"\\u00e9", "n":1.0e400}'`, "'null'"],
  jsonb: [`'{"b":1,"a":[1.50,null,"\\u00e9 \\" \\\\ "]}'`, "'null'", "'\"\"'"],
  jsonpath: [`'$.a[*] ? (@ > 1)'`],
  xml: ["'<a>text</a>'", "'just text'", "'<a/><b/>'"],
  inet: ["'::1'", "'10.1.2.3/8'", "'fe80::1/64'"],
  cidr: ["'10.0.0.0/8'", "'2001:db8::/32'"],
  macaddr: ["'08:00:2b:01:02:03'"],
  macaddr8: ["'08:00:2b:01:02:03:04:05'"],
  bit: ["B'1'"],
  varbit: ["B''", "B'101010101'"],
  "bit(70)": ["repeat('10', 35)::bit(70)"],
  tsvector: [`'a fat cat:3A'::tsvector`, `'''quo''''ted'':1,2'`],
  tsquery: ["'fat & (rat | !cat) <2> dog:*AB'"],
  point: ["'(NaN,-Infinity)'", "'(0.1,-0)'"],
  line: ["'{1,-1,0.1}'"],
  lseg: ["'[(0,0),(1e-300,1)]'"],
  box: ["'(1,1),(0,0)'"],
  path: ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"],
  polygon: ["'((0,0),(1,1),(1,0))'"],
  circle: ["'<(0,0),1e10>'"],
  int4range: ["'empty'", "'[1,)'", "'(,5)'"],
  numrange: ["'(1.50,2.0]'"],
  tstzrange: ["'[-infinity,infinity]'"],
  daterange: ["'[2024-01-01,)'"],
  int8multirange: ["'{}'", "'{[1,2),[5,)}'"],
  "text[]": [`'{}'`, `'{NULL,"NULL","",a,"b,c","d\\"e","f\\\\g"," h "}'`, `'[0:1][-1:0]={{a,b},{c,d}}'`],
  "float8[]": ["'{NaN,-0,5e-324}'"],
  "jsonb[]": [`ARRAY['{"a": "b\\\\c"}'::jsonb, NULL]`],
  oid: ["4294967295"],
  xid8: ["'18446744073709551615'"],
  pg_lsn: ["'FFFFFFFF/FFFFFFFF'"],
  pg_snapshot: ["'10:20:10,14,15'"],
  tid: ["'(4294967295,65535)'"],
  regclass: ["'odd.\"Odd Name\"'"],
  regtype: ["'odd.mood'"],
  regproc: ["'pg_catalog.now'"],
  'odd.mood': ["'good'", "'it''s \"bad\"'"],
  'odd.positive': ["1"],
  'odd.pair': [`ROW(1, 'a "b", (c)')::odd.pair`, "ROW(NULL, '')::odd.pair", "ROW(NULL, NULL)::odd.pair"],
  'odd.pair[]': [`ARRAY[ROW(1, 'x,"y"')::odd.pair]`],
  'odd.span': ["odd.span(1.5, 2.5)"],
  'odd.positive[]': ["'{1,2}'"],
}; // prettier-ignore

const schema = [
  "CREATE SCHEMA odd",
  'CREATE TABLE odd."Odd Name" (n int)',
  `CREATE TYPE odd.mood AS ENUM ('good', 'it''s "bad"')`,
  "CREATE DOMAIN odd.positive AS int CHECK (VALUE > 0)",
  "CREATE TYPE odd.pair AS (n int, t text)",
  "CREATE TYPE odd.span AS RANGE (subtype = float8)",
  `CREATE TABLE odd.types (id int, ${Object.keys(columns)
    .map((type, index) => `c${index} ${type}`)
    .join(", ")})`,
];

test("values of every type come back byte for byte, whatever the sessions of both sides are set to", async () => {
  await using from = await createTestDatabase();
  await using to = await createTestDatabase();
  await using admin = await openPostgres({ url: from.url });
  await using target = await openPostgres({ url: to.url });
  for (const sql of schema) {
    await admin.query(sql);
    await target.query(sql);
  }
  const rows = Math.max(...Object.values(columns).map((values) => values.length));
  for (let row = 0; row < rows; row++) {
    const list = Object.entries(columns).map(([type, values]) => values[row] ?? `NULL::${type}`);
    await admin.query(`INSERT INTO odd.types VALUES (${[row, ...list].join(", ")})`);
  }
  const settings = ["DateStyle = 'German'", "IntervalStyle = 'sql_standard'", "TimeZone = 'Asia/Kolkata'", "extra_float_digits = -5", "bytea_output = 'escape'", "xmloption = document", "search_path = odd"]; // prettier-ignore
  for (const setting of settings) {
    await admin.query(`ALTER DATABASE ${from.name} SET ${setting}`);
    await target.query(`ALTER DATABASE ${to.name} SET ${setting}`);
  }
  await using source = await openPostgres({ url: from.url });
  await using into = await openPostgres({ url: to.url });
  const parts = memoryParts();
  await using snapshot = await openPostgresSnapshot({ postgres: source, parts });
  const tables = await snapshot.dumpRows();
  await restoreRows({ postgres: into, tables, parts, mode: "empty" });
  for (const table of tables)
    expect(await compareTable({ postgres: into, table, parts })).toMatchObject({
      equal: true,
      by: "bytes",
    });
  // By the binary form, which no setting touches. json and xml have one that is their text.
  const binary = async (db: typeof source): Promise<readonly object[]> =>
    await db.withConnection(async (connection) => {
      const chunks: Buffer[] = [];
      const copy = connection.copyOut(
        `COPY (SELECT ${Object.entries(columns)
          .flatMap(([type], index) => (noBinary.has(type) ? [] : [`c${index}`]))
          .join(", ")} FROM odd.types ORDER BY id) TO STDOUT (FORMAT binary)`,
      );
      for await (const chunk of copy) chunks.push(Buffer.from(chunk));
      return [Buffer.concat(chunks)];
    });
  expect(await binary(into)).toEqual(await binary(source));
});

/** Whose binary form has the numbers of this database's objects. */
const noBinary: ReadonlySet<string> = new Set(["regclass", "regtype", "odd.pair", "odd.pair[]", "odd.positive[]"]); // prettier-ignore
