import { Firestore } from "@google-cloud/firestore";
import { deleteApp, initializeApp } from "firebase-admin/app";
import {
  FieldPath,
  FieldValue,
  getFirestore,
  Timestamp,
  type Firestore as AdminFirestore,
} from "firebase-admin/firestore";
import { expect, vi } from "vitest";
import type { ContractTest, ContractWorld } from "./contract-world.ts";

async function withAdmin(
  world: ContractWorld,
  use: (firestore: AdminFirestore) => Promise<void>,
): Promise<void> {
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", world.server.address);
  const app = initializeApp({ projectId: world.project }, world.project);
  const firestore = getFirestore(app);
  try {
    await use(firestore);
  } finally {
    await firestore.terminate();
    await deleteApp(app);
  }
}

async function withClient(
  world: ContractWorld,
  use: (firestore: Firestore) => Promise<void>,
): Promise<void> {
  vi.stubEnv("FIRESTORE_EMULATOR_HOST", world.server.address);
  const firestore = new Firestore({ projectId: world.project });
  try {
    await use(firestore);
  } finally {
    await firestore.terminate();
  }
}

/** The genuine client libraries, unmodified. */
export function clientsContract(test: ContractTest): void {
  test("firebase-admin writes, merges, updates and deletes", async (world) => {
    await withAdmin(world, async (firestore) => {
      const document = firestore.doc("a/b");
      await document.create({ n: 1, when: Timestamp.fromMillis(5), inner: { x: 1, y: 2 } });
      await document.set({ inner: { x: 3 } }, { merge: true });
      await document.update({ n: FieldValue.increment(2), "inner.y": FieldValue.delete() });
      await document.update(new FieldPath("a.b"), FieldValue.arrayUnion("x"));
      expect((await document.get()).data()).toEqual({
        n: 3,
        when: Timestamp.fromMillis(5),
        inner: { x: 3 },
        "a.b": ["x"],
      });
      await expect(document.create({})).rejects.toMatchObject({ code: 6 });
      await expect(firestore.doc("a/none").update({ n: 1 })).rejects.toMatchObject({ code: 5 });
      const { updateTime } = await document.get();
      await document.delete(updateTime ? { lastUpdateTime: updateTime } : {});
      expect((await document.get()).exists).toBe(false);
    });
  });

  test("firebase-admin reads many, lists and queries", async (world) => {
    await withAdmin(world, async (firestore) => {
      const batch = firestore.batch();
      for (let n = 0; n < 10; n += 1) batch.set(firestore.doc(`a/${n}`), { n });
      batch.set(firestore.doc("a/none/b/1"), { n: 10 });
      await batch.commit();
      const read = await firestore.getAll(firestore.doc("a/1"), firestore.doc("a/x"));
      expect(read.map(({ exists }) => exists)).toEqual([true, false]);
      const listed = await firestore.collection("a").listDocuments();
      expect(listed.map(({ id }) => id)).toContain("none");
      expect((await firestore.listCollections()).map(({ id }) => id)).toEqual(["a"]);
      const { docs } = await firestore
        .collection("a")
        .where("n", ">=", 3)
        .orderBy("n", "desc")
        .limit(2)
        .get();
      expect(docs.map(({ id }) => id)).toEqual(["9", "8"]);
      const last = await firestore.collection("a").orderBy("n").limitToLast(2).get();
      expect(last.docs.map(({ id }) => id)).toEqual(["8", "9"]);
      const count = await firestore.collection("a").count().get();
      expect(count.data().count).toBe(10);
    });
  });

  test("firebase-admin's BulkWriter writes all and tells of what fails", async (world) => {
    await withAdmin(world, async (firestore) => {
      const writer = firestore.bulkWriter();
      writer.onWriteError(() => false);
      const written = Array.from(
        { length: 50 },
        async (_, n) => await writer.set(firestore.doc(`a/${n}`), { n }),
      );
      const failing = writer.update(firestore.doc("a/none"), { n: 1 });
      const [result] = await Promise.allSettled([failing, writer.close(), ...written]);
      expect(result).toMatchObject({ status: "rejected", reason: { code: 5 } });
      expect((await firestore.collection("a").count().get()).data().count).toBe(50);
    });
  });

  test("@google-cloud/firestore runs transactions, and read-only ones of the past", async (world) => {
    await withClient(world, async (firestore) => {
      const document = firestore.doc("a/b");
      const { writeTime } = await document.set({ n: 1 });
      const before = await firestore.runTransaction(async (transaction) => {
        const snapshot = await transaction.get(document);
        transaction.update(document, { n: 2 });
        return snapshot.get("n");
      });
      expect(before).toBe(1);
      const options = { readOnly: true, readTime: writeTime } as const;
      const past = await firestore.runTransaction(
        async (transaction) => (await transaction.get(document)).get("n"),
        options,
      );
      expect(past).toBe(1);
      const failing = firestore.runTransaction(async (transaction) => {
        await transaction.get(document);
        transaction.update(document, { n: 3 });
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect((await document.get()).get("n")).toBe(2);
    });
  });

  test("@google-cloud/firestore streams a query and keeps int64 and vectors whole", async (world) => {
    await withClient(world, async (firestore) => {
      firestore.settings({ useBigInt: true });
      await firestore.doc("a/1").set({ n: 2n ** 60n + 1n, v: FieldValue.vector([1, 2.5]) });
      const seen: unknown[] = [];
      for await (const snapshot of firestore.collection("a").stream()) seen.push(snapshot);
      expect(seen.length).toBe(1);
      const data = (await firestore.doc("a/1").get()).data();
      expect(data?.["n"]).toBe(2n ** 60n + 1n);
      expect(data?.["v"].toArray()).toEqual([1, 2.5]);
    });
  });
}
