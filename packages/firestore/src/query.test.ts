import { beforeAll, describe, expect, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { errorOf, newProject, openTestFirestore } from "../testing/test-firestore.ts";
import { documentId } from "./field-path.ts";
import type { Firestore } from "./firestore.ts";
import type { StoredDocument } from "./stored-document.ts";

const texts = (
  documents: readonly StoredDocument<{ data: object; value: unknown; row: object }>[],
) => documents.map(({ id }) => id);

describe("queries", () => {
  const projectId = newProject();

  async function open(): Promise<Firestore<Everything>> {
    return await openTestFirestore<Everything>({ registry: everyType, projectId });
  }

  beforeAll(async () => {
    await using firestore = await open();
    const { types } = firestore;
    const notes = firestore.collection("notes");
    await notes.doc("a").set({ text: "ant", count: 1, done: true, items: ["x"], extra: { n: 1 } });
    await notes
      .doc("b")
      .set({ text: "bee", count: 2, done: false, items: ["x", "y"], extra: { n: 2 } });
    await notes
      .doc("c")
      .set({ text: "cat", count: 2n ** 60n, done: null, at: types.timestamp(10, 1000) });
    await notes.doc("d").set({ text: "dog", count: 2, score: Number.NaN, "dotted.name": "d" });
    await notes.doc("e").set({ text: "eel", score: 1.5, about: types.reference("notes/a") });
  });

  test("conditions compare by field and value", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    const { types } = firestore;
    expect(texts(await notes.where("text", "==", "bee").get())).toEqual(["b"]);
    expect(texts(await notes.where("count", ">=", 2).get())).toEqual(["b", "d", "c"]);
    expect(texts(await notes.where("count", ">", 2n ** 59n).get())).toEqual(["c"]);
    expect(texts(await notes.where("text", "in", ["ant", "eel", "zzz"]).get())).toEqual(["a", "e"]);
    expect(texts(await notes.where("text", "not-in", ["ant", "bee"]).get())).toEqual([
      "c",
      "d",
      "e",
    ]);
    expect(texts(await notes.where("done", "==", null).get())).toEqual(["c"]);
    expect(texts(await notes.where("done", "!=", true).get())).toEqual(["b"]);
    expect(texts(await notes.where("score", "==", Number.NaN).get())).toEqual(["d"]);
    expect(texts(await notes.where("items", "array-contains", "y").get())).toEqual(["b"]);
    expect(texts(await notes.where("items", "array-contains-any", ["x"]).get())).toEqual([
      "a",
      "b",
    ]);
    expect(texts(await notes.where("extra.n", ">", 1).get())).toEqual(["b"]);
    expect(texts(await notes.where(["extra", "n"], "==", 1).get())).toEqual(["a"]);
    expect(texts(await notes.where("dotted.name", "==", "d").get())).toEqual(["d"]);
    expect(texts(await notes.where("at", "==", types.timestamp(10, 1000)).get())).toEqual(["c"]);
    expect(texts(await notes.where("at", ">", new Date(0)).get())).toEqual(["c"]);
    expect(texts(await notes.where("about", "==", { path: "notes/a" }).get())).toEqual(["e"]);
    expect(texts(await notes.where(documentId, ">", "c").get())).toEqual(["d", "e"]);
    const either = notes.where(({ or, and, field }) =>
      or(field("text", "==", "ant"), and(field("count", "==", 2), field("done", "==", false))),
    );
    expect(texts(await either.get())).toEqual(["a", "b"]);
  });

  test("orders, limits and cursors", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    const byText = notes.orderBy("text", "desc");
    expect(texts(await byText.limit(2).get())).toEqual(["e", "d"]);
    expect(texts(await byText.limitToLast(2).get())).toEqual(["b", "a"]);
    expect(texts(await byText.offset(3).get())).toEqual(["b", "a"]);
    expect(texts(await byText.startAt("cat").get())).toEqual(["c", "b", "a"]);
    expect(texts(await byText.startAfter("cat").endAt("ant").get())).toEqual(["b", "a"]);
    expect(texts(await byText.endBefore("cat").get())).toEqual(["e", "d"]);
    const [, second] = await byText.get();
    if (second === undefined) throw new Error("There is a second one.");
    expect(texts(await byText.startAfter(second).limit(1).get())).toEqual(["c"]);
    const byCount = notes.orderBy("count").orderBy("text", "desc");
    expect(texts(await byCount.startAt(2, "dog").get())).toEqual(["d", "b", "c"]);
    expect((await byText.first())?.id).toBe("e");
    expect((await byText.limitToLast(2).first())?.id).toBe("b");
    expect(await notes.where("text", "==", "none").first()).toBeUndefined();
  });

  test("selected fields are all that is read", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    const selected = notes.orderBy("text").select("count");
    expect((await selected.limit(2).get()).map(({ data }) => data)).toEqual([
      { count: 1 },
      { count: 2 },
    ]);
    const read: unknown[] = [];
    for await (const { data } of selected.iterate({ pageSize: 2 })) read.push(data);
    expect(read).toEqual([{ count: 1 }, { count: 2 }, { count: 2n ** 60n }, { count: 2 }, {}]);
    const [first] = await selected.get();
    expect(() => first?.value).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  test("counts, sums and averages", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    expect(await notes.count()).toBe(5);
    expect(await notes.where("count", "<", 5).sum("count")).toBe(5);
    expect(await notes.where("count", ">", 5).sum("count")).toBe(2n ** 60n);
    expect(await notes.where("text", "==", "none").average("count")).toBeNull();
    const result = await notes
      .where("count", "<", 5)
      .aggregate({ all: "count", total: ["sum", "count"], mean: ["average", "count"] });
    expect(result).toEqual({ all: 3, total: 5, mean: 5 / 3 });
  });

  test("what cannot be asked is refused before it is sent", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    const any: {
      where(...args: readonly unknown[]): unknown;
      orderBy(...args: readonly unknown[]): unknown;
    } = Object(notes);
    const refused: readonly (readonly [() => unknown, string])[] = [
      [() => any.where("txt", "==", 1), "has no field txt"],
      [
        () => any.where("text", "==", 1),
        "is an integer, but the field is a string: they are never equal",
      ],
      [() => any.where("count", "in", [1, "2"]), "is a string, but the field is an integer"],
      [() => any.where("text", "in", "a"), "take a list"],
      [() => any.where("text", "array-contains", "a"), "is a string, not an array"],
      [() => any.where("anything", "==", 2n ** 70n), "beyond the 64 bits"],
      [() => any.where("extra.", "==", 1), "has a name that is empty"],
      [() => any.where(() => undefined), "returned no condition"],
      [() => any.orderBy("text; drop"), "has no field"],
      [() => notes.limit(-1), "limit must be a whole number from 1 to 2147483647"],
      [() => notes.limit(2 ** 31), "limit must be a whole number from 1 to 2147483647"],
      [() => notes.limit(0.5), "limit must be"],
      [() => notes.offset(Number.NaN), "offset must be"],
      [() => notes.limitToLast(0), "limitToLast must be"],
      [
        () => any.where(({ or }: { readonly or: () => unknown }) => or()),
        "takes one condition or more",
      ],
    ];
    for (const [make, message] of refused) {
      expect(make).toThrow(
        expect.objectContaining({
          code: "INVALID_QUERY",
          message: expect.stringContaining(message),
        }),
      );
    }
    expect(await errorOf(notes.limitToLast(2).get())).toMatchObject({
      code: expect.stringMatching(/INVALID_QUERY|REQUEST_FAILED/),
    });
  });

  test("a query that the server refuses fails at once, and says why", async () => {
    await using firestore = await open();
    const many = Array.from({ length: 31 }, (_, index) => `${index}`);
    const asked = firestore.collection("notes").where("text", "in", many);
    expect(await errorOf(asked.get({ timeoutMs: 5000 }))).toMatchObject({
      code: "INVALID_QUERY",
      status: "INVALID_ARGUMENT",
      collection: "notes",
      message: expect.stringContaining("30"),
    });
  });
});

describe("loops over many documents", () => {
  const projectId = newProject();
  const count = 1203;

  async function open(): Promise<Firestore<Everything>> {
    return await openTestFirestore<Everything>({ registry: everyType, projectId });
  }

  beforeAll(async () => {
    await using firestore = await open();
    await firestore.collection("notes").bulkWrite(
      Array.from({ length: count }, (_, index) => ({
        op: "set" as const,
        id: String(index).padStart(5, "0"),
        data: { text: `t${index % 7}`, count: index },
      })),
      { ramp: false },
    );
  });

  test("read each of them once, in the order asked for", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    const seen: string[] = [];
    for await (const { id } of notes.orderBy("text", "desc").iterate({ pageSize: 100 }))
      seen.push(id);
    expect(seen).toHaveLength(count);
    expect(new Set(seen).size).toBe(count);
    expect(seen[0]).toBe("01196");
    let all = 0;
    for await (const _ of notes) all += 1;
    expect(all).toBe(count);
  });

  test("respect limits, offsets, cursors and pages that end exactly", async () => {
    await using firestore = await open();
    const byCount = firestore.collection("notes").orderBy("count");
    const read = async (query: typeof byCount, pageSize: number): Promise<readonly unknown[]> => {
      const counts: unknown[] = [];
      for await (const { data } of query.iterate({ pageSize })) counts.push(data.count);
      return counts;
    };
    expect(await read(byCount.limit(10), 3)).toEqual(
      Array.from({ length: 10 }, (_, index) => index),
    );
    expect(await read(byCount.offset(1200), 2)).toEqual([1200, 1201, 1202]);
    expect(await read(byCount.startAt(1197).endBefore(1201), 2)).toEqual([1197, 1198, 1199, 1200]);
    expect(await read(byCount.limitToLast(2), 1)).toEqual([1201, 1202]);
    expect((await read(byCount, 401)).length).toBe(count);
    expect(await read(byCount.where("count", "<", 0), 5)).toEqual([]);
  });

  test("stop when the loop is left, or the signal says so", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    for await (const { id } of notes.iterate({ pageSize: 5 })) {
      expect(id).toBe("00000");
      break;
    }
    const controller = new AbortController();
    let seen = 0;
    const loop = async (): Promise<void> => {
      for await (const _ of notes.iterate({ pageSize: 10, signal: controller.signal })) {
        seen += 1;
        if (seen === 15) controller.abort();
      }
    };
    expect(await errorOf(loop())).toMatchObject({ code: "CANCELLED", collection: "notes" });
    expect(seen).toBe(15);
    expect(await errorOf(notes.get({ signal: AbortSignal.abort() }))).toMatchObject({
      code: "CANCELLED",
    });
  });

  test("read one moment, whatever is written meanwhile", async () => {
    await using firestore = await open();
    const notes = firestore.collection("notes");
    const then = firestore.at(await firestore.readTime()).collection("notes");
    await notes.doc("99999").set({ text: "later" });
    await notes.doc("00000").delete();
    try {
      let seen = 0;
      for await (const { readTime } of then.iterate({ pageSize: 400 })) {
        expect(readTime.seconds).toBeGreaterThan(0);
        seen += 1;
      }
      expect(seen).toBe(count);
      expect(await then.count()).toBe(count);
      expect((await then.doc("00000").get())?.data.count).toBe(0);
      expect((await then.getAll(["99999", "00000"])).map((note) => note?.id)).toEqual([
        undefined,
        "00000",
      ]);
      expect(await notes.count()).toBe(count);
      expect(await errorOf(Object(then).doc("1").set({ text: "t" }))).toMatchObject({
        code: "UNSUPPORTED",
      });
    } finally {
      await notes.doc("99999").delete();
      await notes.doc("00000").set({ text: "t0", count: 0 });
    }
  });

  test("times that cannot be read are refused as such", async () => {
    await using firestore = await open();
    const day = 86_400_000;
    for (const time of [new Date(Date.now() - 8 * day), new Date(Date.now() + day)]) {
      const error = await errorOf(firestore.at(time).collection("notes").limit(1).get());
      expect(error).toMatchObject({ code: "READ_TIME_UNAVAILABLE" });
    }
    expect(() => firestore.at(new Date(Number.NaN))).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });
});
