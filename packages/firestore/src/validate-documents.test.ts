import { randomBytes } from "node:crypto";
import { parseKeyring } from "@ctb-data/models";
import { expect, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { errorOf, openTestFirestore, registryOf } from "../testing/test-firestore.ts";
import type { Firestore } from "./firestore.ts";
import type { ValidationProgress } from "./validation.ts";

async function fill(firestore: Firestore<Everything>): Promise<void> {
  const things = firestore.documents("things");
  await things.bulkWrite(
    Array.from({ length: 50 }, (_, index) => ({
      op: "set" as const,
      id: String(index),
      data: { name: `n${index}` },
    })),
    { ramp: false },
  );
  await things.doc("3").set({ name: 5, tags: ["a", 1, 2] });
  await things.doc("4").set({ note: "no name", stranger: true, config: { fine: 1 } });
  await things.doc("007").set({ name: "not how 7 is written" });
  await firestore.documents("notes").doc("1").set({ text: "t", count: 1.5 });
  await firestore.documents("things/1/notes").doc("2").set({ text: "t", count: "many" });
  await firestore.documents("things/1/secrets").doc("x").set({ a: 1 });
  await firestore.documents("others").doc("1").set({ a: 1 });
}

test("every document that does not fit is found, by field, with examples", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await fill(firestore);
  const progress: ValidationProgress[] = [];
  const report = await firestore.validate({
    pageSize: 20,
    onProgress: (now) => void progress.push(now),
  });
  expect(report).toMatchObject({ ok: false, documents: 53, invalid: 5 });
  const [things, notes] = report.collections;
  expect(things).toMatchObject({
    collection: "things",
    table: "things",
    documents: 51,
    invalid: 3,
    complete: true,
  });
  expect(
    things?.findings.map(({ field, kind, documents, examples }) => [
      field,
      kind,
      documents,
      examples,
    ]),
  ).toEqual(
    expect.arrayContaining([
      ["name", "wrong value", 1, ["things/3"]],
      ["name", "missing", 1, ["things/4"]],
      ["stranger", "unknown field", 1, ["things/4"]],
      ["id", "wrong value", 1, ["things/007"]],
    ]),
  );
  expect(things?.findings.find(({ field }) => field.startsWith("tags"))).toMatchObject({
    documents: 1,
  });
  expect(notes).toMatchObject({ collection: "notes", table: undefined, documents: 2, invalid: 2 });
  expect(notes?.findings.flatMap(({ examples }) => examples).toSorted()).toEqual([
    "notes/1",
    "things/1/notes/2",
  ]);
  expect(report.unknownCollections).toEqual([{ path: "others", example: undefined }]);
  expect(progress.map(({ collection }) => collection)).toContain("notes");
  expect(
    progress.filter(({ collection }) => collection === "things").map(({ documents }) => documents),
  ).toEqual([20, 40, 51]);
});

test("it reads one moment, and a database that fits is fine", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await firestore.collection("notes").doc("1").create({ text: "t" });
  const readTime = await firestore.readTime();
  await firestore.documents("notes").doc("2").set({ text: 5 });
  expect(await firestore.validate({ readTime })).toMatchObject({
    ok: true,
    documents: 1,
    invalid: 0,
  });
  expect(await firestore.validate()).toMatchObject({ ok: false, documents: 2, invalid: 1 });
  expect(await firestore.validate({ collections: ["things"] })).toMatchObject({
    ok: true,
    documents: 0,
    collections: [{ collection: "things", complete: true }],
  });
});

test("a sample looks at so many documents, and at what is under them", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await fill(firestore);
  const report = await firestore.validate({ sample: 10 });
  expect(report.collections).toMatchObject([
    { collection: "things", documents: 10, complete: false },
    { collection: "notes", documents: 2, complete: true },
  ]);
  expect(report.unknownCollections).toEqual([
    { path: "others", example: undefined },
    { path: "things/*/secrets", example: "things/1" },
  ]);
});

test("fields that are called like ids do not fill the memory", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await firestore.documents("notes").bulkWrite(
    Array.from({ length: 30 }, (_, index) => ({
      op: "set" as const,
      id: String(index),
      data: Object.fromEntries([
        ["text", "t"],
        ...Array.from({ length: 40 }, (_unused, field) => [`f${index}_${field}`, 1]),
      ]),
    })),
    { ramp: false },
  );
  const { invalid, collections } = await firestore.validate({ examples: 1 });
  expect(invalid).toBe(30);
  expect(collections[1]?.findings.length).toBeLessThanOrEqual(501);
  expect(
    collections[1]?.findings.some(({ field, documents }) => field === "" && documents > 1),
  ).toBe(true);
});

test("a signal stops it, and wrong options are refused", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await fill(firestore);
  const controller = new AbortController();
  const stopped = firestore.validate({
    pageSize: 10,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  expect(await errorOf(stopped)).toMatchObject({ code: "CANCELLED" });
  expect(await errorOf(firestore.validate({ sample: 0 }))).toMatchObject({
    code: "INVALID_OPTIONS",
  });
  expect(await errorOf(firestore.validate({ collections: ["none"] }))).toMatchObject({
    code: "UNKNOWN_COLLECTION",
  });
});

test("a ciphertext that cannot be read is told of its field, and hides nothing else that is wrong with the document", async () => {
  const registry = registryOf(`tables:
  people:
    columns:
      - { name: id, type: integer, primary_key: true }
      - { name: tax_number, type: text, required: true, encrypted: true }
      - { name: name, type: text, required: true }
    firestore: { collection: people, fields: { taxNumber: tax_number } }
`);
  const keyring = parseKeyring(randomBytes(32).toString("base64"));
  await using firestore = await openTestFirestore({ registry, keyring });
  await firestore.documents("people").doc("1").set({ taxNumber: "in clear", other: 1 });
  const { collections } = await firestore.validate();
  const found = collections[0]?.findings.map(({ field, kind }) => [field, kind]);
  expect(found).toEqual([
    ["taxNumber", "wrong value"],
    ["other", "unknown field"],
    ["name", "missing"],
  ]);
});
