import { parseRegistry, type Registry } from "@ctb-data/registry";

/** Members who were recommended by members, and what they ordered; and the tables that runs are kept in. */
const registryText = `
enums: { rank: [bronze, silver, gold] }
tables:
  members:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: "E-Mail ü", type: varchar(60), nullable: false, unique: true }
      - { name: name, type: varchar(20), nullable: false }
      - { name: rank, type: rank, default: "'bronze'" }
      - { name: born, type: date }
      - { name: points, type: bigint, check: points < 1000000 }
      - { name: tags, type: "text[]" }
      - { name: extra, type: jsonb }
      - { name: tax, type: text, encrypted: true }
      - { name: recommended_by, type: integer, references: members.id }
  orders:
    columns:
      - { name: code, type: text, pk: true }
      - { name: member_id, type: integer, references: members.id, nullable: false }
      - { name: amount, type: "numeric(12,2)" }
  blueprints:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: client_id, type: integer }
      - { name: blueprint_type, type: varchar(50) }
      - { name: config, type: jsonb }
      - { name: created_at, type: timestamp, default: now() }
  imo_processes:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: blueprint_id, type: integer, references: blueprints.id }
      - { name: input_stage, type: jsonb }
      - { name: middle_stage, type: jsonb }
      - { name: output_stage, type: jsonb }
      - { name: status, type: varchar(20) }
      - { name: created_at, type: timestamp, default: now() }
`;

const blueprintTexts = {
  members: `
vendor: club
version: 1
intake:
  format: csv
  table: members
  collection: member_intake
  key: Mail
  columns:
    "E-Mail ü": { from: Mail }
    name: { from: Name }
    rank: { from: Rank }
    born: { from: Born }
    points: { from: Points }
    tags: { from: Tags }
    extra: { from: Extra }
    tax: { from: Tax }
    recommended_by: { from: By }
`,
  orders: `
vendor: shop
version: 1
intake:
  format: csv
  table: orders
  collection: order_intake
  key: Code
  columns:
    code: { from: Code }
    member_id: { from: Member }
    amount: { from: Amount }
`,
};

export type MiddleKind = keyof typeof blueprintTexts;

export function middleRegistry(): Registry {
  return parseRegistry(registryText, { file: "members.yml" });
}

export function middleBlueprintText(kind: MiddleKind): string {
  return blueprintTexts[kind];
}
