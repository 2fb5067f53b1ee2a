import { neutralDocumentTypes } from "@ctb-data/models";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { errorOf, openTestFirestore } from "../testing/test-firestore.ts";

const runs = process.env["SLOW"] === undefined ? 10 : 100;

test("every value of Firestore comes back as it was written", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const { types } = firestore;
  const note = firestore.collection("notes").doc("1");
  const at = types.timestamp(1_769_832_306, 789_012_000);
  await note.set({
    text: "Zoë 🌍 \u0000 end",
    count: 9_007_199_254_740_993n,
    score: Number.NaN,
    done: false,
    at,
    raw: new Uint8Array([0, 255, 128]),
    place: types.geoPoint(52.37, -4.9),
    about: types.reference("notes/2"),
    embedding: types.vector([1, -0.5, 1e300]),
    items: [null, 1, 2n ** 62n, "a", at, { deep: [1.5] }],
    extra: { "a.b": 1, ü: null, inner: { n: -0 } },
    anything: null,
    "dotted.name": "one field",
  });
  const read = await note.get();
  expect(read?.data).toMatchObject({
    text: "Zoë 🌍 \u0000 end",
    count: 9_007_199_254_740_993n,
    score: Number.NaN,
    done: false,
    at: { seconds: 1_769_832_306, nanoseconds: 789_012_000 },
    place: { latitude: 52.37, longitude: -4.9 },
    about: { path: "notes/2" },
    anything: null,
    "dotted.name": "one field",
  });
  expect(read?.data.raw).toEqual(Buffer.from([0, 255, 128]));
  expect(read?.data.embedding?.toArray()).toEqual([1, -0.5, 1e300]);
  expect(read?.data.items?.slice(0, 4)).toEqual([null, 1, 2n ** 62n, "a"]);
  expect(Object.is(Object(read?.data.extra)["inner"].n, -0)).toBe(true);
  // What was read can be written: the whole round again.
  if (read === undefined) return;
  await note.set(read.data);
  expect((await note.get())?.data).toEqual(read.data);
});

test("rows of a table come back as they were saved, null and missing apart", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const things = firestore.collection("things");
  const row = {
    id: 9_223_372_036_854_775_807n,
    name: "all",
    big: -9_223_372_036_854_775_808n,
    small: -7,
    ratio: Number.NEGATIVE_INFINITY,
    price: "1234567890.1200",
    born: "0001-01-01",
    seen_at: "9999-12-31T23:59:59.999999Z",
    photo: new Uint8Array([1, 2, 3]),
    tags: ["a", null, ""],
    config: { a: [1, { b: 12345678901234567890n }], $timestamp: "no", nested: [[1]] },
  };
  await things.save(row);
  await things.save({ id: 1n, name: "few", small: null });
  expect((await things.doc("9223372036854775807").get())?.value).toEqual(row);
  const few = await things.doc("1").get();
  expect(few?.value).toEqual({ id: 1n, name: "few", small: null });
  expect(few?.data).toEqual({ name: "few", small: null });
});

test("infinity stays PostgreSQL's text in a timestamp field", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const things = firestore.collection("things");
  await things.save({ id: 1n, name: "never", seen_at: "infinity" });
  const stored = await things.doc("1").get();
  expect([stored?.data.seenAt, stored?.value["seen_at"]]).toEqual(["infinity", "infinity"]);
});

test("what Firestore would change is refused, with its place and without its value", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const { types } = firestore;
  let deep: object = {};
  for (let level = 0; level < 25; level += 1) deep = { deep };
  const refused: readonly (readonly [object, string])[] = [
    [{ anything: 2n ** 63n }, "anything: is an integer beyond the 64 bits"],
    [{ anything: "secret\ud800" }, "anything: has half a surrogate pair"],
    [{ anything: { "x\ud800": 1 } }, "has a name that has half a surrogate pair"],
    [{ anything: [1, undefined] }, "anything.1: is undefined"],
    [{ anything: { a: { b: undefined } } }, "anything.a.b: is undefined"],
    [{ anything: [[1]] }, "anything.0: is an array in an array"],
    [{ anything: { __name__: 1 } }, "anything.__name__: has a name that is reserved"],
    [JSON.parse('{"anything":{"__proto__":1}}'), "has a name that is reserved"],
    [{ anything: { "": 1 } }, "has a name that is empty"],
    [{ anything: () => 1 }, "anything: is a function"],
    [{ anything: new Map([["a", 1]]) }, "anything: is an object of a class"],
    [{ anything: new Date(Number.NaN) }, "anything: is an invalid Date"],
    [{ anything: types.timestamp(1, 1) }, "anything: is finer than a microsecond"],
    [{ anything: neutralDocumentTypes.timestamp(1e15, 0) }, "anything: is out of range"],
    [{ anything: neutralDocumentTypes.geoPoint(91, 0) }, "anything: is out of range"],
    [{ anything: neutralDocumentTypes.reference("odd") }, "anything: is out of range"],
    [{ anything: deep }, "is nested deeper than the 20 levels"],
    [{ __reserved__: 1 }, "__reserved__: has a name that is reserved"],
    // oxlint-disable-next-line no-sparse-arrays -- that is what is refused
    [{ items: [1, , 2] }, "items.1: is undefined"],
  ];
  for (const [data, message] of refused) {
    const error = await errorOf(notes.doc("1").set({ text: "t", ...data }));
    expect(error).toMatchObject({
      code: "INVALID_VALUE",
      path: "notes/1",
      message: expect.stringContaining(message),
    });
    expect(String(error)).not.toContain("secret");
  }
  expect(await notes.doc("1").get()).toBeUndefined();
});

test("what is no map of fields is refused, and not taken for an empty document", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.documents("notes").doc("1");
  const given: readonly unknown[] = [
    null,
    "text",
    ["a"],
    new Map([["text", "t"]]),
    new Date(0),
    Promise.resolve({ text: "t" }),
  ];
  for (const data of given) {
    for (const write of ["set", "create", "merge", "update"] as const) {
      const call: unknown = Reflect.apply(note[write], note, [data]);
      expect(await errorOf(Promise.resolve(call))).toMatchObject({
        code: "INVALID_VALUE",
        path: "notes/1",
        message: expect.stringContaining("is no map of fields"),
      });
    }
  }
  expect(await note.get()).toBeUndefined();
});

test("a path or a reference with half a surrogate pair is refused: Firestore would change it", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const broken = ["a\ud800/b", "a/\udc00", "a/b/c\ud800/d"];
  for (const path of broken) {
    expect(() => firestore.document(path)).toThrow("half a surrogate pair");
    const about = firestore.types.reference(path);
    const error = await errorOf(firestore.collection("notes").doc("1").set({ text: "t", about }));
    expect(error).toMatchObject({ code: "INVALID_VALUE" });
  }
  expect(() => firestore.documents("c\ud800")).toThrow("half a surrogate pair");
  expect(() => firestore.document("a/b").collection("c\ud800")).toThrow("half a surrogate pair");
  expect(await firestore.collections()).toEqual([]);
});

test("values of other SDKs and plain objects become values of Firestore where the field says so", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  await note.set({
    text: "t",
    at: { seconds: 5, nanoseconds: 6000 },
    place: { latitude: 1, longitude: 2 },
    about: { path: "notes/9" },
    anything: { seconds: 5, nanoseconds: 6000 },
    extra: { latitude: 1, longitude: 2 },
  });
  await note.merge({ "extra.when": new Date("2026-01-31T04:05:06.789Z") });
  const read = await note.get();
  expect(read?.data.at?.constructor.name).toBe("Timestamp");
  expect(read?.data.place?.constructor.name).toBe("GeoPoint");
  expect(read?.data.about?.path).toBe("notes/9");
  expect(read?.data.anything).toEqual({ seconds: 5, nanoseconds: 6000 });
  expect(read?.data.extra).toMatchObject({
    latitude: 1,
    longitude: 2,
    when: { seconds: 1_769_832_306, nanoseconds: 789_000_000 },
  });
});

test("a reference into another database is refused, one of another client of the same is not", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const { projectId } = firestore;
  await using same = await openTestFirestore<Everything>({ registry: everyType, projectId });
  await using other = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  await note.set({ text: "t", about: same.types.reference("notes/2") });
  expect((await note.get())?.data.about?.path).toBe("notes/2");
  const write = note.set({ text: "t", about: other.types.reference("notes/2") });
  expect(await errorOf(write)).toMatchObject({
    message: expect.stringContaining("about: is a reference into another database"),
  });
});

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 10 })
  .filter((text) => !/^__.*__$/s.test(text) && !/\p{Surrogate}/u.test(text));

/** Firestore has no lists in lists, and a vector is one. */
const isItem = (item: unknown): boolean =>
  !Array.isArray(item) && !(typeof item === "object" && item !== null && "toArray" in item);

const { value } = fc.letrec<{ value: unknown; map: object; list: readonly unknown[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array({ maxLength: 20 }),
    fc
      .record({
        lat: fc.double({ min: -90, max: 90, noNaN: true }),
        lng: fc.double({ min: -180, max: 180, noNaN: true }),
      })
      .map(({ lat, lng }) => neutralDocumentTypes.geoPoint(lat, lng)),
    fc
      .record({
        seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
        micros: fc.nat(999_999),
      })
      .map(({ seconds, micros }) => neutralDocumentTypes.timestamp(seconds, micros * 1000)),
    fc
      .array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 4 })
      .map(neutralDocumentTypes.vector),
    tie("map"),
    tie("list"),
  ),
  map: fc.dictionary(name, tie("value"), { maxKeys: 4 }),
  list: fc.array(tie("value").filter(isItem), { maxLength: 4 }),
}));

/** A value in a form that does not depend on the classes of an SDK. */
function comparable(part: unknown): unknown {
  if (typeof part === "number" && Number.isSafeInteger(part) && !Object.is(part, -0))
    return `i${part}`;
  if (typeof part === "bigint") return `i${part}`;
  if (typeof part === "number") return Object.is(part, -0) ? "d-0" : `d${part}`;
  if (typeof part !== "object" || part === null) return part;
  if (part instanceof Uint8Array) return { bytes: [...part] };
  if (Array.isArray(part)) return part.map(comparable);
  if (
    "seconds" in part &&
    "nanoseconds" in part &&
    Object.getPrototypeOf(part) !== Object.prototype
  )
    return { timestamp: [part.seconds, part.nanoseconds] };
  if ("latitude" in part && "longitude" in part && Object.getPrototypeOf(part) !== Object.prototype)
    // A place at -0 is the one at 0.
    return {
      place: [comparable(Number(part.latitude) + 0), comparable(Number(part.longitude) + 0)],
    };
  if ("toArray" in part && typeof part.toArray === "function")
    // Firestore has one NaN, and a vector one zero.
    return { vector: part.toArray().map((item: number) => `v${item}`) };
  return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, comparable(item)]));
}

test("whatever is written comes back", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  await fc.assert(
    fc.asyncProperty(value, async (anything) => {
      await firestore.documents("notes").doc("1").set({ text: "t", anything });
      const read = await note.get();
      expect(comparable(read?.data.anything)).toEqual(comparable(anything));
    }),
    { numRuns: runs * 5 },
  );
});
