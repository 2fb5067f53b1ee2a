import { describe, expect, test } from "vitest";
import { checkBlueprint, formatProblem, parseBlueprint, parseRegistry } from "./index.ts";

const registry = parseRegistry(`
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: "varchar(20)", nullable: false }
      - { name: email, type: text, unique: true }
      - { name: code, type: text, enum: [A1, B2], min: 2, max: 2 }
      - { name: secret, type: text, unique: true, encrypted: { blind_index: true } }
      - { name: is_new, type: boolean }
      - { name: size, type: integer, min: 1 }
      - { name: price, type: "numeric(10,2)" }
      - { name: born, type: date }
      - { name: at, type: timestamptz }
      - { name: noon, type: time }
      - { name: key, type: uuid }
      - { name: tags, type: "text[]" }
      - { name: config, type: jsonb }
    indexes: [{ columns: [size], unique: true }, { columns: [born], unique: true, where: born is not null }]
  orders:
    pk: [id, part]
    columns:
      - { name: id, type: bigint }
      - { name: part, type: integer }
      - { name: client_id, type: integer, references: clients.id }
      - { name: amount, type: integer }
      - { name: owner_id, type: bigint }
      - { name: owner_part, type: integer }
    fk: [{ columns: [owner_id, owner_part], table: orders, references: [id, part] }]
  marks:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: validated, type: boolean }
      - { name: promoted_to, type: text }
      - { name: imo, type: text }
      - { name: _own, type: text }
  lonely: { columns: [{ name: a, type: text }] }
`);

function problemsOf(text: string): readonly string[] {
  return checkBlueprint({ file: "b", text }, registry).problems.map((problem) =>
    formatProblem({ ...problem, hint: "" }).replace(" ()", ""),
  );
}

const intakeOf = (columns: string, more = "table: orders"): string =>
  `{ vendor: v, version: 1, intake: { ${more}, key: No, columns: { id: I, part: P, ${columns} } } }`;

/** The problems of one rule of a column of `clients`: their paths from the column on, in order. */
function problemsOfRule(column: string, rule: string): readonly string[] {
  const head =
    "vendor: v\nversion: 1\nintake:\n  table: clients\n  key: No\n  columns:\n    name: N\n";
  return problemsOf(`${head}    ${column}: ${rule}\n`)
    .map((line) => line.replace(/^b:8:\d+ intake\.columns\./, ""))
    .toSorted();
}

describe("lookup", () => {
  test("the values of a unique column may come instead of the key", () => {
    const { intake } = parseBlueprint(
      intakeOf("client_id: { from: Mail, lookup: email, trim: true }"),
      registry,
    );
    expect(intake?.columns.get("client_id")).toMatchObject({ lookup: "email", trim: true });
    expect(intake?.columns.get("id")).not.toHaveProperty("lookup");
    for (const lookup of ["id", "size"]) {
      expect(problemsOf(intakeOf(`client_id: { from: Mail, lookup: ${lookup} }`))).toEqual([]);
    }
  });

  test("its values are of the type and the rules of the column that is looked up", () => {
    expect(
      problemsOf(intakeOf("client_id: { from: M, lookup: size, default: much, format: upper }")),
    ).toEqual([
      'b:1:132 intake.columns.client_id.default: "much" is not a value of integer',
      "b:1:146 intake.columns.client_id.format: upper and lower cannot be the format of integer",
    ]);
    expect(problemsOf(intakeOf("client_id: { constant: 0, lookup: size }"))).toEqual([
      "b:1:110 intake.columns.client_id.constant: 0 is less than the column's min: 1",
    ]);
  });

  test.each([
    ["client_id", "emial", 'the table "clients" has no column "emial", did you mean "email"?'],
    [
      "client_id",
      "name",
      'the column "name" of "clients" is not unique, so that no row can be looked up by it',
    ],
    [
      "client_id",
      "born",
      'the column "born" of "clients" is not unique, so that no row can be looked up by it',
    ],
    [
      "client_id",
      "secret",
      'the column "secret" of "clients" is encrypted, so that no row can be looked up by it',
    ],
    [
      "client_id",
      "secret_bidx",
      'the column "secret_bidx" of "clients" is a blind index, so that no row can be looked up by it',
    ],
    [
      "amount",
      "email",
      'the column "amount" has no foreign key, so that there is nothing to look up',
    ],
    [
      "owner_id",
      "email",
      'the foreign key of "owner_id" has several columns, so that one value cannot find its row',
    ],
  ])("of %s by %s is refused", (column, lookup, message) => {
    const [problem] = problemsOf(intakeOf(`${column}: { from: M, lookup: ${lookup} }`));
    expect(problem).toMatch(/^b:1:\d\d\d? intake\.columns\.\w+\.lookup: /);
    expect(problem?.split(".lookup: ")[1]).toBe(message);
  });
});

test("columns that documents cannot have are refused, and so is a table whose rows cannot be found again", () => {
  expect(
    problemsOf(`
vendor: v
version: 1
intake:
  table: marks
  key: A
  columns: { id: A, validated: B, promoted_to: C, imo: D, _own: E }
`),
  ).toEqual([
    'b:7:21 intake.columns.validated: the column "validated" cannot come through documents: their field of this name is a mark of the pipeline',
    'b:7:35 intake.columns.promoted_to: the column "promoted_to" cannot come through documents: their field of this name is a mark of the pipeline',
    'b:7:51 intake.columns.imo: the column "imo" cannot come through documents: their field of this name is a mark of the pipeline',
    'b:7:59 intake.columns._own: the column "_own" cannot come through documents: fields that begin with _ are the application\'s own there',
  ]);
  expect(
    problemsOf("{ vendor: v, version: 1, intake: { table: lonely, key: A, columns: { a: A } } }"),
  ).toEqual([
    'b:1:43 intake.table: the table "lonely" has no primary key, so that the row of a record could not be found again',
  ]);
});

test.each([
  ["a/b", 'the collection name "a/b" is none that Firestore has'],
  [".", 'the collection name "." is none that Firestore has'],
  ["__x__", 'the collection name "__x__" is reserved: Firestore keeps __…__ for itself'],
  [
    "validation_failed",
    'the collection "validation_failed" is where the failures of records are kept',
  ],
])("the collection %s is refused", (collection, message) => {
  const text = intakeOf("amount: A", `table: orders, collection: "${collection}"`);
  expect(problemsOf(text)).toEqual([`b:1:63 intake.collection: ${message}`]);
});

test("a source column is in the key once, however it is written, and has a name", () => {
  expect(
    problemsOf(
      `{ vendor: v, version: 1, intake: { format: json, table: clients, key: [a.b, $.a.b, ""], columns: { name: N } } }`,
    ),
  ).toEqual([
    'b:1:77 intake.key[1]: "$.a.b" is in the key twice',
    "b:1:84 intake.key[2]: must not be empty",
  ]);
});

test.each([
  [
    "size",
    "{ column: name, from: A }",
    ['size.column: "column" means nothing here: the rule is for "size"'],
  ],
  [
    "size",
    "{ constant: 1, format: { digits: 2 } }",
    ['size.format: "format" means nothing for a constant'],
  ],
  [
    "size",
    "{ constant: 1, path: a, trim: true, default: 2 }",
    [
      'size.default: "default" means nothing for a constant',
      'size.path: "path" means nothing for a constant',
      'size.trim: "trim" means nothing for a constant',
    ],
  ],
  [
    "email",
    "{ constant: null, required: true }",
    ['email.constant: "required" rejects the null of "constant"'],
  ],
  [
    "email",
    "{ from: A, default: null, required: true }",
    ['email.default: "required" rejects the null that "default" gives'],
  ],
  ["size", "{ from: A, values: {} }", ["size.values: must not be empty"]],
  [
    "size",
    "{ from: A, values: { x: 1 }, format: { digits: 2 } }",
    [
      'size.format: "format" means nothing beside "values": it is for those that "otherwise: keep" keeps',
    ],
  ],
  [
    "size",
    "{ from: A, values: { x: 1 }, otherwise: keep, format: YYYY }",
    ["size.format: a date pattern cannot be the format of integer"],
  ],
])("a rule of %s that can never work is refused: %s", (column, rule, problems) => {
  expect(problemsOfRule(column, rule)).toEqual(problems);
});

test.each([
  ["code", "C3", '"C3" is not in the column\'s list of "enum"'],
  ["size", "0", "0 is less than the column's min: 1"],
  ["price", "1.234", "1.234 is not a value of numeric(10,2)"],
  ["price", "123456789", "123456789 is not a value of numeric(10,2)"],
  ["born", "2026-02-29", '"2026-02-29" is not a value of date'],
  ["born", "31.1.2026", '"31.1.2026" is not a value of date'],
  ["at", "2026-01-31 04:05:06", '"2026-01-31 04:05:06" is not a value of timestamptz'],
  ["noon", "25:00", '"25:00" is not a value of time'],
  ["key", "x", '"x" is not a value of uuid'],
  ["is_new", "yes", '"yes" is not a value of boolean'],
])("%s cannot be %s", (column, value, message) => {
  const problems = problemsOfRule(column, `{ from: A, default: ${value} }`);
  expect(problems).toEqual([`${column}.default: ${message}`]);
});

test.each([
  ["born", "2024-02-29"],
  ["born", "-infinity"],
  ["born", "0044-03-15 BC"],
  ["at", "2026-01-31T04:05:06.789+02:00"],
  ["noon", "24:00"],
  ["price", "-12345678.90"],
  ["tags", '"{a,b}"'],
  ["config", "anything"],
  ["key", "0190163D-8694-739B-AEA5-966C26F8AD91"],
])("%s can be %s", (column, value) => {
  expect(problemsOfRule(column, `{ from: A, default: ${value} }`)).toEqual([]);
});

/** In a map of one line a pattern with a colon needs quotes. */
const formatted = (format: string): string =>
  `{ from: A, format: ${format.startsWith("{") ? format : JSON.stringify(format)} }`;

test.each([
  ["born", "MM-DD", '"MM-DD" cannot be read as date: it lacks YYYY'],
  ["born", "YYYYMM", '"YYYYMM" cannot be read as date: it lacks DD'],
  [
    "at",
    "YYYYMMDD mm",
    'the date pattern "YYYYMMDD mm" has mm, the minutes, without HH: the month is MM',
  ],
  [
    "at",
    "YYYYMMDDHHmmSSS",
    'the date pattern "YYYYMMDDHHmmSSS" has S, a fraction, without ss: the seconds are ss',
  ],
  ["noon", "HH", '"HH" cannot be read as time: it lacks mm'],
  ["noon", "YYYY HH:mm", "YYYY cannot be in the date pattern of time, which has no date"],
  ["born", "D.M.YYYY", '"D.M.YYYY" is not a format'],
  ["born", "YY-MM-DD", '"YY-MM-DD" is not a format, did you mean "YYYY-MM-DD"?'],
  ["at", "YYYY-MM-DDTHH:mm:ssX", '"YYYY-MM-DDTHH:mm:ssX" is not a format'],
  ["at", "YYYYMMDDHHmmssSSSSSSS", 'S is twice in the date pattern "YYYYMMDDHHmmssSSSSSSS"'],
  ["tags", "upper", "upper and lower cannot be the format of text[]"],
  ["config", "{ pad: 5 }", "pad cannot be the format of jsonb"],
  ["is_new", "{ pad: 5 }", "pad cannot be the format of boolean"],
  [
    "size",
    '{ pad: 5, fill: "0", side: right }',
    'integer filled up with "0" on the right cannot be told from other numbers',
  ],
  [
    "size",
    '{ pad: 5, fill: "9" }',
    'integer filled up with "9" on the left cannot be told from other numbers',
  ],
  [
    "size",
    '{ pad: 5, fill: "-" }',
    'integer filled up with "-" on the left cannot be told from other numbers',
  ],
  ["email", '{ pad: 5, fill: "\\n" }', 'the fill must be one character of a line, not "\\n"'],
])("the format of %s cannot be %s", (column, format, message) => {
  expect(problemsOfRule(column, formatted(format))).toEqual([`${column}.format: ${message}`]);
});

test.each([
  ["at", "YYYY-MM-DDTHH:mm:ssZ"],
  ["at", "YYYYMMDD"],
  ["born", "DD.MM.YYYY HH:mm"],
  ["noon", "HHmm"],
  ["size", '{ pad: 5, fill: "0" }'],
  ["size", "{ pad: 5, side: right }"],
  ["key", "{ pad: 40 }"],
])("the format of %s can be %s", (column, format) => {
  expect(problemsOfRule(column, formatted(format))).toEqual([]);
});
