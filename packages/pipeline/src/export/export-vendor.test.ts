import { readFile } from "node:fs/promises";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { exportingBlueprint, exportWorld } from "../../testing/export-world.ts";
import type { PipelineProgress } from "../progress.ts";
import { exportVendor } from "./export-vendor.ts";

const shop = `
enums: { tier: [employee, spouse, family] }
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: born, type: date }
  policies:
    columns:
      - { name: id, type: bigint, pk: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: tier, type: tier }
      - { name: config, type: jsonb }
      - { name: premium, type: "numeric(12,4)" }
      - { name: active, type: boolean }
      - { name: made_at, type: timestamp }
`;

const clients = `INSERT INTO clients (id, name, born) VALUES (1, 'Ann; "the first"', '1980-02-29'), (2, E'Bôb\\nB', NULL)`;
const policies = `INSERT INTO policies VALUES
  (10, 1, 'family', '{"policy": {"number": "G-1"}, "n": 1.50}', 12.5, true, '2026-01-31 04:05:06.789'),
  (9, 2, 'spouse', '{"policy": {"number": "a\\"b"}}', 0, false, NULL),
  (8, NULL, NULL, NULL, NULL, NULL, 'infinity')`;

test("records have the vendor's columns in the vendor's order, codes and formats, and the rows of other tables", async () => {
  await using world = await exportWorld(shop, clients, policies);
  const report = await world.export(`
source: [policies, clients]
output: { format: csv, delimiter: ";", line_end: crlf }
fields:
  - { name: NO, from: client_id, type: varchar(8), format: { pad: 6, fill: "0" } }
  - { name: NAME, from: clients.name, format: upper }
  - { name: POLICY, from: config, path: policy.number, type: varchar(20) }
  - { name: TIER, from: tier, values: { employee: EE, spouse: SP, family: FAM } }
  - { name: PREMIUM, from: premium, format: { decimals: 2, decimal_mark: "," }, default: 0 }
  - { name: ACTIVE, from: active }
  - { name: SOURCE, constant: CTB }
`);
  expect(await world.read()).toBe(
    [
      "NO;NAME;POLICY;TIER;PREMIUM;ACTIVE;SOURCE",
      ";;;;0;;CTB",
      '000002;"BÔB\nB";"a""b";SP;0,00;false;CTB',
      '000001;"ANN; ""THE FIRST""";G-1;FAM;12,50;true;CTB',
      "",
    ].join("\r\n"),
  );
  expect(report).toMatchObject({ read: 3, written: 3, rejected: 0, rejectsFile: undefined });
  expect(report.bytes).toBe((await readFile(`${world.folder}/out`)).length);
});

const pathFields = (column: string): string => `
  - { name: N, from: ${column}, path: n }
  - { name: L0, from: ${column}, path: "l[0]" }
  - { name: K, from: ${column}, path: "l[1].k" }
  - { name: FIRST, from: ${column}, path: "[0]" }
  - { name: PART, from: ${column}, path: "l[1]", type: jsonb }`;

test("values inside of jsonb are exact, names lead into objects only and positions into lists only", async () => {
  await using world = await exportWorld(
    "tables: { docs: { columns: [{ name: id, type: integer, pk: true }, { name: b, type: jsonb }, { name: j, type: json }] } }",
    String.raw`INSERT INTO docs SELECT n, d::jsonb, d::json FROM (VALUES
      (1, '{"n": 12345678901234567890.50, "l": ["x", {"k": "q\"\\\u00e4\n"}]}'), (2, '{"n": null, "l": {"0": "no"}}'), (3, '"plain"'), (4, NULL),
      (5, '{"n": true, "l": "text", "": "empty"}'), (6, '["first"]')) AS t (n, d)`,
  );
  const lines = async (column: string): Promise<readonly unknown[]> => {
    await world.export(`source: docs\noutput: ndjson\nfields:${pathFields(column)}`);
    return ((await world.read()) ?? "")
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
  };
  const none = { N: null, L0: null, K: null, FIRST: null, PART: null };
  const wanted = [
    { ...none, N: "12345678901234567890.50", L0: "x", K: 'q"\\ä\n', PART: { k: 'q"\\ä\n' } },
    none, none, none, { ...none, N: "true" }, { ...none, FIRST: "first" },
  ]; // prettier-ignore
  expect(await lines("b")).toEqual(wanted);
  expect(await lines("j")).toEqual(wanted);
});

test("numbers, booleans and JSON keep their types in NDJSON, and what JSON does not have is rejected", async () => {
  await using world = await exportWorld(
    `tables: { t: { columns: [{ name: id, type: bigint, pk: true }, { name: n, type: numeric }, { name: f, type: double precision }, { name: b, type: boolean }, { name: j, type: json }, { name: x, type: text }] } }`,
    `INSERT INTO t VALUES (9223372036854775807, 12345678901234567890.10, 1e300, true, E'{"a" :\\n [1.50]}', E'"\\\\\\u2028\\x01'),
      (-1, 'NaN', '-Infinity', NULL, NULL, NULL), (0, -0.0, '-0', false, 'null', '')`,
  );
  const report = await world.export(
    "source: t\noutput: ndjson\nfields: { ID: id, N: n, F: f, B: b, J: j, X: x }",
  );
  expect(await world.read()).toBe(
    '{"ID":0,"N":0.0,"F":-0,"B":false,"J":null,"X":""}\n' +
      String.raw`{"ID":9223372036854775807,"N":12345678901234567890.10,"F":1e+300,"B":true,"J":{"a" :  [1.50]},"X":"\"\\` +
      '\u{2028}\\u0001"}\n',
  );
  expect(report.firstErrors.map(({ place, field, code }) => `${place} ${field} ${code}`)).toEqual([
    "t/-1 N out_of_range",
    "t/-1 F out_of_range",
  ]);
});

test("encrypted columns leave in clear, are in no file of rejects, and need the keyring", async () => {
  await using world = await exportWorld(`
tables:
  people:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: tax, type: varchar(20), encrypted: { blind_index: true } }
      - { name: born, type: date, encrypted: true }
      - { name: name, type: text }`);
  await world.db.table("people").insert([
    { id: 1, tax: "SECRET-1", born: "1980-02-29", name: "Ann" },
    { id: 2, tax: "SECRET-TOO-LONG", born: null, name: "Bob" },
    { id: 3, tax: null, born: "0044-03-15 BC", name: "Cäsar" },
    { id: 4, tax: null, born: null, name: "Dan" },
  ]);
  const text = `source: people
fields: { NAME: name, TAX: { from: tax, type: varchar(9) }, BORN: { from: born, format: DD.MM.YYYY } }`;
  const report = await world.export(text);
  expect(await world.read()).toBe("NAME,TAX,BORN\nAnn,SECRET-1,29.02.1980\nDan,,\n");
  const rejects = await world.read("out.rejected.ndjson");
  expect(rejects).toContain('"record":{"NAME":"Bob"}');
  expect(`${rejects}${JSON.stringify(report)}`).not.toMatch(/SECRET|ctb1|0044/);
  await world.run("UPDATE people SET tax = 'ctb1.00000000.AAAA' WHERE id = 1");
  expect((await world.export(text)).firstErrors[0]).toMatchObject({
    place: "people/1",
    field: "TAX",
    code: "not_decryptable",
  });
  const { registry, db: postgres } = world;
  const file = `${world.folder}/none`;
  await expect(
    exportVendor({ registry, postgres }, { blueprint: world.blueprint(text), file }),
  ).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
    message: expect.stringContaining("people.tax, people.born"),
  });
  expect(await world.files()).toEqual(["out", "out.rejected.ndjson"]);
});

test("only rows that the blueprint wants are records, and each of them once", async () => {
  await using world = await exportWorld(shop, clients, policies);
  const ids = async (where: string): Promise<string | undefined> => {
    await world.export(
      `source: [policies, clients]\noutput: { format: csv, header: false }\nwhere: ${where}\nfields: { ID: id }`,
    );
    return await world.read();
  };
  expect(await ids("{ tier: [family, null] }")).toBe("8\n10\n");
  expect(await ids(`{ active: true, clients.name: 'Ann; "the first"' }`)).toBe("10\n");
  expect(await ids("{ premium: 12.5 }")).toBe("10\n");
  expect(await ids("{ clients.born: null, active: [true, false] }")).toBe("9\n");
});

test("rows larger than what comes at once, thousands of values that are remembered, and any name or key", async () => {
  await using world = await exportWorld(
    `
schema: Sales ü
tables:
  "My Table":
    pk: [b, "Ä"]
    columns:
      - { name: "Ä", type: text, nullable: false }
      - { name: b, type: integer, nullable: false }
      - { name: big, type: text }
      - { name: code, type: varchar(10) }`,
    `INSERT INTO "Sales ü"."My Table" SELECT 'k/' || n, n % 7, CASE WHEN n % 4000 = 0 THEN repeat(E'x"\\t', 300000) END, n % 6000 FROM generate_series(1, 12000) n`,
  );
  const report = await world.export(`source: My Table
fields:
  - { name: KEY, from: "Ä" }
  - { name: BIG, from: big, format: upper }
  - { name: CODE, from: code, values: { "5999": Z }, otherwise: keep }
  - { name: SHORT, from: code, type: varchar(3) }`);
  const { rows } = await world.db.query<Record<"k" | "big" | "code" | "b", string>>(
    `SELECT "Ä" AS k, upper(big) AS big, code, b::text FROM "Sales ü"."My Table"`,
  );
  const sorted = rows.toSorted(
    (one, two) =>
      Number(one.b) - Number(two.b) || Buffer.compare(Buffer.from(one.k), Buffer.from(two.k)),
  );
  const wanted = sorted
    .filter(({ code }) => code.length <= 3)
    .map(
      ({ k, big, code }) =>
        `${k},${big === null ? "" : `"${big.replaceAll('"', '""')}"`},${code},${code}\n`,
    );
  const content = await world.read();
  expect(content === `KEY,BIG,CODE,SHORT\n${wanted.join("")}`).toBe(true);
  expect(report).toMatchObject({ read: 12_000, written: wanted.length });
  expect(report.firstErrors[0]?.place).toMatch(/^My%20Table\/0,k%2F\d+$/);
});

test("a blueprint of another registry is refused", async () => {
  await using world = await exportWorld(shop, clients);
  const other = "tables: { things: { columns: [{ name: id, type: integer, pk: true }] } }";
  const blueprint = exportingBlueprint("source: things\nfields: { ID: id }", parseRegistry(other));
  await expect(
    world.export("source: clients\nfields: { ID: id }", { blueprint }),
  ).rejects.toMatchObject({ code: "INVALID_BLUEPRINT" });
});

test("progress tells an estimate first, and then every row", async () => {
  await using world = await exportWorld(shop, clients, policies, "ANALYZE");
  const events: PipelineProgress[] = [];
  await world.export("source: policies\nfields: { ID: id }", {
    onProgress: (event) => events.push(event),
  });
  expect(events[0]).toEqual({ kind: "step", step: "export", detail: "acme" });
  expect(events[1]).toEqual({ kind: "total", name: "rows", items: 3 });
  expect(
    events.slice(2).reduce((sum, event) => sum + (event.kind === "count" ? event.items : 0), 0),
  ).toBe(3);
});
