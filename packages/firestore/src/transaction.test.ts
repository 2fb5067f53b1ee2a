import { Client } from "@ctb-data/models";
import { expect, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { seedRegistry } from "../testing/seed.ts";
import { errorOf, openTestFirestore } from "../testing/test-firestore.ts";
import { increment } from "./field-change.ts";
import type { Transaction } from "./firestore.ts";

test("everything in a transaction is written when it returns, nothing when it throws", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.doc("a").create({ text: "A", count: 1 });
  const made = await firestore.transaction(async (tx) => {
    const inside = tx.collection("notes");
    const [a, b] = await inside.getAll(["a", "b"]);
    expect(b).toBeUndefined();
    inside.doc("b").create({ text: `${a?.data.text}B` });
    inside.doc("a").update({ count: increment(1) });
    const added = inside.add({ text: "C" });
    inside.doc("a").collection("notes").doc("x").set({ text: "under" });
    return added.id;
  });
  expect((await notes.getAll(["a", "b", made])).map((note) => note?.data)).toEqual([
    { text: "A", count: 2 },
    { text: "AB" },
    { text: "C" },
  ]);
  expect(await firestore.document("notes/a/notes/x").get()).toBeDefined();

  const reason = new RangeError("mine");
  const failing = firestore.transaction(async (tx) => {
    tx.collection("notes").doc("d").create({ text: "D" });
    await Promise.reject(reason);
  });
  expect(await errorOf(failing)).toBe(reason);
  expect(await notes.doc("d").get()).toBeUndefined();
});

test("twenty increments at once lose none", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.doc("n").create({ text: "n", count: 0 });
  let attempts = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await firestore.transaction(
        async (tx) => {
          attempts = Math.max(attempts, tx.attempt);
          const doc = tx.collection("notes").doc("n");
          const { data } = (await doc.get()) ?? { data: { count: 0 } };
          doc.update({ count: Number(data.count) + 1 });
        },
        { retries: 30 },
      );
    }),
  );
  expect((await notes.doc("n").get())?.data.count).toBe(20);
});

test("queries, counts and rows work inside of one, by class as well", async () => {
  await using firestore = await openTestFirestore({ registry: await seedRegistry() });
  await firestore.transaction(async (tx) => {
    const clients = tx.collection(Client);
    expect(await clients.where("name", "==", "Ada").get()).toEqual([]);
    expect(await clients.count()).toBe(0);
    clients.save({ id: 1, name: "Ada" });
    clients.save(new Client({ id: 2, name: "Grace" }), { ownFields: { metadata: { a: 1 } } });
    await Promise.resolve();
  });
  const names = await firestore.transaction(
    async (tx) =>
      (await tx.collection(Client).orderBy("name").get()).map(({ value }) => value.name),
    { readOnly: true },
  );
  expect(names).toEqual(["Ada", "Grace"]);
});

test("what cannot be done in a transaction is refused as such", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const readLate = firestore.transaction(async (tx) => {
    const doc = tx.collection("notes").doc("1");
    doc.set({ text: "t" });
    await doc.get();
  });
  expect(await errorOf(readLate)).toMatchObject({
    code: "INVALID_TRANSACTION",
    hint: expect.any(String),
  });
  const written = firestore.transaction(
    async (tx) => {
      Object(tx.collection("notes").doc("1")).set({ text: "t" });
      await Promise.resolve();
    },
    { readOnly: true },
  );
  expect(await errorOf(written)).toMatchObject({ code: "INVALID_TRANSACTION" });
  let kept: Transaction<Everything> | undefined;
  await firestore.transaction(async (tx) => {
    kept = tx;
    await Promise.resolve();
  });
  expect(() => kept?.collection("notes").doc("1").set({ text: "t" })).toThrow(
    expect.objectContaining({ code: "INVALID_TRANSACTION", message: "The transaction is over." }),
  );
  const invalid = firestore.transaction(async (tx) => {
    tx.collection("notes")
      .doc("1")
      .set(Object({ text: 5 }));
    await Promise.resolve();
  });
  expect(await errorOf(invalid)).toMatchObject({ code: "INVALID_VALUE" });
  expect(await firestore.collection("notes").count()).toBe(0);
  const lost = firestore.transaction(async (tx) => {
    tx.collection("notes").doc("none").update({ text: "t" });
    await Promise.resolve();
  });
  expect(await errorOf(lost)).toMatchObject({ code: "DOCUMENT_NOT_FOUND" });
});

test("a conflict that does not end is CONTENTION after all retries", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await using other = await openTestFirestore<Everything>({
    registry: everyType,
    projectId: firestore.projectId,
  });
  const doc = other.collection("notes").doc("1");
  const { writeTime } = await doc.create({ text: "t", count: 0 });
  let attempts = 0;
  const error = await errorOf(
    firestore.transaction(
      async (tx) => {
        attempts = tx.attempt;
        const mine = tx.collection("notes").doc("1");
        // Its own writes cannot be in conflict with themselves but for the time that they ask for.
        mine.update(
          { count: 1 },
          { lastUpdateTime: { ...writeTime, seconds: writeTime.seconds - 5, nanoseconds: 0 } },
        );
        await Promise.resolve();
      },
      { retries: 1 },
    ),
  );
  expect(error).toMatchObject({ code: "PRECONDITION_FAILED" });
  expect(attempts).toBe(1);
});

test("a signal stops a transaction before it writes", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const controller = new AbortController();
  const stopped = firestore.transaction(
    async (tx) => {
      tx.collection("notes").doc("1").set({ text: "t" });
      controller.abort();
      await Promise.resolve();
    },
    { signal: controller.signal },
  );
  expect(await errorOf(stopped)).toMatchObject({ code: "CANCELLED" });
  expect(await firestore.collection("notes").count()).toBe(0);
  const never = firestore.transaction(
    async () => await Promise.reject(new Error("It must not run.")),
    { signal: controller.signal },
  );
  expect(await errorOf(never)).toMatchObject({ code: "CANCELLED" });
});

test("a read-only transaction sees one moment, that of its readTime", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const doc = firestore.collection("notes").doc("1");
  await doc.create({ text: "before" });
  const readTime = await firestore.readTime();
  await doc.update({ text: "after" });
  const read = async (options: { readonly readTime?: typeof readTime }) =>
    await firestore.transaction(
      async (tx) => (await tx.collection("notes").doc("1").get())?.data.text,
      { readOnly: true, ...options },
    );
  expect(await read({ readTime })).toBe("before");
  expect(await read({})).toBe("after");
});
