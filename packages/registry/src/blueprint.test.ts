import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  checkBlueprint,
  formatProblem,
  loadBlueprint,
  loadBlueprints,
  parseBlueprint,
  parseRegistry,
} from "./index.ts";

const registry = parseRegistry(`
enums: { status: [active, gone] }
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: "varchar(20)", nullable: false }
      - { name: email, type: text, encrypted: { blind_index: true } }
      - { name: status, type: status, nullable: false, default: "'active'" }
      - { name: size, type: integer }
      - { name: since, type: date }
      - { name: config, type: jsonb }
    firestore: true
  orders:
    columns:
      - { name: id, type: bigserial, pk: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: payer_id, type: integer, references: clients.id }
  lonely: { columns: [{ name: a, type: text }] }
`);

function problemsOf(text: string): readonly string[] {
  return checkBlueprint({ file: "b.yml", text }, registry).problems.map((problem) =>
    formatProblem({ ...problem, hint: "" }).replace(" ()", ""),
  );
}

describe("intake", () => {
  test("each canonical column says where its value comes from", () => {
    const { intake } = parseBlueprint(
      `
vendor: v
version: 1
intake:
  table: clients
  key: [No, Name]
  columns:
    name: Name
    status: { from: S, values: { A: active, X: gone }, otherwise: { value: gone }, trim: true }
    since: { from: Since, format: DD.MM.YYYY }
    size: { constant: 7 }
    config: { from: Config, default: none, required: true }
`,
      registry,
    );
    expect(intake).toMatchObject({
      format: "csv",
      delimiter: ",",
      table: "clients",
      collection: "clients_intake",
    });
    expect(intake?.key.map(({ column }) => column)).toEqual(["No", "Name"]);
    expect(intake?.columns.get("name")).toMatchObject({
      origin: { kind: "column", column: "Name", path: [] },
      required: true,
      trim: false,
    });
    expect(intake?.columns.get("status")).toMatchObject({
      values: new Map([
        ["A", "active"],
        ["X", "gone"],
      ]),
      otherwise: { value: "gone" },
      trim: true,
      required: false,
    });
    expect(intake?.columns.get("since")?.format).toEqual({ kind: "date", pattern: "DD.MM.YYYY" });
    expect(intake?.columns.get("size")?.origin).toEqual({ kind: "constant", value: 7 });
    expect(intake?.columns.get("config")).toMatchObject({ default: "none", required: true });
  });

  test("records in JSON are reached into by paths", () => {
    const { intake } = parseBlueprint(
      `{ vendor: v, version: 2026-01, intake: { format: ndjson, table: clients, key: id.no, columns: { name: 'person.names[0]', config: { from: $.a, path: '["odd key"].b' } } } }`,
      registry,
    );
    expect(intake?.key).toEqual([{ kind: "column", column: "id", path: ["no"] }]);
    expect(intake?.columns.get("name")?.origin).toEqual({
      kind: "column",
      column: "person",
      path: ["names", 0],
    });
    expect(intake?.columns.get("config")?.origin).toEqual({
      kind: "column",
      column: "a",
      path: ["odd key", "b"],
    });
  });

  test("unknown columns, two sources to one target and a missing required one are refused with line and column", () => {
    expect(
      problemsOf(`
vendor: v
version: 1
intake:
  table: clients
  key: No
  columns:
    - { column: emial, from: E }
    - { column: size, from: A }
    - { column: size, from: B }
    - { column: since, from: A, constant: 2026-01-31 }
    - { column: config }
    - { from: Z }
`),
    ).toEqual([
      'b.yml:8:5 intake.columns: the column "name" of "clients" is required, but nothing is mapped to it',
      'b.yml:8:17 intake.columns[0].column: the table "clients" has no column "emial", did you mean "email"?',
      'b.yml:10:17 intake.columns[2].column: the column "size" gets its value twice, first on line 9',
      'b.yml:11:43 intake.columns[3].constant: two sources: "from" and "constant"',
      'b.yml:12:7 intake.columns[4]: neither "from" nor "constant" says where the value comes from',
      'b.yml:13:7 intake.columns[5]: the key "column" is missing',
    ]);
    expect(
      problemsOf(
        "vendor: v\nversion: 1\nintake:\n  table: clients\n  key: A\n  columns:\n    name: A\n    name: B\n",
      ),
    ).toEqual(['b.yml:8:5: the key "name" is here for the second time, the first is on line 7']);
  });

  test("what cannot be a value of the column is refused", () => {
    expect(
      problemsOf(`
vendor: v
version: 1
intake:
  table: clients
  key: No
  collection: clients
  columns:
    name: { constant: ${"x".repeat(21)} }
    email_bidx: E
    status: { from: S, values: { A: activ }, default: none }
    size: { from: A, format: YYYY, default: much }
    since: { from: B, format: { decimals: 2 }, otherwise: keep }
    config: { from: C, path: a.b }
    email: { from: D, format: YYXX }
`),
    ).toEqual([
      'b.yml:7:15 intake.collection: the collection "clients" holds the documents of the table "clients", so that it cannot take records in too',
      'b.yml:9:23 intake.columns.name.constant: "xxxxxxxxxxxxxxxxxxxxx" is too long for varchar(20)',
      'b.yml:10:5 intake.columns.email_bidx: the column "email_bidx" is a blind index and filled in by itself',
      'b.yml:11:37 intake.columns.status.values.A: the enum "status" has no value "activ", did you mean "active"?',
      'b.yml:11:55 intake.columns.status.default: the enum "status" has no value "none", did you mean "gone"?',
      "b.yml:12:30 intake.columns.size.format: a date pattern cannot be the format of integer",
      'b.yml:12:45 intake.columns.size.default: "much" is not a value of integer',
      "b.yml:13:31 intake.columns.since.format: a number format cannot be the format of date",
      'b.yml:13:59 intake.columns.since.otherwise: "otherwise" means nothing without "values"',
      "b.yml:14:30 intake.columns.config.path: a column of a CSV file has no path into it",
      'b.yml:15:31 intake.columns.email.format: "YYXX" is not a format',
    ]);
  });
});

test("a key of nothing, a null where none may be and a number beyond its type are refused", () => {
  expect(
    problemsOf(`
vendor: v
version: 1
intake:
  table: clients
  key: []
  columns:
    name: { from: N, default: null, values: { a: null }, otherwise: { value: null } }
    size: { constant: 2147483648 }
`),
  ).toEqual([
    "b.yml:6:8 intake.key: the key is empty, so that all records would be one",
    'b.yml:8:31 intake.columns.name.default: "default" gives null to the column "name", which cannot be null',
    'b.yml:8:45 intake.columns.name.values: "values" gives null to the column "name", which cannot be null',
    'b.yml:8:69 intake.columns.name.otherwise: "otherwise" gives null to the column "name", which cannot be null',
    "b.yml:9:23 intake.columns.size.constant: 2147483648 is not a value of integer",
  ]);
});

test("a key that holds what an encrypted column does is warned of: ids can be found out by trying", () => {
  expect(problemsOf(textWithKey("[N]"))).toEqual([]);
  expect(problemsOf(textWithKey("[N, E]"))).toEqual([
    'b.yml:3:32 intake.key: the key holds what the encrypted column "email" does, and can be found out from the ids of documents by trying',
  ]);
});

describe("export", () => {
  test("each of the vendor's fields says where its value comes from, in the vendor's order", () => {
    const { export: exported } = parseBlueprint(
      `
vendor: v
version: 1
export:
  source: [orders, { table: clients, via: client_id }]
  output: { format: fixed-width, line_end: crlf }
  fields:
    - { name: NO, from: id, width: 10, align: right, fill: "0" }
    - { name: NAME, from: clients.name, type: "varchar(30)", required: true, format: upper, width: 30 }
    - { name: STATUS, from: clients.status, values: { active: A, gone: G }, width: 1 }
    - { name: TIER, from: clients.config, path: coverage.tier, values: { family: FAMILY }, otherwise: keep, width: 10 }
    - { name: SINCE, from: clients.since, format: { date: YYYYMMDD }, default: "", width: 8 }
    - { name: SIZE, from: clients.size, format: { digits: 6, decimals: 2, decimal_mark: "" }, width: 8 }
    - { name: SRC, constant: CTB, width: 3 }
`,
      registry,
    );
    expect(exported).toMatchObject({
      tables: ["orders", "clients"],
      output: { format: "fixed-width", lineEnd: "\r\n" },
      orderBy: ["id"],
    });
    expect(
      exported?.joins.map(({ table, from, foreignKey }) => [table, from, foreignKey.columns]),
    ).toEqual([["clients", "orders", ["client_id"]]]);
    expect([...(exported?.fields.keys() ?? [])]).toEqual([
      "NO",
      "NAME",
      "STATUS",
      "TIER",
      "SINCE",
      "SIZE",
      "SRC",
    ]);
    expect(exported?.fields.get("NO")).toMatchObject({
      type: { name: "bigint" },
      width: 10,
      align: "right",
      fill: "0",
      origin: { table: "orders", column: "id" },
    });
    expect(exported?.fields.get("NAME")).toMatchObject({
      type: { name: "varchar", length: 30 },
      format: { kind: "case", to: "upper" },
      required: true,
    });
    expect(exported?.fields.get("STATUS")).toMatchObject({
      otherwise: "reject",
      values: new Map([
        ["active", "A"],
        ["gone", "G"],
      ]),
    });
    expect(exported?.fields.get("TIER")).toMatchObject({
      origin: { path: ["coverage", "tier"] },
      otherwise: "keep",
    });
    expect(exported?.fields.get("SIZE")?.format).toEqual({
      kind: "number",
      digits: 6,
      decimals: 2,
      decimalMark: "",
      groupMark: "",
    });
  });

  test("a map of fields, the shortest form, and each output", () => {
    const outputs = [
      "csv",
      "ndjson",
      '{ format: csv, delimiter: "\\t", header: false, quote: always }',
      "{ format: table, table: out }",
    ].map(
      (output) =>
        parseBlueprint(
          `{ vendor: v, version: 1, export: { source: clients, output: ${output}, fields: { NAME: name } } }`,
          registry,
        ).export?.output,
    );
    expect(outputs).toEqual([
      { format: "csv", delimiter: ",", header: true, quote: "needed", lineEnd: "\n" },
      { format: "ndjson" },
      { format: "csv", delimiter: "\t", header: false, quote: "always", lineEnd: "\n" },
      { format: "table", table: "out" },
    ]);
  });

  test("unknown columns, two sources to one field and fields without a source are refused with line and column", () => {
    expect(
      problemsOf(`
vendor: v
version: 1
export:
  source: [clients, orders]
  order_by: [idd]
  output: { format: ndjson, header: true }
  fields:
    - { name: A, from: nmae }
    - { name: A, from: name }
    - { name: B, required: true }
    - { name: C, from: clients.name, constant: x }
    - { name: D, from: email_bidx }
    - { name: E, from: name, path: a.b }
    - { name: F, from: config, path: "a..b" }
    - { name: G, from: status, values: { activ: A } }
    - { name: H, from: name, type: status }
    - { name: I, from: name, width: 5 }
    - { from: name }
    - { name: J, from: size, type: "varchar(2)", default: none }
`),
    ).toEqual([
      'b.yml:5:21 export.source[1]: no foreign key of "clients" leads to "orders"',
      'b.yml:6:14 export.order_by[0]: the table "clients" has no column "idd", did you mean "id"?',
      'b.yml:7:29 export.output.header: "header" means nothing for the format ndjson',
      'b.yml:9:24 export.fields[0].from: "clients" and "orders" have no column "nmae", did you mean "name"?',
      'b.yml:10:15 export.fields[1].name: the field "A" gets its value twice, first at b.yml:9',
      'b.yml:11:7 export.fields[2]: the field "B" has no source: neither "from" nor "constant"',
      'b.yml:12:48 export.fields[3].constant: two sources: "from" and "constant"',
      'b.yml:13:24 export.fields[4].from: the column "email_bidx" is a blind index and never leaves the database',
      'b.yml:14:36 export.fields[5].path: the column "name" is varchar, there is no path into it',
      'b.yml:15:38 export.fields[6].path: "a..b" is not a JSON path',
      'b.yml:16:40 export.fields[7].values: records with "active", "gone" will be rejected',
      'b.yml:16:49 export.fields[7].values.activ: the enum "status" has no value "activ", did you mean "active"?',
      'b.yml:17:36 export.fields[8].type: unknown type "status"',
      'b.yml:18:37 export.fields[9].width: "width" is for the format fixed-width, not for ndjson',
      'b.yml:19:7 export.fields[10]: the key "name" is missing',
      'b.yml:20:59 export.fields[11].default: "none" is too long for varchar(2)',
    ]);
  });

  test("a way that is not clear is refused", () => {
    expect(problemsOfSource("[orders, clients]")).toEqual([
      'b.yml:3:28 export.source[1]: several foreign keys lead to "clients": orders.client_id, orders.payer_id',
    ]);
    expect(problemsOfSource("[orders, { table: clients, via: id }]")).toEqual([
      'b.yml:3:28 export.source[1]: no foreign key of "orders" leads to "clients" through "id"',
    ]);
    expect(problemsOfSource("[orders, orders]")).toEqual([
      'b.yml:3:28 export.source[1]: the table "orders" is here twice',
    ]);
    expect(problemsOfSource("client")).toEqual([
      'b.yml:3:19 export.source: there is no table "client", did you mean "clients"?',
    ]);
    expect(problemsOfSource("lonely")).toEqual([
      'b.yml:3:9 export: the table "lonely" has no primary key, so that the order of the records is not certain',
    ]);
  });
});

test("a blueprint has a vendor, a version and a direction", () => {
  expect(problemsOf("vendor: v\nverison: 1\n")).toEqual([
    'b.yml:1:1: the key "version" is missing',
    'b.yml:1:1: the key "intake" or "export" is missing',
    'b.yml:2:1: unknown key "verison", did you mean "version"?',
  ]);
  expect(problemsOf("")).toEqual(["b.yml:1:1: the file is empty"]);
  expect(problemsOf("- x\n")).toEqual(["b.yml:1:1: must be a map, not a list"]);
});

test("a folder has one blueprint per file, each vendor's version once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ctb-blueprints-"));
  try {
    await writeFile(join(folder, "a.yml"), textOf(1));
    expect((await loadBlueprint(folder, registry)).vendor).toBe("v");
    await writeFile(join(folder, "b.yml"), textOf(2));
    expect((await loadBlueprints(folder, registry)).map(({ version }) => version)).toEqual([
      "1",
      "2",
    ]);
    await expect(loadBlueprint(folder, registry)).rejects.toMatchObject({ code: "UNREADABLE" });
    await writeFile(join(folder, "c.yml"), textOf(1));
    await expect(loadBlueprints(folder, registry)).rejects.toMatchObject({
      code: "INVALID_BLUEPRINT",
      problems: [{ code: "duplicate-name", file: join(folder, "c.yml") }],
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

function problemsOfSource(source: string): readonly string[] {
  return problemsOf(
    `vendor: v\nversion: 1\nexport: { source: ${source}, fields: { A: { constant: 1 } } }\n`,
  );
}

function textOf(version: number): string {
  return `{ vendor: v, version: ${version}, export: { source: clients, fields: { A: name } } }`;
}

function textWithKey(key: string): string {
  return `vendor: v\nversion: 1\nintake: { table: clients, key: ${key}, columns: { name: N, email: E } }\n`;
}
