import { deleteApp, initializeApp, type FirebaseApp } from "@firebase/app";
import {
  collection,
  connectFirestoreEmulator,
  deleteDoc,
  doc,
  getCount,
  getDoc,
  getDocs,
  getFirestore,
  limit,
  orderBy,
  query,
  runTransaction,
  serverTimestamp,
  setDoc,
  Timestamp,
  where,
  writeBatch,
  type Firestore,
} from "@firebase/firestore/lite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";

/** The web SDK without listeners: `fetch` and JSON, with paths and bodies of its own making. */

let emulator: FirestoreEmulator;
let app: FirebaseApp;
let firestore: Firestore;

beforeAll(async () => {
  emulator = await startFirestoreEmulator();
  app = initializeApp({ projectId: "demo-lite", apiKey: "any" }, "lite");
  firestore = getFirestore(app);
  connectFirestoreEmulator(firestore, emulator.host, emulator.port);
});

afterAll(async () => {
  await deleteApp(app);
  await emulator.close();
});

test("the web SDK's values come back as they were, to the sign of a zero", async () => {
  const document = doc(firestore, "c/a ü:x%2F");
  const data = { n: 1, half: 0.5, zero: -0, none: null, many: [Infinity, { a: "é" }] };
  await setDoc(document, { ...data, nan: Number.NaN, at: serverTimestamp() });
  expect((await getDoc(document)).data()).toEqual({
    ...data,
    nan: Number.NaN,
    at: expect.any(Timestamp),
  });
});

test("the web SDK queries, counts, batches and runs transactions", async () => {
  const numbers = collection(firestore, "numbers");
  const batch = writeBatch(firestore);
  for (const n of [1, 2, 3, 4]) batch.set(doc(numbers, String(n)), { n });
  await batch.commit();
  await runTransaction(firestore, async (transaction) => {
    const snapshot = await transaction.get(doc(numbers, "4"));
    transaction.update(snapshot.ref, { n: Number(snapshot.get("n")) + 10 });
  });
  await deleteDoc(doc(numbers, "3"));
  const above = query(numbers, where("n", ">", 1), orderBy("n", "desc"), limit(5));
  expect((await getDocs(above)).docs.map((found) => found.data())).toEqual([{ n: 14 }, { n: 2 }]);
  expect((await getCount(numbers)).data()).toEqual({ count: 3 });
  expect((await getDoc(doc(numbers, "3"))).exists()).toBe(false);
});
