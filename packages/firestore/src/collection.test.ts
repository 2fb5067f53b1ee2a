import { Client, ImoProcess, parseKeyring, type ClientDocument } from "@ctb-data/models";
import { expect, expectTypeOf, test } from "vitest";
import { everyType, type Everything } from "../testing/registries.ts";
import { seedRegistry } from "../testing/seed.ts";
import { errorOf, openTestFirestore, registryOf } from "../testing/test-firestore.ts";
import {
  arrayRemove,
  arrayUnion,
  deleteField,
  increment,
  serverTimestamp,
} from "./field-change.ts";
import type { DocumentMismatch } from "./stored-document.ts";

test("a row is saved as its document, and read as an instance of its class", async () => {
  await using firestore = await openTestFirestore({ registry: await seedRegistry() });
  const clients = firestore.collection(Client);
  const row = { id: 7, name: "Ada", email: null, created_at: "2026-01-31T04:05:06.789012" };
  await clients.save(new Client(row), { ownFields: { metadata: { source: "form" } } });
  const ada = await clients.doc("7").get();
  expect(ada?.value).toBeInstanceOf(Client);
  expect(ada?.value).toEqual(new Client(row));
  expect(ada?.data).toMatchObject({
    id: "7",
    name: "Ada",
    email: null,
    metadata: { source: "form" },
  });
  expect(ada?.path).toBe("clients/7");
  expect(ada?.issues).toEqual([]);
  expectTypeOf(ada?.value).toEqualTypeOf<Client | undefined>();
  expectTypeOf(ada?.data).toEqualTypeOf<ClientDocument | undefined>();
});

test("saving a row again keeps what no column has and removes what the row lacks", async () => {
  await using firestore = await openTestFirestore({ registry: await seedRegistry() });
  const clients = firestore.collection(Client);
  await clients.save(
    { id: 1, name: "Ada", email: "a@example.org" },
    { ownFields: { metadata: { a: 1 } } },
  );
  await firestore.documents("clients").doc("1").update({ stranger: true });
  await clients.save({ id: 1, name: "Ada L." });
  const raw = firestore.documents("clients").doc("1");
  expect((await raw.get())?.data).toEqual({
    id: "1",
    name: "Ada L.",
    metadata: { a: 1 },
    stranger: true,
  });
  await clients.save({ id: 1, name: "Ada" }, { replace: true });
  expect((await raw.get())?.data).toEqual({ id: "1", name: "Ada" });
});

test("a row that the document would lose something of is not saved", async () => {
  await using firestore = await openTestFirestore({ registry: await seedRegistry() });
  const clients = firestore.collection(Client);
  const more: object = { id: 1, name: "Ada", nickname: "A" };
  const row: { name: string } = { name: "", ...more };
  expect(await errorOf(clients.save(row))).toMatchObject({
    code: "INVALID_VALUE",
    issues: [{ path: ["nickname"] }],
  });
  expect(
    await errorOf(clients.save({ id: 1, name: "Ada" }, { ownFields: { metdata: {} } })),
  ).toMatchObject({ code: "INVALID_VALUE", issues: [{ path: ["metdata"] }] });
  expect(await errorOf(clients.save({ name: "Ada" }))).toMatchObject({
    code: "INVALID_VALUE",
    message: expect.stringContaining("id: is missing"),
  });
});

test("documents are checked before they are written, all faults at once", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const thing = firestore.collection("things").doc("1");
  const wrong: object = { small: "7", photo: "no", nme: "x", note: 1, price: "1,5" };
  const error = await errorOf(thing.set({ name: "x", ...wrong }));
  expect(error).toMatchObject({ code: "INVALID_VALUE", path: "things/1", collection: "things" });
  expect(
    Object(error)
      .issues.map(({ path }: { path: readonly string[] }) => path[0])
      .toSorted(),
  ).toEqual(["nme", "note", "photo", "price", "small"]);
  const missing: { name: string } = Object({});
  expect(await errorOf(thing.set(missing))).toMatchObject({
    message: expect.stringContaining("name: is missing"),
  });
  expect(await errorOf(firestore.collection("things").doc("007").set({ name: "x" }))).toMatchObject(
    {
      code: "INVALID_VALUE",
      message: expect.stringContaining("id: is not an id as PostgreSQL prints it"),
    },
  );
});

test("documents of collections without a table are checked, too", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  const wrong: object = {
    count: 1.5,
    at: { a: 1 },
    place: "here",
    embedding: [1],
    about: {},
    extra: [],
  };
  const error = await errorOf(notes.add({ text: "t", ...wrong }));
  expect(Object(error).issues).toHaveLength(6);
  const fine = await notes.add({ text: "t", count: 5, score: 5 });
  expect(fine.id).toMatch(/^\w{20}$/);
  const read = await fine.get();
  expect(read?.data).toEqual({ text: "t", count: 5, score: 5 });
  expect(() => read?.value).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
});

test("create, update and delete say what was there and what was not", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  expect(await errorOf(note.update({ text: "x" }))).toMatchObject({
    code: "DOCUMENT_NOT_FOUND",
    path: "notes/1",
    status: "NOT_FOUND",
  });
  const { writeTime } = await note.create({ text: "one" });
  expect(await errorOf(note.create({ text: "two" }))).toMatchObject({
    code: "DOCUMENT_EXISTS",
    path: "notes/1",
  });
  await note.update({ text: "two" }, { lastUpdateTime: writeTime });
  expect(
    await errorOf(note.update({ text: "three" }, { lastUpdateTime: writeTime })),
  ).toMatchObject({
    code: "PRECONDITION_FAILED",
  });
  expect(await errorOf(note.delete({ lastUpdateTime: writeTime }))).toMatchObject({
    code: "PRECONDITION_FAILED",
  });
  await note.delete();
  await note.delete();
  expect(await errorOf(note.delete({ exists: true }))).toMatchObject({
    code: "DOCUMENT_NOT_FOUND",
  });
  expect(await note.get()).toBeUndefined();
});

test("changes such as serverTimestamp() are made by the server and checked by the field", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  await note.set({ text: "t", at: serverTimestamp(), extra: { made: serverTimestamp(), n: 1 } });
  await note.update({
    count: increment(2n ** 40n),
    score: increment(0.5),
    items: arrayUnion(1, "a", { b: 1 }),
    "extra.n": increment(2),
    "extra.deep.er": [true],
    done: deleteField(),
  });
  await note.update({ items: arrayRemove("a"), count: increment(1) });
  const read = await note.get();
  expect(read?.data).toMatchObject({
    count: 2 ** 40 + 1,
    score: 0.5,
    items: [1, { b: 1 }],
    extra: { n: 3, deep: { er: [true] } },
  });
  expect(read?.data.at?.seconds).toBeGreaterThan(1_700_000_000);

  const refused: readonly (readonly [object, string])[] = [
    [{ text: serverTimestamp() }, "text: is serverTimestamp(), but the field is a string"],
    [{ text: deleteField() }, "text: is required"],
    [{ count: increment(0.5) }, "count: is increment() by a fraction"],
    [{ done: increment(1) }, "done: is increment(), but the field is a boolean"],
    [{ extra: arrayUnion(1) }, "extra: is arrayUnion(), but the field is a map"],
    [{ items: arrayUnion() }, "items: is arrayUnion() of nothing"],
    [{ items: arrayUnion([1]) }, "is an array in an array"],
    [{ items: [serverTimestamp()] }, "in an array, where Firestore takes none"],
    [{ "text.inner": 1 }, "leads into the field text"],
    [{ "extra.__x__": 1 }, "has a name that is reserved"],
    [{ nme: 1 }, "has no field nme"],
    [{}, "must change something"],
  ];
  for (const [changes, message] of refused) {
    expect(await errorOf(note.update(changes))).toMatchObject({
      code: expect.stringMatching(/INVALID_VALUE|INVALID_QUERY/),
      message: expect.stringContaining(message),
    });
  }
  const things = firestore.collection("things");
  await things.doc("1").create({ name: "x", tags: ["a"] });
  const wrongTag: object = { tags: arrayUnion(5) };
  expect(await errorOf(things.doc("1").update(wrongTag))).toMatchObject({ code: "INVALID_VALUE" });
});

test("update checks what it changes and misses nothing else", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const thing = firestore.collection("things").doc("1");
  await thing.create({ name: "x" });
  for (const write of ["update", "merge"] as const) {
    expect(
      await errorOf(thing[write]({ name: "y", config: { a: 1 }, "config.b": null })),
    ).toMatchObject({
      code: "INVALID_VALUE",
      issues: [
        { path: ["config", "b"], message: "is in config already, which is written as a whole" },
      ],
    });
  }
  await thing.update({ small: 5, config: { a: 1 }, seenAt: new Date(0) });
  await thing.update({ "config.b": null });
  expect((await thing.get())?.data).toMatchObject({ small: 5, config: { a: 1, b: null } });
  const wrong: object = { small: 2 ** 40 };
  expect(await errorOf(thing.update(wrong))).toMatchObject({
    code: "INVALID_VALUE",
    issues: [{ path: ["small"] }],
  });
});

test("merge writes some fields, of a document that is not there as well", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const note = firestore.collection("notes").doc("1");
  await note.merge({ text: "t", "extra.a.b": 1, "dotted.name": "whole" });
  await note.merge({ "extra.a.c": 2, "extra.a.b": deleteField(), count: increment(1) });
  expect((await note.get())?.data).toEqual({
    text: "t",
    extra: { a: { c: 2 } },
    "dotted.name": "whole",
    count: 1,
  });
});

test("strict reading refuses a document that does not fit, lenient reading keeps all of it and reports", async () => {
  const mismatches: DocumentMismatch[] = [];
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  await firestore
    .documents("things")
    .doc("1")
    .set({ name: 5, stranger: { kept: [1] } });
  const strict = firestore.collection("things");
  expect(await errorOf(strict.doc("1").get())).toMatchObject({
    code: "INVALID_DOCUMENT",
    path: "things/1",
    collection: "things",
    issues: [{ path: ["stranger"] }, { path: ["name"], message: "must be a text, not a number" }],
  });
  expect(await errorOf(strict.get())).toMatchObject({ code: "INVALID_DOCUMENT" });
  const lenient = firestore.collection("things", {
    reading: "lenient",
    onMismatch: (mismatch) => void mismatches.push(mismatch),
  });
  const read = await lenient.doc("1").get();
  expect(read?.data).toEqual({ name: 5, stranger: { kept: [1] } });
  expect(read?.issues).toHaveLength(2);
  expect(() => read?.value).toThrow(expect.objectContaining({ code: "INVALID_DOCUMENT" }));
  expect(mismatches).toMatchObject([{ path: "things/1", issues: [{}, {}] }]);
  // Read, changed and written: nothing of it is lost.
  if (read === undefined) return;
  await lenient.doc("1").set({ ...read.data, name: "five" });
  await lenient.doc("1").update(Object({ "stranger.more": 1 }));
  expect((await firestore.documents("things").doc("1").get())?.data).toEqual({
    name: "five",
    stranger: { kept: [1], more: 1 },
  });
  expect(await errorOf(strict.doc("1").set({ ...read.data, name: "five" }))).toMatchObject({
    code: "INVALID_VALUE",
  });
});

test("a map that looks like a timestamp is not taken for one", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const raw = firestore.documents("things").doc("1");
  await raw.set({ name: "x", seenAt: { seconds: 1, nanoseconds: 0 } });
  expect(await errorOf(firestore.collection("things").doc("1").get())).toMatchObject({
    issues: [{ path: ["seenAt"], message: "must be of type timestamp, not a map" }],
  });
  await firestore
    .documents("notes")
    .doc("1")
    .set({ text: "t", place: { latitude: 1, longitude: 1 } });
  expect(await errorOf(firestore.collection("notes").doc("1").get())).toMatchObject({
    issues: [{ path: ["place"] }],
  });
});

test("an unknown collection, and a table without documents, are refused with what there is", async () => {
  await using firestore = await openTestFirestore({ registry: await seedRegistry() });
  expect(() => firestore.collection("clinets")).toThrow(
    expect.objectContaining({
      code: "UNKNOWN_COLLECTION",
      hint: expect.stringContaining("clients, blueprints"),
    }),
  );
  expect(() => firestore.collection(ImoProcess)).toThrow(
    expect.objectContaining({
      code: "UNKNOWN_COLLECTION",
      message: "The table imo_processes is not kept in Firestore.",
    }),
  );
  expect(() => firestore.collection(Client).doc("a/b")).toThrow(
    expect.objectContaining({ code: "INVALID_QUERY" }),
  );
  expect(() => firestore.documents("a/b")).toThrow(
    expect.objectContaining({ code: "INVALID_QUERY" }),
  );
});

test("ids are made up only where rows do not give them", async () => {
  await using firestore = await openTestFirestore({
    registry: registryOf(`
tables:
  numbered: { columns: [{ name: id, type: serial, primary_key: true }], firestore: true }
  named: { columns: [{ name: id, type: text, primary_key: true }], firestore: true }
  unique: { columns: [{ name: id, type: uuid, primary_key: true }], firestore: true }
`),
  });
  expect(await errorOf(firestore.collection("numbered").add({}))).toMatchObject({
    code: "UNSUPPORTED",
  });
  expect((await firestore.collection("named").add({})).id).toMatch(/^\w{20}$/);
  expect((await firestore.collection("unique").add({})).id).toMatch(/^[\da-f-]{36}$/);
});

test("collections under documents are those of the registry", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const thing = firestore.collection("things").doc("1");
  const notes = thing.collection("notes");
  expect(notes.path).toBe("things/1/notes");
  await notes.doc("a").create({ text: "under" });
  expect(await errorOf(notes.doc("b").create({ text: 5 }))).toMatchObject({
    code: "INVALID_VALUE",
  });
  expect(() => thing.collection("other")).toThrow(
    expect.objectContaining({ code: "UNKNOWN_COLLECTION" }),
  );
  await firestore.document("things/1/other/x").set({ free: true });
  expect((await thing.collections()).toSorted()).toEqual(["notes", "other"]);
  expect(await firestore.collections()).toEqual(["things"]);
  const group = await firestore.collectionGroup("notes").get();
  expect(group.map(({ path, data }) => [path, data.text])).toEqual([["things/1/notes/a", "under"]]);
});

test("several documents are read in one request, in the order that was asked for", async () => {
  await using firestore = await openTestFirestore<Everything>({ registry: everyType });
  const notes = firestore.collection("notes");
  await notes.doc("a").create({ text: "A" });
  await notes.doc("b").create({ text: "B" });
  const read = await notes.getAll(["b", "missing", "a"]);
  expect(read.map((note) => note?.data.text)).toEqual(["B", undefined, "A"]);
  expect(await notes.getAll([])).toEqual([]);
});

test("encrypted columns are ciphertexts in documents and clear in values", async () => {
  const registry = registryOf(`
tables:
  people:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: ssn, type: text, required: true, encrypted: true }
      - { name: name, type: text }
    firestore: true
`);
  const keyring = parseKeyring("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  await using firestore = await openTestFirestore({ registry, keyring });
  const people = firestore.collection("people");
  await people.save({ id: 1, ssn: "123-45-6789", name: "Ada" });
  const read = await people.doc("1").get();
  expect(read?.data["ssn"]).toMatch(/^ctb1\./);
  expect(read?.value).toEqual({ id: 1, ssn: "123-45-6789", name: "Ada" });
  await people.doc("1").update({ name: "Ada L." });

  const { projectId } = firestore;
  await using locked = await openTestFirestore({ registry, projectId });
  const closed = await locked.collection("people").doc("1").get();
  expect(closed?.data["ssn"]).toMatch(/^ctb1\./);
  expect(() => closed?.value).toThrow(expect.objectContaining({ code: "NO_KEYRING" }));
  await locked.collection("people").doc("1").update({ name: "Ada K." });
  expect(await errorOf(locked.collection("people").save({ id: 2, ssn: "1" }))).toMatchObject({
    code: "NO_KEYRING",
  });
});
