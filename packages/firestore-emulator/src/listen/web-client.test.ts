import { deleteApp, initializeApp, type FirebaseApp } from "@firebase/app";
import {
  collection,
  connectFirestoreEmulator,
  deleteDoc,
  disableNetwork,
  doc,
  enableNetwork,
  getDocFromServer,
  getDocsFromServer,
  getFirestore,
  increment,
  limit,
  limitToLast,
  onSnapshot,
  orderBy,
  query,
  runTransaction,
  serverTimestamp,
  setDoc,
  setLogLevel,
  terminate,
  Timestamp,
  updateDoc,
  where,
  writeBatch,
  type Firestore,
  type Query,
  type QuerySnapshot,
} from "@firebase/firestore";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Arrivals } from "../../testing/arrivals.ts";
import { startLossyListen } from "../../testing/lossy-listen.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";
import type { ListenResponse } from "../protocol/messages.ts";

let emulator: FirestoreEmulator;
let apps: FirebaseApp[] = [];
let worlds = 0;

/** One more client of the test's own project. */
function newClient(port = emulator.port): Firestore {
  const app = initializeApp({ projectId: `web-${worlds}` }, `app-${worlds}-${apps.length}`);
  apps.push(app);
  const firestore = getFirestore(app);
  connectFirestoreEmulator(firestore, "127.0.0.1", port);
  return firestore;
}

/** A snapshot in short: `1=5` for each document, and what is not yet certain about it. */
interface Seen {
  readonly documents: readonly string[];
  readonly fromCache: boolean;
  readonly pending: boolean;
}

function seen({ docs, metadata }: QuerySnapshot): Seen {
  return {
    documents: docs.map((one) => `${one.id}=${String(one.get("n"))}`),
    fromCache: metadata.fromCache,
    pending: metadata.hasPendingWrites,
  };
}

function listen(source: Query): Arrivals<Seen> {
  const arrivals = new Arrivals<Seen>();
  onSnapshot(source, { includeMetadataChanges: true }, (snapshot) => {
    arrivals.push(seen(snapshot));
  });
  return arrivals;
}

/** The next documents that the server vouches for. */
async function certain(arrivals: Arrivals<Seen>): Promise<readonly string[]> {
  const { documents } = await arrivals.until(({ fromCache, pending }) => !fromCache && !pending);
  return documents;
}

beforeAll(async () => {
  setLogLevel("silent");
  emulator = await startFirestoreEmulator({ port: 0 });
});

afterAll(async () => {
  await emulator.close();
});

beforeEach(() => {
  worlds += 1;
});

afterEach(async () => {
  for (const app of apps.splice(0)) {
    await terminate(getFirestore(app));
    await deleteApp(app);
  }
});

describe("writing", () => {
  test("a write is seen at once as pending, and then as the server has it", async () => {
    const firestore = newClient();
    const arrivals = listen(collection(firestore, "c"));
    expect(await arrivals.until(({ fromCache }) => !fromCache)).toMatchObject({ documents: [] });
    await setDoc(doc(firestore, "c/1"), { n: 1 });
    expect(await arrivals.next()).toEqual({ documents: ["1=1"], fromCache: false, pending: true });
    expect(await certain(arrivals)).toEqual(["1=1"]);
  });

  test("many writes without waiting arrive in their order", async () => {
    const firestore = newClient();
    const document = doc(firestore, "c/1");
    const writes = [setDoc(document, { n: 0 })];
    for (let n = 0; n < 50; n += 1) writes.push(updateDoc(document, { n: increment(1) }));
    writes.push(updateDoc(document, { t: serverTimestamp() }));
    await Promise.all(writes);
    const stored = await getDocFromServer(document);
    expect(stored.get("n")).toBe(50);
    expect(stored.get("t")).toBeInstanceOf(Timestamp);
  });

  test("a batch is all or nothing", async () => {
    const firestore = newClient();
    const batch = writeBatch(firestore);
    batch.set(doc(firestore, "c/1"), { n: 1 });
    batch.update(doc(firestore, "c/2"), { n: 2 });
    await expect(batch.commit()).rejects.toMatchObject({ code: "not-found" });
    const { docs } = await getDocsFromServer(collection(firestore, "c"));
    expect(docs).toEqual([]);
    await setDoc(doc(firestore, "c/3"), {});
    expect((await getDocFromServer(doc(firestore, "c/3"))).exists()).toBe(true);
  });

  test("transactions of two clients lose no increment", async () => {
    const clients = [newClient(), newClient()];
    const increments = clients.flatMap((firestore) =>
      Array.from({ length: 5 }, async () => {
        const document = doc(firestore, "c/1");
        await runTransaction(
          firestore,
          async (transaction) => {
            const before = await transaction.get(document);
            transaction.set(document, { n: Number(before.get("n") ?? 0) + 1 });
          },
          { maxAttempts: 50 },
        );
      }),
    );
    await Promise.all(increments);
    const [firestore] = clients;
    const stored = firestore && (await getDocFromServer(doc(firestore, "c/1")));
    expect(stored?.get("n")).toBe(10);
  });
});

describe("listening", () => {
  test("each client is told what the other writes, deletes and takes out of its query", async () => {
    const [writer, reader] = [newClient(), newClient()];
    await setDoc(doc(writer, "c/1"), { n: 1 });
    await setDoc(doc(writer, "c/2"), { n: 5 });
    const source = query(collection(reader, "c"), where("n", ">", 0), orderBy("n", "desc"));
    const arrivals = listen(source);
    expect(await certain(arrivals)).toEqual(["2=5", "1=1"]);
    await setDoc(doc(writer, "c/1"), { n: 9 });
    expect(await certain(arrivals)).toEqual(["1=9", "2=5"]);
    await setDoc(doc(writer, "c/2"), { n: 0 });
    expect(await certain(arrivals)).toEqual(["1=9"]);
    await deleteDoc(doc(writer, "c/1"));
    expect(await certain(arrivals)).toEqual([]);
  });

  test("what left a query of its own accord is known without being asked for", async () => {
    const [writer, reader] = [newClient(), newClient()];
    await setDoc(doc(writer, "c/1"), { n: 1 });
    const arrivals = listen(query(collection(reader, "c"), where("n", "==", 1)));
    expect(await certain(arrivals)).toEqual(["1=1"]);
    await setDoc(doc(writer, "c/1"), { n: 2 });
    // A client that had only been told that it is gone would say so from its cache, and ask for the document first.
    expect(await arrivals.next()).toEqual({ documents: [], fromCache: false, pending: false });
  });

  test("windows of both ends move on", async () => {
    const [writer, reader] = [newClient(), newClient()];
    for (const n of [1, 2, 3, 4]) await setDoc(doc(writer, `c/${n}`), { n });
    const sorted = query(collection(reader, "c"), orderBy("n"));
    const first = listen(query(sorted, limit(2)));
    const last = listen(query(sorted, limitToLast(2)));
    expect(await certain(first)).toEqual(["1=1", "2=2"]);
    expect(await certain(last)).toEqual(["3=3", "4=4"]);
    await deleteDoc(doc(writer, "c/1"));
    expect(await certain(first)).toEqual(["2=2", "3=3"]);
    await setDoc(doc(writer, "c/0"), { n: 0 });
    expect(await certain(first)).toEqual(["0=0", "2=2"]);
    await deleteDoc(doc(writer, "c/4"));
    expect(await certain(last)).toEqual(["2=2", "3=3"]);
  });

  test("a query without its index is refused with the reason", async () => {
    const strict = await startFirestoreEmulator({ port: 0, indexes: { indexes: [] } });
    try {
      const firestore = newClient(strict.port);
      const source = query(collection(firestore, "c"), where("a", "==", 1), orderBy("b"));
      const errors = new Arrivals<{ readonly code: string; readonly message: string }>();
      onSnapshot(source, () => {}, errors.push);
      const error = await errors.next();
      expect(error.code).toBe("failed-precondition");
      expect(error.message).toContain("requires an index");
    } finally {
      await strict.close();
    }
  });
});

describe("coming back", () => {
  test("a client that was away is told what changed meanwhile", async () => {
    const [writer, reader] = [newClient(), newClient()];
    for (const n of [1, 2, 3]) await setDoc(doc(writer, `c/${n}`), { n });
    const arrivals = listen(collection(reader, "c"));
    expect(await certain(arrivals)).toEqual(["1=1", "2=2", "3=3"]);
    await disableNetwork(reader);
    await deleteDoc(doc(writer, "c/1"));
    await setDoc(doc(writer, "c/2"), { n: 20 });
    await setDoc(doc(writer, "c/4"), { n: 4 });
    await enableNetwork(reader);
    expect(await certain(arrivals)).toEqual(["2=20", "3=3", "4=4"]);
  });

  test("writes made while away are sent on coming back", async () => {
    const [away, other] = [newClient(), newClient()];
    await disableNetwork(away);
    const written = setDoc(doc(away, "c/1"), { n: 1 });
    const arrivals = listen(collection(other, "c"));
    expect(await certain(arrivals)).toEqual([]);
    await enableNetwork(away);
    await written;
    expect(await certain(arrivals)).toEqual(["1=1"]);
  });

  test("a client whose past the server does not know any more drops what is gone", async () => {
    const [writer, reader] = [newClient(), newClient()];
    for (const n of [1, 2]) await setDoc(doc(writer, `c/${n}`), { n });
    const arrivals = listen(collection(reader, "c"));
    expect(await certain(arrivals)).toEqual(["1=1", "2=2"]);
    await disableNetwork(reader);
    await emulator.clear(`projects/web-${worlds}/databases/(default)`);
    await setDoc(doc(writer, "c/3"), { n: 3 });
    await enableNetwork(reader);
    expect(await certain(arrivals)).toEqual(["3=3"]);
  });

  test("a client that missed a deletion finds by the filter which document it has too many", async () => {
    const writer = newClient();
    let losesDeletions = true;
    const filters: NonNullable<ListenResponse["filter"]>[] = [];
    let queried = 0;
    const lossy = await startLossyListen(emulator.address, (response) => {
      if (response.filter) filters.push(response.filter);
      if (response.targetChange?.targetChangeType === 1) queried += 1;
      return !(losesDeletions && response.documentDelete);
    });
    try {
      const reader = newClient(lossy.port);
      for (let n = 1; n <= 20; n += 1) await setDoc(doc(writer, `c/${n}`), { n });
      const arrivals = listen(query(collection(reader, "c"), orderBy("n")));
      expect(await certain(arrivals)).toHaveLength(20);
      await deleteDoc(doc(writer, "c/7"));
      await setDoc(doc(writer, "c/1"), { n: 0 });
      const wrong = await arrivals.until(({ documents }) => documents[0] === "1=0");
      expect(wrong.documents).toContain("7=7");
      losesDeletions = false;
      await disableNetwork(reader);
      queried = 0;
      await enableNetwork(reader);
      const right = await arrivals.until(
        ({ documents, fromCache }) => documents.length === 19 && !fromCache,
      );
      expect(right.documents).not.toContain("7=7");
      expect(filters.map(({ count }) => count)).toEqual([19]);
      // The query itself, and the document that it was about; the query was not read again.
      expect(queried).toBe(2);
    } finally {
      lossy.close();
    }
  });
});
