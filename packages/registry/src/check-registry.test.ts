import { expect, test } from "vitest";
import { checkRegistry, formatProblem, parseRegistry, RegistryError } from "./index.ts";

function problemsOf(text: string, strict = false): readonly string[] {
  return checkRegistry([{ file: "r.yml", text }], { strict }).problems.map(formatProblem);
}

test("the smallest file of the design is a registry", () => {
  const registry = parseRegistry(`
tables:
  clients:
    columns:
      - name: id
        type: serial
        primary_key: true
      - name: name
        type: varchar(255)
        nullable: false
      - name: email
        type: varchar(255)
        unique: true
`);
  const clients = registry.tables.get("clients");
  expect(registry.schema).toBe("public");
  expect([...(clients?.columns.keys() ?? [])]).toEqual(["id", "name", "email"]);
  expect(clients?.columns.get("id")?.nullable).toBe(false);
  expect(clients?.columns.get("name")?.nullable).toBe(false);
  expect(clients?.columns.get("email")?.nullable).toBe(true);
  expect(clients?.primaryKey?.name).toBe("clients_pkey");
  expect(clients?.uniques.map(({ name, columns }) => [name, columns])).toEqual([
    ["clients_email_key", ["email"]],
  ]);
  expect(clients?.columns.get("email")?.source).toEqual({
    file: "registry.yml",
    line: 11,
    column: 9,
  });
});

test("a misspelled key is an error at its line and column, with the key that was meant", () => {
  const text = [
    "tables:",
    "  clients:",
    "    columns:",
    "      - name: id",
    "        type: serial",
    "        pk: true",
    "      - name: name",
    "        type: text",
    "        nulable: false",
  ].join("\n");
  expect(
    checkRegistry([{ file: "clnt_column_registry.yml", text }]).problems.map(formatProblem),
  ).toEqual([
    'clnt_column_registry.yml:9:9 tables.clients.columns[1]: unknown key "nulable", did you mean "nullable"?',
  ]);
});

test("a key that is near to no other is a warning, and an error when strict", () => {
  const text =
    "tables:\n  t:\n    columns:\n      - { name: a, type: text, compliance_grade: 7 }\n";
  const { registry, problems } = checkRegistry([{ file: "r.yml", text }]);
  expect(registry?.tables.has("t")).toBe(true);
  expect(
    problems.map(({ severity, code, line, column }) => [severity, code, line, column]),
  ).toEqual([["warning", "unknown-key", 4, 32]]);
  expect(checkRegistry([{ file: "r.yml", text }], { strict: true }).registry).toBeUndefined();
});

test("metadata is free, and stays as it is", () => {
  const registry = parseRegistry(`
meta: { nulable: 1 }
x-anchors: &text { type: text }
tables:
  t:
    meta: { nulable: true, list: [1, two], constructor: x, __proto__: y }
    columns:
      - { name: a, type: text, meta: { tpye: x } }
`);
  const meta = registry.tables.get("t")?.meta ?? {};
  expect(Object.entries(meta)).toEqual([
    ["nulable", true],
    ["list", [1, "two"]],
    ["constructor", "x"],
    ["__proto__", "y"],
  ]);
  expect(Object.getPrototypeOf(meta)).toBe(Object.prototype);
  expect(registry.tables.get("t")?.columns.get("a")?.meta).toEqual({ tpye: "x" });
});

test("all problems come at once, in the order of the lines", () => {
  expect(
    problemsOf(`
version: 2
tables:
  a:
    columns:
      - { name: x, type: txt }
      - { name: y, type: text, nullable: nope }
      - { type: text }
    pk: z
  b:
    columns: { id: serial }
`),
  ).toEqual([
    "r.yml:2:10 version: the version must be 1, not the number 2 (a newer ctb-data may read it)",
    'r.yml:6:26 tables.a.columns[0].type: unknown type "txt", did you mean "text"?',
    'r.yml:7:42 tables.a.columns[1].nullable: must be true or false, not "nope"',
    'r.yml:8:9 tables.a.columns[2]: the key "name" is missing',
    'r.yml:11:14 tables.b.columns: the columns must be a list (write each as "- name: …" and its type below)',
  ]);
});

test("the error names each problem, and carries them", () => {
  const thrown = catchError(() =>
    parseRegistry("tables:\n  t:\n    columns: []\n    tgas: [x]\n", { file: "db/r.yml" }),
  );
  expect(thrown).toBeInstanceOf(RegistryError);
  expect(thrown).toMatchObject({
    code: "INVALID_REGISTRY",
    message: [
      "The registry has 2 problems:",
      "  db/r.yml:3:5 tables.t.columns: a table needs at least one column",
      '  db/r.yml:4:5 tables.t: unknown key "tgas", did you mean "tags"?',
    ].join("\n"),
    problems: [{ line: 3 }, { line: 4 }],
  });
});

test("warnings are handed to whoever asks for them", () => {
  const warnings: string[] = [];
  parseRegistry("somebodys_own: 1\ntables: { t: { columns: [{ name: a, type: text }] } }", {
    onWarning: ({ message }) => warnings.push(message),
  });
  expect(warnings).toEqual(['unknown key "somebodys_own"']);
});

test("values of the wrong kind are named with what they should be", () => {
  expect(
    problemsOf(`
schema: [a]
tables:
  t:
    tags: core
    columns:
      - { name: 12, type: text }
      - { name: a, type: text, references: 5 }
      - { name: b, type: text, references: { table: t, on_delete: cascad } }
      - { name: c, type: text, min: few }
      - { name: d, type: text, format: emial }
      - { name: e, type: text, default: [1] }
      - text
  u: 5
`).map((problem) => problem.replace(/ \(.*/, "")),
  ).toEqual([
    "r.yml:2:9 schema: must be the name of a schema, not a list",
    'r.yml:5:11 tables.t.tags: must be a list, not "core"',
    "r.yml:7:17 tables.t.columns[0].name: must be a text, not the number 12",
    "r.yml:8:44 tables.t.columns[1].references: must be table.column, or a map of table and column, not the number 5",
    'r.yml:9:67 tables.t.columns[2].references.on_delete: must be no action, restrict, cascade, set null or set default, not "cascad", did you mean "cascade"?',
    'r.yml:10:37 tables.t.columns[3].min: must be a number, not "few"',
    'r.yml:11:40 tables.t.columns[4].format: must be email, url, uri, hostname, ipv4, ipv6, phone or slug, not "emial", did you mean "email"?',
    `r.yml:12:41 tables.t.columns[5].default: must be an SQL expression, as in now() or "'active'", not a list`,
    'r.yml:13:9 tables.t.columns[6]: must be a map, not "text"',
    "r.yml:14:3 tables.u: must be a map, not the number 5",
  ]);
});

test("a folder's files are merged, and what two of them declare is named at both places", () => {
  const { problems } = checkRegistry([
    { file: "a.yml", text: "schema: one\ntables: { t: { columns: [{ name: a, type: text }] } }" },
    { file: "b.yml", text: "schema: two\ntables:\n  t: { columns: [{ name: a, type: text }] }\n" },
  ]);
  expect(problems.map(formatProblem)).toEqual([
    'b.yml:1:9 schema: the schema is "two" here, but "one" at a.yml:1 (a registry has one schema)',
    'b.yml:3:3 tables.t: tables: "t" is declared twice, the first time at a.yml:2',
  ]);
});

test("tables of one file reference those of another", () => {
  const { registry, problems } = checkRegistry([
    {
      file: "a.yml",
      text: "tables: { a: { columns: [{ name: b_id, type: integer, references: b.id }] } }",
    },
    { file: "b.yml", text: "tables: { b: { columns: [{ name: id, type: serial, pk: true }] } }" },
  ]);
  expect(problems).toEqual([]);
  expect(registry?.files).toEqual(["a.yml", "b.yml"]);
  expect(registry?.tables.get("a")?.foreignKeys[0]?.referencedTable).toBe("b");
});

test("a table keeps its place and the names that JavaScript would reorder or lose", () => {
  const registry = parseRegistry(`
tables:
  zebra: { columns: [{ name: a, type: text }] }
  "2": { columns: [{ name: "10", type: text }, { name: "9", type: text }] }
  1: { columns: [{ name: __proto__, type: text }, { name: constructor, type: text }] }
  __proto__: { columns: [{ name: toString, type: text }] }
`);
  expect([...registry.tables.keys()]).toEqual(["zebra", "2", "1", "__proto__"]);
  expect([...(registry.tables.get("2")?.columns.keys() ?? [])]).toEqual(["10", "9"]);
  expect([...(registry.tables.get("1")?.columns.keys() ?? [])]).toEqual([
    "__proto__",
    "constructor",
  ]);
});

test("a mixin's columns and constraints come behind the table's own, each at its own place", () => {
  const registry = parseRegistry(`
mixins:
  stamped:
    columns:
      - { name: created_at, type: timestamptz, nullable: false, default: now() }
      - { name: author_id, type: integer, references: people.id }
    indexes: [created_at]
tables:
  people: { mixins: stamped, columns: [{ name: id, type: serial, pk: true }] }
  notes: { mixins: [stamped], columns: [{ name: id, type: serial, pk: true }] }
`);
  const notes = registry.tables.get("notes");
  expect([...(notes?.columns.keys() ?? [])]).toEqual(["id", "created_at", "author_id"]);
  expect(notes?.columns.get("created_at")?.source.line).toBe(5);
  expect(notes?.indexes[0]?.name).toBe("notes_created_at_idx");
  expect(notes?.foreignKeys[0]?.name).toBe("notes_author_id_fkey");
});

test("a fault in a mixin is reported once, however many tables use it", () => {
  expect(
    problemsOf(`
mixins:
  m: { columns: [{ name: x, type: txt }] }
tables:
  a: { mixins: [m], columns: [{ name: id, type: serial }] }
  b: { mixins: [m, n], columns: [{ name: id, type: serial }] }
`),
  ).toEqual([
    'r.yml:3:35 mixins.m.columns[0].type: unknown type "txt", did you mean "text"?',
    'r.yml:6:20 tables.b.mixins[1]: there is no mixin "n", did you mean "m"?',
  ]);
});

test("a file that declares nothing is refused, an empty map of tables is a registry", () => {
  expect(problemsOf("# nothing\n")).toEqual([
    'r.yml:1:1: the registry declares nothing (begin with the key "tables")',
  ]);
  expect(problemsOf("")).toHaveLength(1);
  expect(problemsOf("- a\n")).toEqual([
    'r.yml:1:1: the file must be a map with the key "tables", not a list',
  ]);
  expect(parseRegistry("tables: {}").tables.size).toBe(0);
});

test("ids and old names must say one thing", () => {
  expect(
    problemsOf(`
tables:
  a:
    id: t1
    renamed_from: b
    columns:
      - { name: x, type: text, id: c1, renamed_from: y }
      - { name: y, type: text, id: c1 }
  b: { id: t1, columns: [{ name: x, type: text }] }
`),
  ).toEqual([
    'r.yml:5:5 tables.a.renamed_from: there still is a table "b" (leave renamed_from out)',
    'r.yml:7:54 tables.a.columns[0].renamed_from: the table still has a column "y" (leave renamed_from out)',
    'r.yml:8:36 tables.a.columns[1].id: the id "c1" is also that of the column at r.yml:7',
    'r.yml:9:8 tables.b.id: the id "t1" is also that of the table "a"',
  ]);
});

test("names that PostgreSQL would cut, refuse or not print are refused", () => {
  const long = "é".repeat(32);
  const messages = checkRegistry([
    {
      file: "r.yml",
      text: `
schema: pg_mine
tables:
  "": { columns: [{ name: a, type: text }] }
  ${long}: { columns: [{ name: a, type: text }] }
  t: { columns: [{ name: "a\\nb", type: text }, { name: ctid, type: text }, { name: "", type: text }] }
`,
    },
  ]).problems.map(({ message }) => message);
  expect(messages).toEqual([
    'the schema "pg_mine" is PostgreSQL\'s own',
    'the name "" is empty',
    `the name "${long}" is 64 bytes long, PostgreSQL cuts names behind 63`,
    'the name "a\\nb" has a control character',
    'the name "ctid" is taken: each table of PostgreSQL has such a column',
    "must not be empty",
  ]);
});

test("an enum has texts, each once, in its short and its long form", () => {
  const registry = parseRegistry(`
enums:
  status: [active, gone]
  level:
    description: How far.
    values: [low, { value: high, deprecated: { since: 2026-01-01 } }]
tables:
  t: { columns: [{ name: a, type: status }, { name: b, enum: level }, { name: c, type: "status[]" }] }
`);
  const columns = registry.tables.get("t")?.columns;
  expect(columns?.get("a")?.type).toEqual({
    name: "status",
    kind: "enum",
    values: ["active", "gone"],
    dimensions: 0,
  });
  expect(columns?.get("b")?.type).toMatchObject({ name: "level", values: ["low", "high"] });
  expect(columns?.get("c")?.type).toMatchObject({ name: "status", dimensions: 1 });
  expect(
    problemsOf(`
enums:
  a: [x, x]
  b: []
  c: [1, true]
  d: { value: [x] }
  e: [${"y".repeat(64)}]
tables:
  t: { columns: [{ name: p, type: d }, { name: q, enum: f }] }
  a: { columns: [{ name: p, type: text }] }
`).map((problem) => problem.replace(/ \(.*/, "")),
  ).toEqual([
    'r.yml:3:10 enums.a[1]: the value "x" is here twice',
    "r.yml:4:3 enums.b: an enum needs at least one value",
    "r.yml:5:7 enums.c[0]: a value of an enum is a text, not the number 1",
    "r.yml:5:10 enums.c[1]: a value of an enum is a text, not true",
    'r.yml:6:3 enums.d: the key "values" is missing',
    'r.yml:6:8 enums.d: unknown key "value", did you mean "values"?',
    `r.yml:7:7 enums.e[0]: the value "${"y".repeat(57)}…" is 64 bytes long, PostgreSQL allows 63`,
    'r.yml:9:57 tables.t.columns[1].enum: there is no enum "f", did you mean "a"?',
    'r.yml:10:3 tables.a: the enum at r.yml:3 has the name "a" too, and PostgreSQL makes a type of each table',
  ]);
});

test("a number that cannot be kept exactly is refused, except as the text of a default", () => {
  const { registry, problems } = checkRegistry([
    {
      file: "r.yml",
      text: "tables: { t: { columns: [{ name: a, type: bigint, default: 9223372036854775807, examples: [9223372036854775807] }] } }",
    },
  ]);
  expect(registry).toBeUndefined();
  expect(problems.map(({ message }) => message)).toEqual([
    "the number 9223372036854775807 has more digits than can be kept",
  ]);
  expect(
    parseRegistry(
      "tables: { t: { columns: [{ name: a, type: bigint, default: 9223372036854775807 }] } }",
    )
      .tables.get("t")
      ?.columns.get("a")?.default,
  ).toBe("9223372036854775807");
});

test("a thousand warnings hide no error, and are none themselves", () => {
  const keys = Array.from({ length: 1200 }, (_, index) => `    ui_${index}: 1`).join("\n");
  const text = `tables:\n  t:\n${keys}\n    columns: [{ name: a, type: text }]\n`;
  const checked = checkRegistry([{ file: "r.yml", text }]);
  expect(checked.registry?.tables.size).toBe(1);
  expect(checked.problems).toHaveLength(1001);
  expect(checked.problems.some(({ severity }) => severity === "error")).toBe(false);
  const { registry, problems } = checkRegistry([
    { file: "r.yml", text: text.replace("type: text", "type: txt") },
  ]);
  expect(registry).toBeUndefined();
  expect(problems.filter(({ severity }) => severity === "error")).toMatchObject([
    { code: "unknown-type", line: 1203 },
  ]);
});

const times = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("");

// Each of these took minutes, or all memory, when something in the check was quadratic.
test.for<readonly [string, string]>([
  [
    "there are more than 1000 errors: the others are not listed",
    `tables:\n${times(10_000, (index) => `  table_${index}: { columns: [{ name: a, type: text, references: tabel_${index}.id }] }\n`)}`,
  ],
  [
    "the mixins repeat so much that the registry would be too large",
    `mixins:\n  m:\n    columns:\n${times(1500, (index) => `      - { name: c${index}, type: text }\n`)}tables:\n${times(40_000, (index) => `  t${index}: { mixins: m }\n`)}`,
  ],
  [
    "these are 100000 columns, PostgreSQL allows 32",
    `tables: { t: { columns: [{ name: a, type: text }], indexes: [[${"lower(a),".repeat(100_000)}]] } }`,
  ],
])("a file that asks for too much ends soon: %s", ([message, text]) => {
  const { registry, problems } = checkRegistry([{ file: "r.yml", text }]);
  expect(registry).toBeUndefined();
  expect(problems.map((problem) => problem.message)).toContain(message);
});

test("an enum cannot have the name of a type, which a column would mean by it", () => {
  for (const name of ["text", "INT4", "timestamp with time zone"]) {
    const text = `enums: { ${name}: [a] }\ntables: { t: { columns: [{ name: a, type: ${name} }] } }`;
    expect(checkRegistry([{ file: "r.yml", text }]).problems).toMatchObject([
      {
        code: "invalid-name",
        line: 1,
        message: `the name "${name}" is that of a type of PostgreSQL`,
      },
    ]);
  }
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
