import type { Firestore } from "@ctb-data/firestore";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import type { DocumentWorld } from "./document-world.ts";

/** A table with every way to be wrong, one that refers to it, and documents without a table. */
export const plantRegistry = `tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(40), nullable: false }
      - { name: tax, type: text, encrypted: true }
      - { name: ratio, type: double precision }
      - { name: config, type: jsonb }
    firestore: { collection: clients, fields: { note: string, about: reference } }
  blueprints:
    columns:
      - { name: id, type: text, pk: true }
      - { name: client_id, type: integer, references: clients.id }
    firestore: { collection: blueprints, fields: { clientId: client_id } }
collections:
  notes: { fields: { text: { type: string, required: true }, links: array, home: { type: reference, required: true } } }
`;

export function parsedPlantRegistry(): Registry {
  return parseRegistry(plantRegistry, { file: "plants.yml" });
}

const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1);

/** Fills both stores with what is equal. */
export async function fillPlants(
  { postgres, firestore }: DocumentWorld,
  count = 40,
): Promise<void> {
  const clients = numbers(count).map((id) => ({
    id,
    name: `Client ${id}`,
    tax: id % 4 === 0 ? null : `DE${id}`,
    ratio: id % 3 === 0 ? -0 : id / 7,
    config: { id, list: [1, "a", { b: "💡" }] },
  }));
  const blueprints = numbers(count).map((n) => ({
    id: `b${n}`,
    client_id: n % 5 === 0 ? null : n,
  }));
  await postgres.copyIn("clients", clients);
  await postgres.copyIn("blueprints", blueprints);
  const options = { ramp: false } as const;
  await firestore.collection("clients").bulkWrite(
    clients.map((row) => ({ op: "save", row, ownFields: { note: `n${row.id}` } })),
    options,
  );
  await firestore.collection("blueprints").bulkWrite(
    blueprints.map((row) => ({ op: "save", row })),
    options,
  );
}

/** Plants what a repair can mend: 14 documents, of which one is to be made. */
export async function plantFaults({ firestore }: DocumentWorld): Promise<void> {
  const clients = firestore.documents("clients");
  const { reference } = firestore.types;
  await clients.doc("900").set({ name: "No row", ratio: -0, big: 2n ** 60n });
  await clients.doc("abc").set({ name: "No key" });
  await clients.doc("3").delete();
  await clients.doc("5").update({ name: "Other", tax: null });
  await clients.doc("6").update({ config: { other: [1] }, note: "stays" });
  await clients.doc("7").update({ stranger: 1.5 });
  await clients.doc("9").update({ about: reference("clients/none") });
  await clients.doc("11").update({ ratio: 7, about: reference("clients/none") });
  await firestore.documents("blueprints").doc("b6").update({ clientId: "4000" });
  await firestore.documents("blueprints").doc("b7").set({ clientId: "4001" });
  await firestore
    .documents("notes")
    .doc("1")
    .set({ home: reference("clients/1"), text: 7 });
  await firestore
    .documents("notes")
    .doc("2")
    .set({ home: reference("nowhere/1"), text: "t" });
  await firestore
    .documents("clients/1/notes")
    .doc("3")
    .set({
      home: reference("clients/1"),
      text: "t",
      links: [-0, { to: reference("notes/9") }, reference("clients/2"), reference("notes/8")],
    });
}

/** All documents, byte for byte, but for their times. */
export async function linesWithoutTimes(
  firestore: Firestore,
): Promise<ReadonlyMap<string, string>> {
  const lines = new Map<string, string>();
  const snapshot = await firestore.raw.snapshot();
  for await (const batch of snapshot.read({ start: undefined, end: undefined })) {
    let start = 0;
    for (const { path, end } of batch.lines) {
      const line = batch.bytes.toString("utf8", start, end);
      lines.set(path, line.replace(/,"createTime":"[^"]*","updateTime":"[^"]*"\}\n$/, "}"));
      start = end;
    }
  }
  return lines;
}
