import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { exportWorld } from "../../testing/export-world.ts";

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
