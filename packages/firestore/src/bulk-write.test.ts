import { setTimeout } from "node:timers/promises";
import { Client } from "@ctb-data/models";
import { expect, test } from "vitest";
import { firestoreHost } from "../testing/emulator.ts";
import { everyType, type Everything } from "../testing/registries.ts";
import { seedRegistry } from "../testing/seed.ts";
import { openTcpDoor } from "../testing/tcp-door.ts";
import { errorOf, openTestFirestore } from "../testing/test-firestore.ts";
import type { BulkProgress, BulkResult } from "./bulk.ts";

const fast = { ramp: false } as const;

test("thousands of writes are done, and each has its result", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const results = new Map<number, BulkResult>();
  const progress: BulkProgress[] = [];
  const summary = await notes.bulkWrite(
    Array.from({ length: 2000 }, (_, index) => ({
      op: "create" as const,
      id: String(index),
      data: { text: "t", count: index },
    })).values(),
    {
      ...fast,
      onResult: (result) => void results.set(result.index, result),
      onProgress: (now) => void progress.push(now),
    },
  );
  expect(summary).toEqual({ written: 2000, failed: 0, failures: [] });
  expect(results.size).toBe(2000);
  expect(results.get(7)).toMatchObject({
    ok: true,
    path: "notes/7",
    writeTime: { seconds: expect.any(Number) },
  });
  expect(progress.length).toBeGreaterThanOrEqual(20);
  expect(progress.at(-1)).toEqual({ written: 2000, failed: 0 });
  expect(await notes.count()).toBe(2000);
});

test("every kind of write works, and one that fails does not stop the others", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.doc("there").create({ text: "old", count: 1 });
  const wrong: { text: string } = Object({ text: 5 });
  const summary = await notes.bulkWrite(
    [
      { op: "create", id: "new", data: { text: "new" } },
      { op: "create", id: "there", data: { text: "again" } },
      { op: "set", id: "bad", data: wrong },
      { op: "set", id: "a/b", data: { text: "t" } },
      { op: "update", id: "missing", changes: { text: "t" } },
      { op: "merge", id: "merged", changes: { text: "m", "extra.a": 1 } },
      { op: "delete", id: "nothing" },
      { op: "set", id: "huge", data: { text: "x".repeat(1_100_000) } },
      // The server refuses it, and with it the whole request that it is in.
      {
        op: "set",
        id: "deep",
        data: {
          text: "t",
          embedding: firestore.types.vector(Array.from({ length: 2049 }, () => 1)),
        },
      },
      Object({ op: "explode", id: "x" }),
    ],
    fast,
  );
  expect(summary).toMatchObject({ written: 3, failed: 7 });
  const failures = summary.failures
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, path, error }) => [index, path, error.code]);
  expect(failures).toEqual([
    [1, "notes/there", "DOCUMENT_EXISTS"],
    [2, "notes/bad", "INVALID_VALUE"],
    [3, undefined, "INVALID_QUERY"],
    [4, "notes/missing", "DOCUMENT_NOT_FOUND"],
    [7, "notes/huge", expect.stringMatching(/RESOURCES_EXHAUSTED|INVALID_VALUE/)],
    [8, "notes/deep", "INVALID_VALUE"],
    [9, undefined, "INVALID_VALUE"],
  ]);
  expect((await notes.doc("merged").get())?.data).toEqual({ text: "m", extra: { a: 1 } });
});

test("rows are saved as documents", async () => {
  await using firestore = await openTestFirestore({ registry: await seedRegistry() });
  const clients = firestore.collection(Client);
  const summary = await clients.bulkWrite(
    [
      { op: "save", row: { id: 1, name: "Ada" }, ownFields: { metadata: { a: 1 } } },
      { op: "save", row: { name: "nobody" } },
      { op: "save", row: new Client({ id: 2, name: "Grace" }) },
    ],
    fast,
  );
  expect(summary).toMatchObject({
    written: 2,
    failed: 1,
    failures: [{ index: 1, path: undefined }],
  });
  expect((await clients.orderBy("name").get()).map(({ value }) => value.name)).toEqual([
    "Ada",
    "Grace",
  ]);
});

test("writes of one document are done in their order", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.bulkWrite(
    Array.from({ length: 60 }, (_, index) => ({
      op: "set" as const,
      id: String(index % 3),
      data: { text: "t", count: index },
    })),
    fast,
  );
  expect((await notes.orderBy("count").get()).map(({ data }) => data.count)).toEqual([57, 58, 59]);
});

test("no more is taken than can be sent", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  let taken = 0;
  let done = 0;
  let most = 0;
  async function* source() {
    for (let index = 0; index < 300; index += 1) {
      taken += 1;
      most = Math.max(most, taken - done);
      yield { op: "set" as const, id: String(index), data: { text: "t" } };
      await Promise.resolve();
    }
  }
  await firestore.collection("notes").bulkWrite(source(), {
    ...fast,
    maxPending: 40,
    onResult: () => void (done += 1),
  });
  expect(done).toBe(300);
  expect(most).toBeLessThanOrEqual(42);
});

test("large documents fill no request beyond what Firestore takes", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const summary = await notes.bulkWrite(
    Array.from({ length: 20 }, (_, index) => ({
      op: "set" as const,
      id: String(index),
      data: { text: "x".repeat(900_000), raw: new Uint8Array(100_000) },
    })),
    fast,
  );
  expect(summary).toMatchObject({ written: 20, failed: 0 });
});

test("a source that waits does not hold back what it gave", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  let release: (() => void) | undefined;
  const first = new Promise<void>((resolve) => (release = resolve));
  async function* source() {
    yield { op: "set" as const, id: "1", data: { text: "t" } };
    await first;
  }
  const summary = await notes.bulkWrite(source(), { ...fast, onResult: () => release?.() });
  expect(summary.written).toBe(1);
});

test("a signal stops it: what was taken is done, the rest is not, and the source is closed", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const controller = new AbortController();
  let isClosed = false;
  let written = 0;
  async function* endless() {
    try {
      for (let index = 0; ; index += 1) {
        yield { op: "set" as const, id: String(index), data: { text: "t" } };
        if (index === 50) controller.abort(new Error("enough"));
        await setTimeout(0);
      }
    } finally {
      isClosed = true;
    }
  }
  const stopped = notes.bulkWrite(endless(), {
    ...fast,
    signal: controller.signal,
    onResult: ({ ok }) => void (written += Number(ok)),
  });
  expect(await errorOf(stopped)).toMatchObject({ code: "CANCELLED", cause: { message: "enough" } });
  expect(isClosed).toBe(true);
  expect(written).toBeGreaterThanOrEqual(50);
  expect(await notes.count()).toBe(written);
  // Also while the source is stuck.
  const late = new AbortController();
  const stuck = notes.bulkWrite(
    { [Symbol.asyncIterator]: () => ({ next: async () => await new Promise<never>(() => {}) }) },
    { ...fast, signal: late.signal },
  );
  late.abort();
  expect(await errorOf(stuck)).toMatchObject({ code: "CANCELLED" });
  expect(await errorOf(notes.bulkWrite([], { signal: AbortSignal.abort() }))).toMatchObject({
    code: "CANCELLED",
  });
});

test("a signal is heard among writes of which none can be sent", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const wrong: { text: string } = Object({ text: 5 });
  function* endless() {
    for (;;) yield { op: "set", id: "1", data: wrong } as const;
  }
  const stopped = firestore
    .collection("notes")
    .bulkWrite(endless(), { ...fast, signal: AbortSignal.timeout(50) });
  expect(await errorOf(stopped)).toMatchObject({ code: "CANCELLED" });
});

test("who stops it does not wait for a server that does not answer", async () => {
  await using door = await openTcpDoor(firestoreHost());
  const firestore = await openTestFirestore<Everything>({
    registry: everyType,
    emulatorHost: door.host,
    timeoutMs: 200,
  });
  const controller = new AbortController();
  door.stall();
  const stuck = firestore
    .collection("notes")
    .bulkWrite(slowly(), { ...fast, signal: controller.signal });
  await setTimeout(50);
  controller.abort();
  expect(await errorOf(stuck)).toMatchObject({ code: "CANCELLED" });
  door.cut();
  await firestore.close({ graceMs: 100 });
});

test("what the source or onResult throws ends it with that, after what was taken", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const reason = new RangeError("mine");
  function* failing() {
    yield { op: "set" as const, id: "before", data: { text: "t" } };
    throw reason;
  }
  expect(await errorOf(notes.bulkWrite(failing(), fast))).toBe(reason);
  expect(await notes.doc("before").get()).toBeDefined();
  const writes = [1, 2, 3].map((id) => ({
    op: "set" as const,
    id: String(id),
    data: { text: "t" },
  }));
  const onResult = async (): Promise<void> => await Promise.reject(reason);
  expect(await errorOf(notes.bulkWrite(writes, { ...fast, onResult }))).toBe(reason);
});

async function* slowly() {
  for (let index = 0; ; index += 1) {
    yield { op: "set" as const, id: String(index), data: { text: "t" } };
    await setTimeout(1);
  }
}

test("closing the database ends a bulk write", async () => {
  const firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const ended = errorOf(
    notes.bulkWrite(slowly(), { ...fast, onResult: () => void firestore.close() }),
  );
  expect(await ended).toMatchObject({ code: "CLOSED" });
  await firestore.close();
  expect(await errorOf(notes.get())).toMatchObject({ code: "CLOSED" });
  expect(await errorOf(notes.bulkWrite([]))).toMatchObject({ code: "CLOSED" });
});

test("it starts with the writes per second that it was told", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const writes = Array.from({ length: 60 }, (_, index) => ({
    op: "set" as const,
    id: String(index),
    data: { text: "t" },
  }));
  let early = 0;
  const start = performance.now();
  await firestore.collection("notes").bulkWrite(writes, {
    ramp: { start: 20, max: 20 },
    onResult: () => void (early += Number(performance.now() - start < 900)),
  });
  expect(early).toBeLessThanOrEqual(40);
  expect(
    await errorOf(firestore.collection("notes").bulkWrite(writes, { ramp: { start: -1 } })),
  ).toMatchObject({
    code: "INVALID_OPTIONS",
  });
  expect(
    await errorOf(firestore.collection("notes").bulkWrite(writes, { maxPending: 0 })),
  ).toMatchObject({
    code: "INVALID_OPTIONS",
  });
});
