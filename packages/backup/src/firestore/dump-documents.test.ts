import { expect, test } from "vitest";
import {
  openTestFirestore,
  useFirestore,
  writeDocuments,
  type RestFields,
} from "../../testing/firestore-database.ts";
import { createMemoryParts } from "../../testing/firestore-parts.ts";
import { startMortalServer } from "../../testing/firestore-server.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { firestoreManifestSchema } from "../archive/firestore-manifest.ts";
import { openFirestoreSnapshot } from "./open-firestore-snapshot.ts";

useFirestore();

test("every document is in one part of its root collection, in the order of names, and counted", async () => {
  await using firestore = await openTestFirestore();
  await writeDocuments(firestore, [
    ...Array.from({ length: 40 }, (_, index) => [`clients/${index}`, {}] as const),
    ["clients/7/notes/1", { text: { stringValue: "x" } }],
    ["clients/gone/notes/1", {}],
    ["clients/gone/notes/2", {}],
    ["lost/parent/deep/er/still/1", {}],
    ["Clients/1", {}],
  ]);
  const parts = createMemoryParts();
  await using snapshot = await openFirestoreSnapshot({ firestore, parts: parts.sink });
  await writeDocuments(firestore, [["clients/late", {}]]);
  const manifest = await snapshot.dump();
  expect(firestoreManifestSchema.parse(manifest)).toEqual(manifest);
  expect(manifest).toMatchObject({
    projectId: firestore.projectId,
    databaseId: "(default)",
    readTime: snapshot.readTime,
    documents: 45,
    collections: { Clients: 1, clients: 40, "clients/notes": 3, "lost/deep/still": 1 },
    missingParents: 3,
    changed: { count: null },
  });
  expect(new Set(manifest.parts.map(({ collection }) => collection))).toEqual(
    new Set(["Clients", "clients", "lost"]),
  );
  for (const { key, documents, first, last, collection } of manifest.parts) {
    const lines = parts.contents.get(key)?.toString("utf8").split("\n").slice(0, -1) ?? [];
    const names = lines.map((line): unknown => Reflect.get(JSON.parse(line), "name"));
    const base = `${firestore.raw.database}/documents/`;
    expect(lines).toHaveLength(documents);
    expect([names[0], names.at(-1)]).toEqual([`${base}${first}`, `${base}${last}`]);
    expect(key).toContain(`firestore/data/${collection === "Clients" ? "%43lients" : collection}/`);
  }
});

const manyOf = (
  count: number,
  fields: RestFields = {},
): readonly (readonly [string, RestFields])[] =>
  Array.from({ length: count }, (_, index) => [`many/${index}`, fields] as const);

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => expect.unreachable("It was not rejected."),
    (error: unknown) => error,
  );
}

test("what is written and deleted while the dump runs is not in it, and the counts are those of the read time", async () => {
  await using firestore = await openTestFirestore();
  await writeDocuments(firestore, manyOf(6000, { n: { integerValue: "1" } }));
  const parts = createMemoryParts();
  let writing: Promise<unknown> = Promise.resolve();
  let batches = 0;
  await using snapshot = await openFirestoreSnapshot({
    firestore,
    parts: parts.sink,
    onProgress: ({ kind }) => {
      if (kind !== "count") return;
      const at = (batches += 1) * 100;
      const { raw } = firestore;
      writing = Promise.all([
        writing,
        raw.write([{ op: "delete", path: `many/${at}` }], { ramp: false }),
        writeDocuments(firestore, [
          [`many/${at + 1}`, { n: { integerValue: "2" } }],
          [`many/new${at}`, {}],
        ]),
      ]);
    },
  });
  const manifest = await snapshot.dump();
  await writing;
  expect(batches).toBeGreaterThan(1);
  expect(manifest).toMatchObject({ documents: 6000, collections: { many: 6000 } });
  const text = [...parts.contents.values()].join("");
  expect(text).not.toContain('"integerValue":"2"');
  expect(text).not.toContain("many/new");
});

test("documents that were changed since the other store's moment are counted, with its clock's margin", async () => {
  await using firestore = await openTestFirestore();
  await writeDocuments(firestore, manyOf(5));
  const { raw } = firestore;
  const { seconds, nanoseconds } = (await raw.snapshot()).readTime;
  await writeDocuments(firestore, [
    ["many/2", { n: { integerValue: "1" } }],
    ["later/1", {}],
  ]);
  const between = new Date(seconds * 1000 + nanoseconds / 1_000_000 + 1).toISOString();
  const dump = async (changedSince: string | Date, clockMarginMs: number): Promise<unknown> => {
    const { sink } = createMemoryParts();
    await using snapshot = await openFirestoreSnapshot({
      firestore,
      parts: sink,
      changedSince,
      clockMarginMs,
    });
    return (await snapshot.dump()).changed;
  };
  const since = new Date(Math.floor(seconds * 1000 + nanoseconds / 1_000_000));
  expect(await dump(since, 0)).toMatchObject({
    examples: expect.arrayContaining(["later/1", "many/2"]),
  });
  expect(await dump(between, 3_600_000)).toMatchObject({ count: 6 });
  expect(await dump(new Date(Date.now() + 3_600_000), 0)).toMatchObject({ count: 0, examples: [] });
  expect(await errorOf(dump("yesterday", 0))).toMatchObject({ code: "INVALID_OPTIONS" });
});

test("given files are parts as they are; a name that is none is refused", async () => {
  await using firestore = await openTestFirestore();
  const parts = createMemoryParts();
  const files = [
    { name: "firestore.indexes.json", content: '{"indexes":[]}' },
    { name: "firestore.rules", content: Buffer.from("rules €") },
  ];
  await using snapshot = await openFirestoreSnapshot({ firestore, parts: parts.sink, files });
  const manifest = await snapshot.dump();
  expect(
    manifest.files.map(({ name, key }) => [name, parts.contents.get(key)?.toString("utf8")]),
  ).toEqual([
    ["firestore.indexes.json", '{"indexes":[]}'],
    ["firestore.rules", "rules €"],
  ]);
  for (const name of ["../x", "data", "a/b", ""])
    expect(
      await errorOf(
        openFirestoreSnapshot({ firestore, parts: parts.sink, files: [{ name, content: "" }] }),
      ),
    ).toMatchObject({ code: "INVALID_OPTIONS" });
});

test("parts are not larger than they may be, but for one document, and hold everything once", async () => {
  await using firestore = await openTestFirestore();
  const large: RestFields = { text: { stringValue: "x".repeat(60_000) } };
  await writeDocuments(firestore, [...manyOf(700), ["many/large", large], ["other/1", {}]]);
  const parts = createMemoryParts();
  await using snapshot = await openFirestoreSnapshot({
    firestore,
    parts: parts.sink,
    partBytes: 20_000,
  });
  const manifest = await snapshot.dump();
  for (const { plainBytes, documents } of manifest.parts)
    expect(documents === 1 || plainBytes <= 20_000).toBe(true);
  expect(new Set(manifest.parts.map(({ key }) => key)).size).toBe(manifest.parts.length);
  const lines = [...parts.contents.values()].join("").split("\n").slice(0, -1);
  expect(new Set(lines).size).toBe(702);
});

test("each document is shown with its line", async () => {
  await using firestore = await openTestFirestore();
  await writeDocuments(firestore, manyOf(1000));
  const shown = new Map<string, string>();
  await using snapshot = await openFirestoreSnapshot({
    firestore,
    parts: createMemoryParts().sink,
    onDocument: ({ path, line }) => shown.set(path, Buffer.from(line).toString("utf8")),
  });
  await snapshot.dump();
  expect(shown.size).toBe(1000);
  for (const [path, line] of shown)
    expect(Reflect.get(JSON.parse(line), "name")).toBe(
      `${firestore.raw.database}/documents/${path}`,
    );
});

test("an abort, a failing part and a failing hook end the dump, and leave no part open", async () => {
  await using firestore = await openTestFirestore();
  await writeDocuments(firestore, manyOf(5000, { text: { stringValue: "x".repeat(200) } }));
  const opened = { count: 0 };
  const dump = async (options: object, onWrite = (): void => {}): Promise<unknown> => {
    const parts = createMemoryParts();
    opened.count = 0;
    const sink = {
      open: async (name: string) => {
        const writer = await parts.sink.open(name);
        opened.count += 1;
        return {
          write: async (chunk: Uint8Array) => {
            onWrite();
            await writer.write(chunk);
          },
          finish: async () => await writer.finish(),
          abort: async () => await writer.abort(),
        };
      },
    };
    await using snapshot = await openFirestoreSnapshot({ firestore, parts: sink, ...options });
    const error = await errorOf(snapshot.dump());
    expect(parts.aborted() + parts.contents.size).toBe(opened.count);
    expect(parts.aborted()).toBeGreaterThan(0);
    return error;
  };
  const stop = new AbortController();
  expect(await dump({ signal: stop.signal }, () => stop.abort())).toMatchObject({
    code: "CANCELLED",
  });
  const full = new Error("full");
  expect(
    await dump({}, () => {
      throw full;
    }),
  ).toBe(full);
});

test("a server that goes away in the middle and comes back loses nothing and doubles nothing", async () => {
  await using folder = testFolder();
  await using server = await startMortalServer(folder.path);
  await using firestore = await openTestFirestore({ emulatorHost: server.host });
  await writeDocuments(firestore, manyOf(9000, { text: { stringValue: "x".repeat(200) } }));
  const parts = createMemoryParts();
  let restart: Promise<void> | undefined;
  await using snapshot = await openFirestoreSnapshot({
    firestore,
    parts: parts.sink,
    jobs: 2,
    onProgress: ({ kind }) => {
      if (kind === "count") restart ??= server.stop().then(async () => await server.start());
    },
  });
  const manifest = await snapshot.dump();
  await restart;
  expect(manifest.documents).toBe(9000);
  const lines = [...parts.contents.values()].join("").split("\n").slice(0, -1);
  expect(new Set(lines).size).toBe(9000);
  expect(lines).toHaveLength(9000);
});

test("a thousand root collections are a thousand folders", async () => {
  await using firestore = await openTestFirestore();
  const names = Array.from({ length: 1000 }, (_, index) => `C${index}`);
  await writeDocuments(
    firestore,
    names.map((name) => [`${name}/1`, {}]),
  );
  const parts = createMemoryParts();
  await using snapshot = await openFirestoreSnapshot({ firestore, parts: parts.sink });
  const manifest = await snapshot.dump();
  expect(manifest.parts.map(({ collection }) => collection)).toEqual(names.toSorted());
  expect(Object.keys(manifest.collections)).toHaveLength(1000);
});

test("a read time that Firestore does not keep any more is READ_TIME_EXPIRED", async () => {
  await using firestore = await openTestFirestore();
  const readTime = new Date(Date.now() - 8 * 86_400_000);
  await using snapshot = await openFirestoreSnapshot({
    firestore,
    parts: createMemoryParts().sink,
    readTime,
  });
  expect(await errorOf(snapshot.dump())).toMatchObject({ code: "READ_TIME_EXPIRED" });
});
