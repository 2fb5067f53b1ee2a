import { runSql } from "../backup/backup-setting.ts";
import type { ExportBlueprint } from "./export-job.ts";

/** Records of a blueprint and its client, as vendors get them. */
export const exportRegistry = `
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: email, type: varchar(255), unique: true }
      - { name: created_at, type: timestamp, default: now() }
  blueprints:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: blueprint_type, type: varchar(50) }
      - { name: config, type: jsonb }
      - { name: created_at, type: timestamp, default: now() }
`;

/** The seed's example, which has something of everything. */
const acmeFields = `
    - { name: CLIENT_NO, from: client_id, type: varchar(8), required: true, format: { pad: 8, fill: "0" } }
    - { name: CLIENT_NAME, from: clients.name, required: true, format: upper }
    - { name: POLICY_NUMBER, from: config, path: policy.grd_policy_number, type: varchar(20) }
    - { name: COVERAGE_TIER, from: config, path: coverage_tier, type: varchar(10), otherwise: reject,
        values: { employee: EE, spouse: SPOUSE, children: CHILD, family: FAMILY } }
    - { name: MONTHLY_PREMIUM, from: config, path: premium, format: { decimals: 2, decimal_mark: "," }, default: 0 }
    - { name: EFFECTIVE_DATE, from: created_at, type: varchar(8), format: YYYYMMDD }
    - { name: SOURCE, constant: CTB }
`;

export const exportBlueprints: Readonly<Record<ExportBlueprint, string>> = {
  acme: blueprint('{ format: csv, delimiter: ";", line_end: crlf }', acmeFields),
  ndjson: blueprint("ndjson", acmeFields),
  plain: blueprint(
    "csv",
    `
    - { name: client_id, from: client_id }
    - { name: name, from: clients.name }
    - { name: config, from: config }
    - { name: created_at, from: created_at }
`,
  ),
};

function blueprint(output: string, fields: string): string {
  return `vendor: bench
version: 1
export:
  source: [blueprints, clients]
  output: ${output}
  fields:${fields}`;
}

/** The same rows by psql: of one table as they lie, joined and in order, and as CSV. */
export const exportQueries = {
  columns: "SELECT client_id, config, created_at FROM blueprints",
  joined:
    "SELECT b.client_id, c.name, b.config, b.created_at FROM blueprints b LEFT JOIN clients c ON c.id = b.client_id ORDER BY b.id",
} as const;

/** One client for ten blueprints; vacuumed and analysed, so that no reader pays for what the writer left. */
export async function fillExport(url: string, rows: number): Promise<void> {
  const clients = Math.ceil(rows / 10);
  const statements = [
    "SET synchronous_commit = off",
    "SELECT setseed(0.42)",
    "CREATE TABLE clients (id serial PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) UNIQUE, created_at timestamp DEFAULT now())",
    "CREATE TABLE blueprints (id serial PRIMARY KEY, client_id integer REFERENCES clients (id), blueprint_type varchar(50), config jsonb, created_at timestamp DEFAULT now())",
    `INSERT INTO clients (name, email) SELECT 'Client ' || md5(n::text) || ' Ltd', 'user' || n || '@example.com' FROM generate_series(1, ${clients}) AS n`,
    `INSERT INTO blueprints (client_id, blueprint_type, config, created_at)
      SELECT 1 + floor(random() * ${clients})::int, 'imo', jsonb_build_object(
          'policy', jsonb_build_object('grd_policy_number', 'GRD-' || n, 'carrier', 'carrier ' || n % 7),
          'coverage_tier', (ARRAY['employee', 'spouse', 'children', 'family'])[1 + n % 4],
          'premium', round((random() * 1000)::numeric, 2)),
        timestamp '2020-01-01' + n * interval '37 seconds'
      FROM generate_series(1, ${rows}) AS n`,
  ];
  await runSql(url, statements.join(";\n"));
  await runSql(url, "VACUUM (ANALYZE)");
  await runSql(url, "CHECKPOINT");
}
