import { expect, test } from "vitest";
import {
  useFirestore,
  openTestFirestore,
  writeDocuments,
} from "../../testing/firestore-database.ts";
import { createMemoryParts } from "../../testing/firestore-parts.ts";
import { firestoreManifestSchema } from "../archive/firestore-manifest.ts";
import { openFirestoreSnapshot } from "./open-firestore-snapshot.ts";

useFirestore();

test("every document is in one part of its root collection, in the order of names, and counted", async () => {
  await using firestore = await openTestFirestore();
  await writeDocuments(firestore, [
    ...Array.from({ length: 40 }, (_, index) => [`clients/${index}`, {}] as const),
    ["clients/7/notes/1", { text: { stringValue: "x" } }],
    ["clients/gone/notes/1", {}],
    ["clients/gone/notes/2", {}],
    ["lost/parent/deep/er/still/1", {}],
    ["Clients/1", {}],
  ]);
  const parts = createMemoryParts();
  await using snapshot = await openFirestoreSnapshot({ firestore, parts: parts.sink });
  await writeDocuments(firestore, [["clients/late", {}]]);
  const manifest = await snapshot.dump();
  expect(firestoreManifestSchema.parse(manifest)).toEqual(manifest);
  expect(manifest).toMatchObject({
    projectId: firestore.projectId,
    databaseId: "(default)",
    readTime: snapshot.readTime,
    documents: 45,
    collections: { Clients: 1, clients: 40, "clients/notes": 3, "lost/deep/still": 1 },
    missingParents: 3,
    changed: { count: null },
  });
  expect(new Set(manifest.parts.map(({ collection }) => collection))).toEqual(
    new Set(["Clients", "clients", "lost"]),
  );
  for (const { key, documents, first, last, collection } of manifest.parts) {
    const lines = parts.contents.get(key)?.toString("utf8").split("\n").slice(0, -1) ?? [];
    const names = lines.map((line): unknown => Reflect.get(JSON.parse(line), "name"));
    const base = `${firestore.raw.database}/documents/`;
    expect(lines).toHaveLength(documents);
    expect([names[0], names.at(-1)]).toEqual([`${base}${first}`, `${base}${last}`]);
    expect(key).toContain(`firestore/data/${collection === "Clients" ? "%43lients" : collection}/`);
  }
});
