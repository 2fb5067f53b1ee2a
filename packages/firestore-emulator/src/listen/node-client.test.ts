import {
  Firestore,
  type DocumentSnapshot,
  type Query,
  type QuerySnapshot,
} from "@google-cloud/firestore";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Arrivals } from "../../testing/arrivals.ts";
import { startTcpProxy } from "../../testing/tcp-proxy.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";

let emulator: FirestoreEmulator;
let firestore: Firestore;
let project = 0;
let unsubscribe: (() => void)[] = [];

function clientOn(port: number): Firestore {
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", `127.0.0.1:${port}`);
  // Without credentials the client would ask the network whether it is in Google's cloud.
  vi.stubEnv("METADATA_SERVER_DETECTION", "none");
  return new Firestore({ projectId: `node-${project}` });
}

function listen(query: Query): Arrivals<QuerySnapshot | Error> {
  const arrivals = new Arrivals<QuerySnapshot | Error>();
  unsubscribe.push(query.onSnapshot(arrivals.push, arrivals.push));
  return arrivals;
}

/** The snapshot in short: ids in their order, and the changes. */
async function nextOf(arrivals: Arrivals<QuerySnapshot | Error>): Promise<{
  readonly ids: readonly string[];
  readonly changes: readonly string[];
}> {
  const snapshot = await arrivals.next();
  if (snapshot instanceof Error) throw snapshot;
  return {
    ids: snapshot.docs.map(({ id }) => id),
    changes: snapshot.docChanges().map(({ type, doc }) => `${type} ${doc.id}`),
  };
}

beforeAll(async () => {
  emulator = await startFirestoreEmulator({ port: 0 });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator.close();
});

beforeEach(() => {
  project += 1;
  firestore = clientOn(emulator.port);
});

afterEach(async () => {
  for (const stop of unsubscribe) stop();
  unsubscribe = [];
  await firestore.terminate();
});

test("a document is told as missing, created, changed and deleted", async () => {
  const document = firestore.doc("c/1");
  const arrivals = new Arrivals<DocumentSnapshot>();
  unsubscribe.push(document.onSnapshot(arrivals.push));
  expect((await arrivals.next()).exists).toBe(false);
  await document.set({ n: 1 });
  expect((await arrivals.next()).data()).toEqual({ n: 1 });
  const { writeTime } = await document.update({ n: 2 });
  const changed = await arrivals.next();
  expect(changed.data()).toEqual({ n: 2 });
  expect(changed.updateTime?.isEqual(writeTime)).toBe(true);
  await document.delete();
  expect((await arrivals.next()).exists).toBe(false);
});

test("a query is told of what comes, changes, leaves and is deleted, and of each commit once", async () => {
  const collection = firestore.collection("c");
  await collection.doc("a").set({ n: 5 });
  await collection.doc("b").set({ n: 1 });
  const arrivals = listen(collection.where("n", ">", 2).orderBy("n"));
  expect(await nextOf(arrivals)).toEqual({ ids: ["a"], changes: ["added a"] });
  const batch = firestore.batch();
  batch.set(collection.doc("b"), { n: 3 });
  batch.set(collection.doc("c"), { n: 4 });
  batch.update(collection.doc("a"), { n: 6 });
  await batch.commit();
  expect(await nextOf(arrivals)).toEqual({
    ids: ["b", "c", "a"],
    changes: ["added b", "added c", "modified a"],
  });
  await collection.doc("c").set({ n: 0 });
  expect(await nextOf(arrivals)).toEqual({ ids: ["b", "a"], changes: ["removed c"] });
  await collection.doc("b").delete();
  expect(await nextOf(arrivals)).toEqual({ ids: ["a"], changes: ["removed b"] });
  expect(arrivals.length).toBe(0);
});

test("limit, limitToLast and offset show the window as it moves", async () => {
  const collection = firestore.collection("c");
  for (const n of [1, 2, 3, 4]) await collection.doc(`d${n}`).set({ n });
  const first = listen(collection.orderBy("n").limit(2));
  const last = listen(collection.orderBy("n").limitToLast(2));
  const second = listen(collection.orderBy("n").offset(1).limit(1));
  expect((await nextOf(first)).ids).toEqual(["d1", "d2"]);
  expect((await nextOf(last)).ids).toEqual(["d3", "d4"]);
  expect((await nextOf(second)).ids).toEqual(["d2"]);
  await collection.doc("d0").set({ n: 0 });
  expect(await nextOf(first)).toEqual({ ids: ["d0", "d1"], changes: ["removed d2", "added d0"] });
  expect((await nextOf(second)).ids).toEqual(["d1"]);
  await collection.doc("d4").delete();
  expect(await nextOf(last)).toEqual({ ids: ["d2", "d3"], changes: ["removed d4", "added d2"] });
});

test("cursors and collection groups are listened to as they are queried", async () => {
  await firestore.doc("c/1").set({ n: 1 });
  await firestore.doc("x/1/c/2").set({ n: 2 });
  const group = listen(firestore.collectionGroup("c").orderBy("n").startAfter(1));
  expect((await nextOf(group)).ids).toEqual(["2"]);
  await firestore.doc("x/2/c/3").set({ n: 3 });
  await firestore.doc("c/1").set({ n: 9 });
  expect((await nextOf(group)).ids).toEqual(["2", "3"]);
  expect((await nextOf(group)).ids).toEqual(["2", "3", "1"]);
});

test("what one client writes, another is told", async () => {
  const other = clientOn(emulator.port);
  try {
    const arrivals = listen(firestore.collection("c"));
    expect((await nextOf(arrivals)).ids).toEqual([]);
    await other.runTransaction(async (transaction) => {
      await transaction.get(other.doc("c/1"));
      transaction.set(other.doc("c/1"), {});
      transaction.set(other.doc("c/2"), {});
    });
    expect((await nextOf(arrivals)).ids).toEqual(["1", "2"]);
  } finally {
    await other.terminate();
  }
});

test("after its connection broke a client goes on with what changed meanwhile, and no more", async () => {
  const proxy = await startTcpProxy(emulator.port);
  const cutOff = clientOn(proxy.port);
  try {
    await firestore.doc("c/1").set({ n: 1 });
    await firestore.doc("c/2").set({ n: 1 });
    await firestore.doc("c/3").set({ n: 1 });
    const arrivals = listen(cutOff.collection("c"));
    expect((await nextOf(arrivals)).ids).toEqual(["1", "2", "3"]);
    proxy.cut();
    const batch = firestore.batch();
    batch.delete(firestore.doc("c/1"));
    batch.set(firestore.doc("c/2"), { n: 2 });
    batch.set(firestore.doc("c/4"), { n: 1 });
    await batch.commit();
    expect(await nextOf(arrivals)).toEqual({
      ids: ["2", "3", "4"],
      changes: ["removed 1", "added 4", "modified 2"],
    });
    await firestore.doc("c/5").set({});
    expect((await nextOf(arrivals)).changes).toEqual(["added 5"]);
  } finally {
    for (const stop of unsubscribe.splice(0)) stop();
    await cutOff.terminate();
    proxy.close();
  }
});

test("clearing the database empties what is listened to", async () => {
  await firestore.doc("c/1").set({});
  const arrivals = listen(firestore.collection("c"));
  expect((await nextOf(arrivals)).ids).toEqual(["1"]);
  await emulator.clear(`projects/node-${project}/databases/(default)`);
  expect(await nextOf(arrivals)).toEqual({ ids: [], changes: ["removed 1"] });
});

test("a query that cannot be listened to is an error with the reason", async () => {
  const arrivals = listen(firestore.collection("c").select("n"));
  expect(await arrivals.next()).toMatchObject({
    message: "Error 3: 'select' clauses are not supported for real-time queries.",
  });
});

test("hundreds of listeners of one client are each told what is theirs", async () => {
  const collection = firestore.collection("c");
  const all = Array.from({ length: 200 }, (_, n) => listen(collection.where("n", "==", n)));
  for (const arrivals of all) expect((await nextOf(arrivals)).ids).toEqual([]);
  await collection.doc("x").set({ n: 7 });
  await collection.doc("x").set({ n: 150 });
  const [seventh, other] = [all[7], all[150]];
  expect(seventh && (await nextOf(seventh)).changes).toEqual(["added x"]);
  expect(seventh && (await nextOf(seventh)).changes).toEqual(["removed x"]);
  expect(other && (await nextOf(other)).changes).toEqual(["added x"]);
  expect(all.map(({ length }) => length)).toEqual(all.map(() => 0));
});
