import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { errorOf, openTestFirestore } from "../testing/test-firestore.ts";

test("a query's loop gets the documents at first, and then what changed", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.doc("a").create({ text: "A", count: 1 });
  const seen: unknown[] = [];
  for await (const { documents, changes } of notes
    .where("count", ">", 0)
    .orderBy("count")
    .states()) {
    seen.push([
      documents.map(({ id }) => id).join(""),
      changes.map(({ type, document }) => `${type} ${document.id} ${document.data.text}`),
    ]);
    if (seen.length === 1) await notes.doc("b").create({ text: "B", count: 2 });
    if (seen.length === 2) await notes.doc("a").update({ text: "A2", count: 3 });
    if (seen.length === 3) await notes.doc("b").update({ count: 0 });
    if (seen.length === 4) break;
  }
  expect(seen).toEqual([
    ["a", ["added a A"]],
    ["ab", ["added b B"]],
    ["ba", ["modified a A2"]],
    ["a", ["removed b B"]],
  ]);
});

test("a slow loop misses states, and gets all changes between those that it sees", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.doc("gone").create({ text: "x" });
  let states = 0;
  const changed: string[] = [];
  for await (const { documents, changes } of notes.states()) {
    states += 1;
    changed.push(...changes.map(({ type, document }) => `${type} ${document.id}`));
    if (states === 1) {
      for (let index = 0; index < 20; index += 1)
        await notes.doc(`n${String(index).padStart(2, "0")}`).set({ text: "t" });
      await notes.doc("gone").delete();
      await notes.doc("n00").update({ text: "again" });
      await setTimeout(300);
    } else if (documents.length === 20 && documents[0]?.data.text === "again") break;
  }
  expect(states).toBeLessThan(10);
  expect(changed.filter((change) => change === "removed gone")).toHaveLength(1);
  expect(new Set(changed.filter((change) => change.startsWith("added n"))).size).toBe(20);
});

test("a document's listener is called until it is stopped", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  const seen: (string | undefined)[] = [];
  let stop: (() => void) | undefined;
  await new Promise<void>((resolve, reject) => {
    stop = note.listen(
      (document) => {
        seen.push(document?.data.text);
        if (seen.length === 1) note.create({ text: "one" }).catch(reject);
        if (seen.length === 2) note.delete().catch(reject);
        if (seen.length === 3) resolve();
      },
      { onError: reject },
    );
  });
  stop?.();
  stop?.();
  await note.create({ text: "after" });
  await setTimeout(100);
  expect(seen).toEqual([undefined, "one", undefined]);
});

test("a document that does not fit ends a strict listener, and is shown to a lenient one", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await firestore.documents("notes").doc("1").set({ text: 5 });
  const strict = async (): Promise<void> => {
    for await (const _ of firestore.collection("notes").states()) break;
  };
  expect(await errorOf(strict())).toMatchObject({ code: "INVALID_DOCUMENT", path: "notes/1" });
  for await (const { documents } of firestore
    .collection("notes", { reading: "lenient" })
    .states()) {
    expect(documents[0]?.issues).toHaveLength(1);
    break;
  }
});

test("a signal ends a loop, and what a listener throws ends it with that", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const controller = new AbortController();
  const notes = firestore.collection("notes");
  const loop = async (): Promise<void> => {
    for await (const _ of notes.states({ signal: controller.signal })) controller.abort();
  };
  expect(await errorOf(loop())).toMatchObject({ code: "CANCELLED" });
  const reason = new RangeError("mine");
  const ended = new Promise((resolve) => {
    notes.listen(
      () => {
        throw reason;
      },
      { onError: resolve },
    );
  });
  expect(await ended).toBe(reason);
});

test("closing the database ends its listeners", async () => {
  const firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const ended = new Promise((resolve) => {
    notes.listen(() => void firestore.close(), { onError: resolve });
  });
  const loop = async (): Promise<void> => {
    for await (const _ of notes.states());
  };
  const looped = errorOf(loop());
  expect(await ended).toMatchObject({ code: "CLOSED" });
  expect(await looped).toMatchObject({ code: "CLOSED" });
  await firestore.close();
});

test("closing ends all listeners, also where one of them throws", async () => {
  const firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const ended: string[] = [];
  for (const name of ["first", "second"]) {
    notes.listen(() => {}, {
      onError: () => {
        ended.push(name);
        throw new Error(`the ${name} throws`);
      },
    });
  }
  expect(await errorOf(firestore.close())).toMatchObject({ message: "the first throws" });
  expect(ended).toEqual(["first", "second"]);
  expect(await errorOf(notes.get())).toMatchObject({ code: "CLOSED" });
});

test("what was there at one moment cannot be listened to", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const then = Object(firestore.at(new Date()).collection("notes"));
  expect(() => then.states()).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  expect(() => then.doc("1").listen(() => {}, { onError: () => {} })).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED" }),
  );
});
