import type { Firestore } from "@google-cloud/firestore";
import { Timestamp } from "@google-cloud/firestore";

/** The tables of the pipeline's bench. */
export const promotionRegistry = `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(255), required: true }
      - { name: email, type: varchar(255), unique: true }
      - { name: created_at, type: timestamp, default: now() }
  blueprints:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: blueprint_type, type: varchar(50) }
      - { name: config, type: jsonb }
      - { name: created_at, type: timestamp, default: now() }
  imo_processes:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: blueprint_id, type: integer, references: blueprints.id }
      - { name: input_stage, type: jsonb }
      - { name: middle_stage, type: jsonb }
      - { name: output_stage, type: jsonb }
      - { name: status, type: varchar(20) }
      - { name: created_at, type: timestamp, default: now() }
`;

/** As the pipeline knows the intake of the bench. */
export const promotionBlueprint = `
vendor: bench
version: 1
intake:
  format: ndjson
  table: clients
  collection: client_intake
  key: email
  columns: { name: name, email: email, created_at: { from: at } }
`;

/** What the hand-written script reads of a document. */
export interface IntakeData {
  readonly name: string;
  readonly email: string;
  readonly created_at: Timestamp;
}

/** Documents as an application writes and checks them: all are marked as valid. */
export async function fillIntake(db: Firestore, count: number): Promise<void> {
  const writer = db.bulkWriter({ throttling: false });
  const failures: Error[] = [];
  writer.onWriteError((error) => {
    failures.push(error);
    return false;
  });
  for (let n = 0; n < count; n += 1) {
    const data: IntakeData & { readonly validated: boolean } = {
      name: `Client ${n} of the bench`,
      email: `client.${n}@example.com`,
      created_at: new Timestamp(1_700_000_000 + n, 0),
      validated: true,
    };
    writer.set(db.collection("client_intake").doc(), data).catch(() => {});
    if (n % 5000 === 0) await writer.flush();
  }
  await writer.close();
  if (failures[0]) throw failures[0];
}
