import { Client } from "@ctb-data/models";
import { expect, test } from "vitest";
import { firestoreHost } from "../testing/emulator.ts";
import { everyType, type Everything } from "../testing/registries.ts";
import { seedRegistry } from "../testing/seed.ts";
import { openTcpDoor } from "../testing/tcp-door.ts";
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

test("two that change what both have read: one of them ends in CONTENTION when it may not try again", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const doc = firestore.collection("notes").doc("1");
  await doc.create({ text: "t", count: 0 });
  let readers = 0;
  let bothHaveRead: (() => void) | undefined;
  const both = new Promise<void>((resolve) => (bothHaveRead = resolve));
  const change = async (): Promise<void> => {
    await firestore.transaction(
      async (tx) => {
        const mine = tx.collection("notes").doc("1");
        const count = Number((await mine.get())?.data.count);
        readers += 1;
        if (readers === 2) bothHaveRead?.();
        await both;
        mine.update({ count: count + 1 });
      },
      { retries: 0 },
    );
  };
  const ends = await Promise.allSettled([change(), change()]);
  const failed = ends.filter((end) => end.status === "rejected");
  expect(failed).toMatchObject([{ reason: { code: "CONTENTION", status: "ABORTED" } }]);
  expect((await doc.get())?.data.count).toBe(1);
});

test("an own error that looks like one of gRPC is not tried again", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const reason = Object.assign(new Error("mine"), { code: 10 });
  let attempts = 0;
  const failing = firestore.transaction(async ({ attempt }) => {
    attempts = attempt;
    await Promise.reject(reason);
  });
  expect(await errorOf(failing)).toBe(reason);
  expect(attempts).toBe(1);
  expect(
    await errorOf(firestore.transaction(async () => await Promise.resolve(), { retries: -1 })),
  ).toMatchObject({ code: "INVALID_OPTIONS" });
});

test("a transaction whose commit is not answered is a TIMEOUT", async () => {
  await using door = await openTcpDoor(firestoreHost());
  const firestore = await openTestFirestore<Everything>({
    registry: everyType,
    emulatorHost: door.host,
    timeoutMs: 500,
  });
  const stalled = firestore.transaction(async (tx) => {
    const note = tx.collection("notes").doc("1");
    await note.get();
    door.stall();
    note.set({ text: "t" });
  });
  expect(await errorOf(stalled)).toMatchObject({
    code: "TIMEOUT",
    hint: expect.stringContaining("read before"),
  });
  door.cut();
  await firestore.close({ graceMs: 100 });
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
