import { expect, test } from "vitest";
import { openDocumentWorld, type DocumentWorld } from "../../testing/document-world.ts";
import type { Finding } from "../finding.ts";
import { checkDocuments, type DocumentCheckOptions } from "./check-documents.ts";

const registry = `tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: varchar(40), nullable: false }
      - { name: email, type: text, classification: pii }
      - { name: tax, type: text, encrypted: true }
      - { name: config, type: jsonb }
      - { name: seen_at, type: timestamptz }
    firestore:
      collection: clients
      fields: { seenAt: seen_at, note: string, about: reference }
  blueprints:
    columns:
      - { name: id, type: uuid, pk: true }
      - { name: client_id, type: integer, references: clients.id }
      - { name: kind, type: text, nullable: false }
    firestore: { collection: blueprints, fields: { clientId: client_id } }
collections:
  notes:
    fields:
      text: { type: string, required: true }
      links: array
`;

const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1);
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** 300 documents with their rows, and nothing wrong with any. */
async function fill({ postgres, firestore }: DocumentWorld): Promise<void> {
  const clients = numbers(180).map((id) => ({
    id,
    name: `Client ${id}`,
    email: id % 3 === 0 ? null : `c${id}@example.com`,
    tax: id % 4 === 0 ? null : `DE${id}`,
    config: { id, list: [1, "a", null, { b: 2n ** 60n }], ключ: "💡" },
    seen_at: `2026-03-01T10:00:00.${String(100_000 + id)}Z`,
  }));
  const blueprints = numbers(120).map((n) => ({
    id: uuid(n),
    client_id: n % 10 === 0 ? null : n,
    kind: "car",
  }));
  await postgres.copyIn("clients", clients);
  await postgres.copyIn("blueprints", blueprints);
  const all = { ramp: false } as const;
  await firestore.collection("clients").bulkWrite(
    clients.map((row) => ({ op: "save", row })),
    all,
  );
  await firestore.collection("blueprints").bulkWrite(
    blueprints.map((row) => ({ op: "save", row })),
    all,
  );
}

async function check(
  world: DocumentWorld,
  options: DocumentCheckOptions = {},
): Promise<Awaited<ReturnType<typeof checkDocuments>>> {
  return await world.withStores(
    async (stores) => await checkDocuments(stores, { settleMs: 0, ...options }),
  );
}

const summaryOf = (findings: readonly Finding[]): Readonly<Record<string, number>> =>
  Object.fromEntries(findings.map(({ id, count }) => [id, count]));

test("nothing is found in stores that are equal", async () => {
  await using world = await openDocumentWorld(registry);
  await fill(world);
  const report = await check(world);
  expect(report).toMatchObject({ documents: 300, findings: [], notChecked: [] });
});

test("each kind of thing that can be wrong is found, and nothing else", async () => {
  await using world = await openDocumentWorld(registry);
  await fill(world);
  const { postgres, firestore } = world;
  const clients = firestore.documents("clients");
  const strangers = "ctb1.00000000.".padEnd(60, "A");
  await clients.doc("abc").set({ name: "Not a key" });
  await clients.doc("900").set({ name: "Not promoted" });
  await clients.doc("901").set({ name: 5 });
  await clients.doc("7").delete();
  await clients.doc("8").delete();
  await clients.doc("11").update({ name: "Other", email: "other@example.com" });
  await clients.doc("12").update({ name: "Other", config: { id: 12 } });
  await clients.doc("13").update({ tax: "in clear" });
  await clients.doc("14").update({ tax: strangers });
  const { tax } = (await clients.doc("15").get())?.data ?? {};
  await clients.doc("15").update({ tax: `${String(tax).slice(0, -3)}AAA` });
  await clients.doc("17").update({ stranger: true, "config.more": [1] });
  await clients.doc("19").update({ about: firestore.types.reference("clients/20") });
  await clients.doc("21").update({ about: firestore.types.reference("clients/7") });
  await firestore.documents("blueprints").doc(uuid(3)).update({ clientId: "4000" });
  await firestore.documents("notes").doc("1").set({ text: "t" });
  await firestore
    .documents("clients/1/notes")
    .doc("2")
    .set({
      text: "t",
      links: [{ to: firestore.types.reference("notes/3") }, firestore.types.reference("notes/1")],
    });
  await firestore.documents("clients/1/notes").doc("4").set({ links: [] });
  await firestore.documents("others").doc("1").set({});
  await postgres.query(
    "UPDATE clients SET seen_at = seen_at + '1 microsecond' WHERE id IN (30, 31)",
  );
  await postgres.query("DELETE FROM blueprints WHERE client_id = 41");
  await postgres.query("UPDATE blueprints SET client_id = NULL WHERE client_id = 42");
  await postgres.query("DELETE FROM clients WHERE id IN (41, 42)");

  const { findings, documents, notChecked } = await check(world);

  expect(summaryOf(findings)).toEqual({
    "invalid_document:clients.name: must be a text, not a number": 1,
    "invalid_document:clients.stranger: is no field of it": 1,
    "invalid_document:notes.text: is missing": 1,
    "clear_text:documents:clients.tax": 1,
    "unknown_key:documents:clients.tax": 1,
    "undecryptable:documents:clients.tax": 1,
    "document_without_row:clients": 5,
    "document_without_row:blueprints": 1,
    "row_without_document:clients": 2,
    "different_field:clients.name": 2,
    "different_field:clients.email": 1,
    "different_field:clients.config": 2,
    "different_field:clients.seenAt": 2,
    "different_field:blueprints.clientId": 2,
    "dangling_document:clients.about->document": 1,
    "dangling_document:blueprints.clientId->clients": 1,
    "dangling_document:notes.links->document": 1,
    "drift:collection:others": 1,
  });
  expect(documents).toBe(304);
  expect(notChecked).toEqual([]);
  const of = (id: string): Finding | undefined => findings.find((finding) => finding.id === id);
  expect(of("document_without_row:clients")?.examples).toEqual([
    { key: { path: "clients/41" } },
    { key: { path: "clients/42" } },
    { key: { path: "clients/900" } },
    { key: { path: "clients/901" } },
    { key: { path: "clients/abc" }, detail: "its id cannot be a key of clients" },
  ]);
  expect(of("row_without_document:clients")).toMatchObject({
    severity: "warning",
    store: "postgres",
    message:
      "2 rows of clients have no document in clients: they were not written to Firestore yet, or the documents are gone.",
    examples: [{ key: { id: "7" } }, { key: { id: "8" } }],
  });
  expect(of("different_field:clients.name")).toMatchObject({
    message: "2 documents of clients have another name than clients.name of their rows.",
    columns: ["name"],
    examples: [
      { key: { path: "clients/11" }, values: { document: "Other", row: "Client 11" } },
      { key: { path: "clients/12" }, values: { document: "Other", row: "Client 12" } },
    ],
  });
  expect(of("different_field:clients.email")?.examples).toEqual([{ key: { path: "clients/11" } }]);
  expect(of("dangling_document:clients.about->document")?.examples).toEqual([
    { key: { path: "clients/21" }, values: { about: "clients/7" } },
  ]);
  expect(JSON.stringify(findings)).not.toMatch(/other@example|in clear|ctb1/);
});
