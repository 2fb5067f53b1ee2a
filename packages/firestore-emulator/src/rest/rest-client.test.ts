import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AggregateField,
  FieldValue,
  Filter,
  Firestore,
  GeoPoint,
  Timestamp,
} from "@google-cloud/firestore";
import { applicationDefault, deleteApp, initializeApp } from "firebase-admin/app";
import { initializeFirestore } from "firebase-admin/firestore";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";

/** The genuine clients with `preferRest`: HTTP/1.1 and JSON for all but listening. */

let emulator: FirestoreEmulator;
let firestore: Firestore;
let folder: string;

beforeAll(async () => {
  emulator = await startFirestoreEmulator();
  process.env["FIRESTORE_EMULATOR_HOST"] = emulator.address;
  process.env["GOOGLE_APPLICATION_CREDENTIALS"] = await newCredentials();
  firestore = new Firestore({ projectId: "demo-prefer-rest", preferRest: true, useBigInt: true });
});

beforeEach(async () => {
  await emulator.clear("projects/demo-prefer-rest/databases/(default)");
});

afterAll(async () => {
  await firestore.terminate();
  await emulator.close();
  delete process.env["FIRESTORE_EMULATOR_HOST"];
  delete process.env["GOOGLE_APPLICATION_CREDENTIALS"];
  await rm(folder, { recursive: true });
});

/** Over REST the client wants credentials that it can sign with, whoever they are of. */
async function newCredentials(): Promise<string> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  folder = await mkdtemp(join(tmpdir(), "prefer-rest-"));
  const file = join(folder, "nobody.json");
  const account = {
    type: "service_account",
    project_id: "demo",
    client_email: "nobody@demo.invalid",
    private_key: privateKey,
  };
  await writeFile(file, JSON.stringify(account));
  return file;
}

test("values of all types come back as they were", async () => {
  const document = firestore.doc("c/ü€ %2F:x");
  const data = {
    nothing: null,
    yes: true,
    whole: 9_007_199_254_740_993n,
    half: 0.5,
    notANumber: Number.NaN,
    endless: -Infinity,
    time: new Timestamp(1_577_836_800, 123_456_000),
    text: 'é😀"\\\u2028',
    bytes: Buffer.from([0, 251, 255]),
    place: new GeoPoint(-0.5, 180),
    reference: firestore.doc("c/d"),
    list: [1n, { "a.b": [null] }, "x"],
    map: { constructor: "x", empty: [], none: {} },
    vector: FieldValue.vector([1.5, -2, Infinity]),
  };
  await document.set(data);
  expect((await document.get()).data()).toEqual(data);
});

test("writes, transforms, preconditions and errors are the ones of gRPC", async () => {
  const document = firestore.doc("c/d");
  await document.create({ n: 1, tags: ["a"] });
  await expect(document.create({})).rejects.toMatchObject({ code: 6 });
  await document.update({
    n: FieldValue.increment(2),
    tags: FieldValue.arrayUnion("b"),
    at: FieldValue.serverTimestamp(),
  });
  expect((await document.get()).data()).toMatchObject({
    n: 3n,
    tags: ["a", "b"],
    at: expect.any(Timestamp),
  });
  const old = new Timestamp(1, 0);
  await expect(document.delete({ lastUpdateTime: old })).rejects.toMatchObject({ code: 9 });
  await expect(firestore.doc("c/none").update({ n: 1 })).rejects.toMatchObject({ code: 5 });
  await document.delete();
  expect((await document.get()).exists).toBe(false);
});

test("queries, aggregations, projections and cursors answer in order", async () => {
  const collection = firestore.collection("numbers");
  const writer = firestore.bulkWriter();
  for (let n = 0; n < 50; n += 1) {
    void writer.create(collection.doc(String(n)), { n, even: n % 2 === 0, more: "x".repeat(5000) });
  }
  await writer.close();
  const query = collection
    .where(Filter.or(Filter.where("even", "==", true), Filter.where("n", ">=", 45)))
    .orderBy("n", "desc")
    .startAfter(48);
  const found = await query.limit(4).select("n").get();
  expect(found.docs.map((document) => document.data())).toEqual(
    [47n, 46n, 45n, 44n].map((n) => ({ n })),
  );
  const sums = { count: AggregateField.count(), sum: AggregateField.sum("n") };
  expect((await collection.aggregate(sums).get()).data()).toEqual({ count: 50n, sum: 1225n });
  const streamed: bigint[] = [];
  for await (const document of collection.orderBy("n").stream()) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the client's streams have no types.
    streamed.push((document as unknown as { get(field: string): bigint }).get("n"));
  }
  expect(streamed).toEqual(Array.from({ length: 50 }, (_, n) => BigInt(n)));
  expect((await collection.where("none", "==", 1).get()).empty).toBe(true);
  const explained = await collection.where("n", "<", 3).explain({ analyze: true });
  expect(explained.metrics.executionStats?.resultsReturned).toBe(3);
});

test("documents, collections and partitions are listed", async () => {
  await Promise.all(
    ["a/1", "a/2", "a/none/below/1", "b/1"].map((path) => firestore.doc(path).set({})),
  );
  const listed = await firestore.collection("a").listDocuments();
  expect(listed.map(({ id }) => id)).toEqual(["1", "2", "none"]);
  expect((await firestore.listCollections()).map(({ id }) => id)).toEqual(["a", "b"]);
  const all = await firestore.getAll(firestore.doc("a/1"), firestore.doc("a/none"));
  expect(all.map(({ exists }) => exists)).toEqual([true, false]);
  const found: string[] = [];
  for await (const part of firestore.collectionGroup("a").getPartitions(2)) {
    found.push(...(await part.toQuery().get()).docs.map(({ id }) => id));
  }
  expect(found).toEqual(["1", "2"]);
});

test("contending transactions lose no update", async () => {
  const counter = firestore.doc("counters/visits");
  await counter.set({ count: 0 });
  const visit = async (): Promise<void> => {
    await firestore.runTransaction(async (transaction) => {
      const count: unknown = (await transaction.get(counter)).get("count");
      transaction.update(counter, { count: Number(count) + 1 });
    });
  };
  await Promise.all(Array.from({ length: 20 }, visit));
  expect((await counter.get()).get("count")).toBe(20n);
});

test("listening goes on over gRPC", async () => {
  const heard = new Promise((resolve, reject) => {
    const stop = firestore.doc("c/heard").onSnapshot((snapshot) => {
      if (!snapshot.exists) return;
      stop();
      resolve(snapshot.data());
    }, reject);
  });
  await firestore.doc("c/heard").set({ text: "x" });
  expect(await heard).toEqual({ text: "x" });
});

test("firebase-admin with preferRest reads and writes", async () => {
  const credential = applicationDefault();
  const app = initializeApp({ projectId: "demo-prefer-rest-admin", credential }, "rest");
  try {
    const admin = initializeFirestore(app, { preferRest: true });
    await admin.doc("c/d").set({ n: 1 });
    expect((await admin.collection("c").where("n", "==", 1).get()).size).toBe(1);
    await admin.terminate();
  } finally {
    await deleteApp(app);
  }
});
