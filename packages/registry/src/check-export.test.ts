import { expect, test } from "vitest";
import { checkBlueprint, formatProblem, parseBlueprint, parseRegistry } from "./index.ts";

const registry = parseRegistry(`
enums: { status: [active, gone] }
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: "varchar(20)", nullable: false }
      - { name: secret, type: text, encrypted: { blind_index: true } }
      - { name: status, type: status }
      - { name: is_new, type: boolean }
      - { name: size, type: integer }
      - { name: price, type: "numeric(10,2)" }
      - { name: born, type: date }
      - { name: noon, type: time }
      - { name: key, type: uuid }
      - { name: tags, type: "text[]" }
      - { name: config, type: jsonb }
  orders:
    columns:
      - { name: id, type: bigint, pk: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: amount, type: integer }
`);

function problemsOf(text: string): readonly string[] {
  return checkBlueprint({ file: "b", text }, registry).problems.map((problem) =>
    formatProblem({ ...problem, hint: "" }).replace(" ()", ""),
  );
}

const exporting = (more: string): string =>
  `{ vendor: v, version: 1, export: { ${more}, fields: { A: { constant: 1 } } } }`;

/** The problems of one field of `clients`: their paths from the field on. */
function problemsOfField(field: string, output = "csv"): readonly string[] {
  const head = `vendor: v\nversion: 1\nexport:\n  source: clients\n  output: ${output}\n`;
  return problemsOf(`${head}  fields:\n    - { name: F, ${field} }\n`).map((line) =>
    line.replace(/^b:7:\d+ export\.fields\[0\]\./, ""),
  );
}

test.each([
  [
    "from: name, type: serial",
    "type: a serial counts up by itself, which a vendor's field does not",
  ],
  ["from: is_new, type: integer", "type: no value of boolean is one of integer"],
  ["from: born, type: timestamptz", "type: no value of date is one of timestamptz"],
  ["from: tags, type: jsonb", "type: no value of text[] is one of jsonb"],
  ['from: is_new, type: "varchar(3)"', "type: a boolean has 4 characters, more than 3 characters"],
  [
    "from: born, type: date, format: YYYYMMDD",
    "format: what the format prints is a text, not a date",
  ],
  [
    "from: price, type: integer, format: { pad: 8 }",
    "format: what the format prints is a text, not a integer",
  ],
  [
    'from: born, type: "varchar(6)", format: YYYYMMDD',
    "format: what the format prints has at least 8 characters, more than 6 characters",
  ],
  [
    'from: price, type: "varchar(6)", format: { digits: 6, group_mark: " " }',
    "format: what the format prints has at least 7 characters, more than 6 characters",
  ],
  [
    "from: is_new, values: { yes: Y, true: T }, otherwise: keep",
    'values.yes: a boolean has no value "yes"',
  ],
  ["from: size, values: { many: Y }", 'values.many: "many" is not a value of integer'],
  [
    'from: noon, format: "DD HH:mm"',
    "format: DD cannot be in the date pattern of time, which has no date",
  ],
  [
    "from: born, format: YYYY-mm-DD",
    'format: the date pattern "YYYY-mm-DD" has mm, the minutes, without HH: the month is MM',
  ],
  [
    'from: config, path: at, format: "HH:MM"',
    'format: the date pattern "HH:MM" has MM, the month, between times: the minutes are mm',
  ],
  [
    "from: price, values: { 1.5: A, 2: B, 01.50: C }",
    'values["01.50"]: "01.50" and "1.5" are one value of numeric',
  ],
  [
    "type: jsonb, from: name, values: { a: 1.50 }",
    "values.a: the number 1.50 cannot be kept as it is in JSON",
  ],
  ["type: jsonb, constant: 007", "constant: the number 007 cannot be kept as it is in JSON"],
  [
    String.raw`from: config, path: '["a\u0000"]'`,
    String.raw`path: "[\"a\\u0000\"]" is not a JSON path`,
  ],
  ['from: config, path: "tiers.*"', 'path: "tiers.*" is not a JSON path'],
  ["constant: 1, values: { 1: 2 }", 'values: "values" means nothing for a constant'],
])("the field { %s } is refused", (field, problem) => {
  expect(problemsOfField(field)).toEqual([problem]);
});

test.each([
  "from: size, type: bigint",
  "from: born, type: date, format: YYYY-MM-DD",
  'from: price, type: "numeric(12,2)", format: { decimals: 2 }',
  "from: is_new, type: text",
  "from: config, type: json",
  "from: born, format: MM/DD",
  'from: size, default: "n/a"',
])("the field { %s } is good", (field) => {
  expect(problemsOfField(field)).toEqual([]);
});

test("a rule in a map is for the field that it stands under", () => {
  expect(
    problemsOf(
      "{ vendor: v, version: 1, export: { source: clients, fields: { A: { name: B, from: name } } } }",
    ),
  ).toEqual(['b:1:68 export.fields.A.name: "name" means nothing here: the field is "A"']);
});

test.each([
  ["width: 2, constant: ABC", 'constant: "ABC" is longer than the width 2'],
  ["width: 2, from: name, default: none", 'default: "none" is longer than the width 2'],
  ["width: 2, from: name, values: { a: AAA }", 'values: "AAA" is longer than the width 2'],
  [
    "width: 2, from: name, values: { a: A }, otherwise: { value: BBB }",
    'otherwise: "BBB" is longer than the width 2',
  ],
  [
    "width: 6, from: born, format: YYYYMMDD",
    "format: what the format prints has at least 8 characters, more than the width 6",
  ],
  [
    "width: 6, from: size, format: { digits: 4, decimals: 2 }",
    "format: what the format prints has at least 7 characters, more than the width 6",
  ],
  [
    'width: 6, from: size, fill: "0"',
    'fill: integer filled up with "0" on the right cannot be told from other numbers',
  ],
  [
    'width: 9, from: config, path: n, format: { decimals: 2 }, fill: "9", align: right',
    'fill: a number filled up with "9" on the left cannot be told from other numbers',
  ],
  ["width: 6, from: born", "width: a date has at least 8 characters, more than the width 6"],
  ["width: 3, from: status", "width: a status has at least 4 characters, more than the width 3"],
  ["width: 30, from: key", "width: a uuid has 36 characters, more than the width 30"],
  [
    'width: 5, constant: "a\\nb"',
    'constant: "a\\nb" has a line end, which a line of fixed width cannot hold',
  ],
  [
    'width: 5, from: name, fill: "\\n"',
    'fill: the fill must be one character of a line, not "\\n"',
  ],
])("in a fixed-width file { %s } is refused", (field, problem) => {
  expect(problemsOfField(field, "fixed-width")).toEqual([problem]);
});

test("a field whose values have a type takes no other default", () => {
  const problem = 'default: "n/a" is not a value of integer';
  expect(problemsOfField('from: size, default: "n/a"', "ndjson")).toEqual([problem]);
  expect(problemsOfField('from: size, default: "n/a"', "{ format: table, table: t }")).toEqual([
    problem,
  ]);
});

test("a vendor's table has a name of its own, and columns that PostgreSQL can have", () => {
  const long = "x".repeat(64);
  expect(
    problemsOf(`
vendor: v
version: 1
export:
  source: clients
  output: { format: table, table: orders }
  fields:
    - { name: ${long}, from: name }
    - { name: ctid, from: name }
`),
  ).toEqual([
    'b:6:35 export.output.table: the table "orders" is one of the registry\'s own',
    `b:8:15 export.fields[0].name: the name ${JSON.stringify(`${long.slice(0, 57)}…`)} is 64 bytes long, PostgreSQL cuts names behind 63`,
    'b:9:15 export.fields[1].name: the name "ctid" is taken: each table of PostgreSQL has such a column',
  ]);
  const fields = Array.from({ length: 1601 }, (_, index) => `f${index}: name`).join(", ");
  const text = `{ vendor: v, version: 1, export: { source: clients, output: { format: table, table: t }, fields: { ${fields} } } }`;
  expect(problemsOf(text)).toEqual([
    "b:1:98 export.fields: a table has at most 1600 columns, not 1601",
  ]);
});

test.each([
  ["public.orders", 'the table "public.orders" is one of the registry\'s own'],
  ["ctb_data.x", 'the schema "ctb_data" is no vendor\'s'],
  ["pg_temp.x", 'the schema "pg_temp" is no vendor\'s'],
  ["acme.", 'the name "" is empty'],
])("a vendor's table cannot be %s", (table, problem) => {
  const output = `output: { format: table, table: ${table} }`;
  expect(problemsOf(exporting(`source: clients, ${output}`))).toEqual([
    `b:1:85 export.output.table: ${problem}`,
  ]);
});

test("a vendor's table may have the name of one of the registry's in a schema of its own, and each name 63 bytes", () => {
  const long = "x".repeat(63);
  for (const table of ["acme.orders", "acme.a.b", `${long}.${long}`])
    expect(
      problemsOf(exporting(`source: clients, output: { format: table, table: ${table} }`)),
    ).toEqual([]);
});

test("a key that nobody knows is refused: it may have been there to keep rows back", () => {
  expect(problemsOf(exporting("source: clients, filter: { status: gone }"))).toEqual([
    'b:1:53 export: unknown key "filter"',
  ]);
});

test("an export needs a table", () => {
  expect(problemsOf(exporting("source: []"))).toEqual([
    "b:1:34 export: an export needs at least one table in its source",
  ]);
});

test("an export may say which rows are records", () => {
  const { export: found } = parseBlueprint(
    exporting("source: [orders, clients], where: { amount: [1, 2, null], clients.status: gone }"),
    registry,
  );
  expect(found?.where).toEqual([
    { table: "orders", column: "amount", values: [1, 2, null] },
    { table: "clients", column: "status", values: ["gone"] },
  ]);
  expect(parseBlueprint(exporting("source: orders"), registry).export?.where).toEqual([]);
});

test("a condition keeps each digit of its numbers, and of texts that look like them", () => {
  const where = "where: { id: [9007199254740993, 1], clients.name: 007, clients.price: 1.50 }";
  const { export: found } = parseBlueprint(
    exporting(`source: [orders, clients], ${where}`),
    registry,
  );
  expect(found?.where.map(({ values }) => values)).toEqual([
    ["9007199254740993", 1],
    ["007"],
    ["1.50"],
  ]);
});

test("conditions that no row can fit are refused", () => {
  expect(
    problemsOf(
      exporting(
        "source: clients, where: { stauts: gone, status: [gone, lost], secret: x, config: {}, tags: a, size: [], name: {}, secret_bidx: y }",
      ),
    ),
  ).toEqual([
    'b:1:62 export.where.stauts: "clients" has no column "stauts", did you mean "status"?',
    'b:1:91 export.where.status[1]: the enum "status" has no value "lost"',
    'b:1:98 export.where.secret: the column "secret" is encrypted, so that it cannot be compared with a value',
    'b:1:109 export.where.config: the column "config" is jsonb, so that it cannot be compared with a value',
    'b:1:121 export.where.tags: the column "tags" is text, so that it cannot be compared with a value',
    "b:1:136 export.where.size: must not be empty",
    "b:1:146 export.where.name: must be a text, a number, true, false, null or a list of them, not a map",
    'b:1:150 export.where.secret_bidx: the column "secret_bidx" is a blind index and never leaves the database',
  ]);
  const impossible =
    'source: orders, where: { id: 9223372036854775808, amount: , orders.amount: 1, client_id: "24" }';
  expect(problemsOf(exporting(impossible))).toEqual([
    'b:1:65 export.where.id: "9223372036854775808" is not a value of bigint',
    "b:1:94 export.where.amount: there is no value",
    'b:1:96 export.where["orders.amount"]: the column "orders.amount" is here twice: as "amount" too',
  ]);
  expect(problemsOf(exporting("source: clients, where: name"))).toEqual([
    'b:1:60 export.where: must be a map of columns and values, not "name"',
  ]);
});

/** The problems of two fields with values, of the rows that fit. */
const problemsWhere = (where: string): readonly string[] =>
  problemsOf(
    `{ vendor: v, version: 1, export: { source: clients, where: ${where}, fields: { A: { from: status, values: { active: A } }, B: { from: is_new, values: { false: N } } } } }`,
  ).map((line) => line.replace(/^\S+ /, ""));

test("values that the conditions leave out need no word of the vendor's", () => {
  expect(problemsWhere("{ status: active, clients.is_new: [false, null] }")).toEqual([]);
  expect(problemsWhere("{ status: [gone, null], name: active }")).toEqual([
    'export.fields.A.values: records with "gone" will be rejected',
    'export.fields.B.values: records with "true" will be rejected',
  ]);
});
