import type { Firestore } from "@ctb-data/firestore";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  documentsOf,
  openTestFirestore,
  useFirestore,
  writeDocuments,
  type RestFields,
} from "../../testing/firestore-database.ts";
import { createMemoryParts, type MemoryParts } from "../../testing/firestore-parts.ts";
import { startMortalServer } from "../../testing/firestore-server.ts";
import { testFolder } from "../../testing/test-folder.ts";
import type { FirestoreManifest } from "../archive/firestore-manifest.ts";
import { digestArchive, digestDatabase, digestDifferences } from "./digest-documents.ts";
import type { FirestoreStore } from "./firestore-store.ts";
import { openFirestoreSnapshot } from "./open-firestore-snapshot.ts";
import { restoreFirestore, type RestoreFirestoreOptions } from "./restore-firestore.ts";

useFirestore();

interface Archive {
  readonly manifest: FirestoreManifest;
  readonly memory: MemoryParts;
}

async function archiveOf(firestore: FirestoreStore, partBytes = 1_000_000): Promise<Archive> {
  const memory = createMemoryParts();
  await using snapshot = await openFirestoreSnapshot({ firestore, parts: memory.sink, partBytes });
  return { manifest: await snapshot.dump(), memory };
}

const optionsOf = (
  { manifest, memory }: Archive,
  firestore: FirestoreStore,
  mode: RestoreFirestoreOptions["mode"],
): RestoreFirestoreOptions => ({ firestore, manifest, parts: memory.source, mode, ramp: false });

const n = (value: number): RestFields => ({ n: { integerValue: String(value) } });

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => expect.unreachable("It was not rejected."),
    (error: unknown) => error,
  );
}

const seed: readonly (readonly [string, RestFields])[] = [
  ...Array.from({ length: 900 }, (_, index) => [`clients/${index}`, n(index)] as const),
  ...Array.from(
    { length: 300 },
    (_, index) => [`clients/${index % 9}/notes/${index}`, n(index)] as const,
  ),
  ["gone/x/y/1", { ...n(1), 'odd "key"\n': { doubleValue: "NaN" } }],
  ["Clients/1", n(1)],
];

const referencesTo = (database: string): RestFields => ({
  ref: { referenceValue: `${database}/documents/clients/1` },
  list: { arrayValue: { values: [{ referenceValue: `${database}/documents/clients/2` }] } },
});
/** All lines, without the names of their database and their times. */
const textOf = ({ manifest, memory }: Archive, database: string): string =>
  manifest.parts
    .map(({ key }) => memory.contents.get(key)?.toString("utf8") ?? "")
    .join("")
    .replaceAll(`${database}/documents/`, "")
    .replaceAll(/,"createTime":"[^"]*","updateTime":"[^"]*"\}\n/g, "}\n");

test("a restore gives the documents back, with references moved, and its digest is that of the archive", async () => {
  await using source = await openTestFirestore();
  await using target = await openTestFirestore();
  await writeDocuments(source, [
    ...seed,
    ["refs/own", referencesTo(source.raw.database)],
    ["refs/other", referencesTo("projects/other/databases/(default)")],
    ["refs/target", referencesTo(target.raw.database)],
  ]);
  const archive = await archiveOf(source, 20_000);
  expect(archive.manifest.parts.length).toBeGreaterThan(10);
  const result = await restoreFirestore(optionsOf(archive, target, "empty"));
  expect(result).toEqual({
    documents: 1205,
    written: 1205,
    unchanged: 0,
    deleted: 0,
    movedReferences: 2,
  });
  const restored = new Map(await documentsOf(target));
  expect(restored.get("refs/own")).toBe(restored.get("refs/target"));
  expect(restored.get("refs/other")).toContain(
    "projects/other/databases/(default)/documents/clients/1",
  );
  restored.delete("refs/own");
  expect([...restored]).toEqual(
    (await documentsOf(source)).filter(([path]) => path !== "refs/own"),
  );
  const { manifest, memory } = archive;
  const archived = await digestArchive({
    manifest,
    parts: memory.source,
    target: target.raw.database,
  });
  const current = await digestDatabase({ firestore: target });
  expect(digestDifferences(archived, current)).toEqual([]);
  await writeDocuments(target, [
    ["clients/3/notes/3", n(77)],
    ["new/1", n(1)],
  ]);
  expect(digestDifferences(archived, await digestDatabase({ firestore: target }))).toEqual([
    "clients/notes: the content is not that of the backup.",
    "new: 1 documents; the backup has 0.",
  ]);
});

test("into empty is refused when there is any document, and nothing is written", async () => {
  await using source = await openTestFirestore();
  await using target = await openTestFirestore();
  await writeDocuments(source, seed);
  await writeDocuments(target, [["zzz/parent/below/1", n(1)]]);
  const archive = await archiveOf(source);
  expect(await errorOf(restoreFirestore(optionsOf(archive, target, "empty")))).toMatchObject({
    code: "NOT_EMPTY",
    path: "zzz/parent/below/1",
  });
  expect(await documentsOf(target)).toHaveLength(1);
});

test("overwrite replaces documents of the same name and keeps others; exact removes these too", async () => {
  await using source = await openTestFirestore();
  await using target = await openTestFirestore();
  await writeDocuments(source, seed);
  const archive = await archiveOf(source, 20_000);
  const others: readonly (readonly [string, RestFields])[] = [
    ["clients/7", { ...n(-1), more: { nullValue: null } }],
    ["aaa/1", n(1)],
    ["clients/7/notes/x/deep/er", n(1)],
    ["clients/500a", n(1)],
    ["zzz/1", n(1)],
  ];
  await writeDocuments(target, others);
  await restoreFirestore(optionsOf(archive, target, "overwrite"));
  const kept = new Set(["aaa/1", "clients/7/notes/x/deep/er", "clients/500a", "zzz/1"]);
  const wanted = await documentsOf(source);
  const after = await documentsOf(target);
  expect(after.filter(([path]) => !kept.has(path))).toEqual(wanted);
  expect(after).toHaveLength(wanted.length + kept.size);
  await writeDocuments(target, others);
  expect(await restoreFirestore(optionsOf(archive, target, "exact"))).toMatchObject({
    documents: 1202,
    written: 1,
    unchanged: 1201,
    deleted: 4,
  });
  expect(await documentsOf(target)).toEqual(wanted);
});

test("a damaged part changes nothing in any mode, wherever the damage is", async () => {
  await using source = await openTestFirestore();
  await using target = await openTestFirestore();
  await writeDocuments(source, seed);
  const archive = await archiveOf(source, 20_000);
  const { contents } = archive.memory;
  const last = [...contents.keys()].toSorted().at(-1) ?? "";
  const whole = contents.get(last) ?? Buffer.alloc(0);
  await writeDocuments(target, [["aaa/1", n(1)]]);
  const cut = whole.subarray(0, whole.lastIndexOf("\n", -2) + 1);
  const flipped = Buffer.from(whole);
  flipped[whole.length - 20] = (flipped[whole.length - 20] ?? 0) ^ 1;
  for (const damaged of [cut, flipped, Buffer.concat([whole, whole]), Buffer.alloc(0)]) {
    contents.set(last, damaged);
    for (const mode of ["overwrite", "exact"] as const)
      expect(await errorOf(restoreFirestore(optionsOf(archive, target, mode)))).toMatchObject({
        code: "CORRUPT",
        key: last,
      });
  }
  expect(await documentsOf(target)).toHaveLength(1);
});

test("a restore that was broken off anywhere goes on with resume, and refuses without it", async () => {
  await using source = await openTestFirestore();
  await writeDocuments(source, [
    ...seed,
    ...Array.from({ length: 4000 }, (_, index) => [`many/${index}`, n(index)] as const),
  ]);
  const archive = await archiveOf(source, 50_000);
  const wanted = await documentsOf(source);
  for (const stopAfter of [1, 1500, 3000]) {
    await using target = await openTestFirestore();
    const stop = new AbortController();
    let written = 0;
    const broken = restoreFirestore({
      ...optionsOf(archive, target, "empty"),
      signal: stop.signal,
      onProgress: (progress) => {
        if (progress.kind === "count" && (written += progress.items) >= stopAfter) stop.abort();
      },
    });
    expect(await errorOf(broken)).toMatchObject({ code: "CANCELLED" });
    const options = optionsOf(archive, target, "empty");
    expect(await errorOf(restoreFirestore(options))).toMatchObject({ code: "NOT_EMPTY" });
    const { documents, unchanged } = await restoreFirestore({ ...options, resume: true });
    expect(documents).toBe(5202);
    expect(unchanged).toBeGreaterThanOrEqual(written);
    expect(await documentsOf(target)).toEqual(wanted);
  }
});

test("resume refuses a target that has anything else, and writes nothing", async () => {
  await using source = await openTestFirestore();
  await writeDocuments(source, seed);
  const archive = await archiveOf(source);
  for (const [path, fields] of [
    ["clients/7", n(8)],
    ["clients/7a", n(7)],
    ["zzz/1", n(1)],
  ] as const) {
    await using target = await openTestFirestore();
    await writeDocuments(target, [
      [path, fields],
      ["clients/8", n(8)],
    ]);
    const resumed = restoreFirestore({ ...optionsOf(archive, target, "empty"), resume: true });
    expect(await errorOf(resumed)).toMatchObject({ code: "NOT_EMPTY", path });
    expect(await documentsOf(target)).toHaveLength(2);
  }
});

/** The same database, where somebody else writes documents between the check and the first write. */
function withIntruder(firestore: Firestore, documents: typeof seed): FirestoreStore {
  const { raw, description, projectId, databaseId } = firestore;
  return {
    description,
    projectId,
    databaseId,
    raw: {
      database: raw.database,
      lineOf: (path, data) => raw.lineOf(path, data),
      snapshot: async (options) => await raw.snapshot(options),
      write: async (writes, options) => {
        await writeDocuments(firestore, documents);
        return await raw.write(writes, options);
      },
    },
  };
}

test("into empty never replaces what somebody wrote meanwhile: the same is taken, anything else ends it", async () => {
  await using source = await openTestFirestore();
  await writeDocuments(source, seed);
  const archive = await archiveOf(source);
  await using same = await openTestFirestore();
  const intruder = withIntruder(same, seed.slice(0, 120));
  expect(await restoreFirestore(optionsOf(archive, intruder, "empty"))).toMatchObject({
    documents: 1202,
    written: 1082,
    unchanged: 120,
  });
  await using other = await openTestFirestore();
  const stranger = withIntruder(other, [["clients/5", n(6)]]);
  expect(await errorOf(restoreFirestore(optionsOf(archive, stranger, "empty")))).toMatchObject({
    code: "NOT_EMPTY",
    path: "clients/5",
  });
  expect(new Map(await documentsOf(other)).get("clients/5")).toContain('"integerValue":"6"');
});

test("a server that goes away in the middle of a restore and comes back has everything", async () => {
  await using source = await openTestFirestore();
  await writeDocuments(source, [
    ...seed,
    ...Array.from({ length: 3000 }, (_, index) => [`many/${index}`, n(index)] as const),
  ]);
  const archive = await archiveOf(source);
  await using folder = testFolder();
  await using server = await startMortalServer(folder.path);
  await using target = await openTestFirestore({ emulatorHost: server.host });
  let restart: Promise<void> | undefined;
  const { documents } = await restoreFirestore({
    ...optionsOf(archive, target, "empty"),
    onProgress: ({ kind }) => {
      if (kind === "count") restart ??= server.stop().then(async () => await server.start());
    },
  });
  await restart;
  expect(documents).toBe(4202);
  expect(await documentsOf(target)).toEqual(await documentsOf(source));
});

test("one collection is restored with everything below it and nothing else", async () => {
  await using source = await openTestFirestore();
  await writeDocuments(source, seed);
  const archive = await archiveOf(source, 20_000);
  const all = await documentsOf(source);
  for (const collection of ["clients", "clients/4/notes", "gone/x/y"]) {
    await using target = await openTestFirestore();
    const others = [
      ["clients1/1", n(1)],
      ["clients/4x/notes/1", n(1)],
    ] as const;
    const outside = others.filter(([path]) => !path.startsWith(`${collection}/`));
    const surplus = `${collection}/surplus`;
    await writeDocuments(target, [...outside, [surplus, n(1)]]);
    expect(
      await errorOf(restoreFirestore({ ...optionsOf(archive, target, "empty"), collection })),
    ).toMatchObject({ code: "NOT_EMPTY", path: surplus });
    const { deleted } = await restoreFirestore({
      ...optionsOf(archive, target, "exact"),
      collection,
    });
    expect(deleted).toBe(1);
    const found = await documentsOf(target);
    const isInside = ([path]: readonly [string, string]): boolean =>
      path.startsWith(`${collection}/`);
    expect(found.filter(isInside)).toEqual(all.filter(isInside));
    expect(found).toHaveLength(all.filter(isInside).length + outside.length);
  }
  await using target = await openTestFirestore();
  await writeDocuments(target, [["absent/1", n(1)]]);
  for (const collection of ["absent", "clients/4/absent"])
    expect(
      await errorOf(restoreFirestore({ ...optionsOf(archive, target, "exact"), collection })),
    ).toMatchObject({ code: "NOT_FOUND", path: collection });
  expect(await documentsOf(target)).toHaveLength(1);
});

test("an empty database is dumped and restored", async () => {
  await using source = await openTestFirestore();
  await using target = await openTestFirestore();
  const archive = await archiveOf(source);
  expect(archive.manifest).toMatchObject({
    documents: 0,
    parts: [],
    collections: {},
    missingParents: 0,
  });
  expect(await restoreFirestore(optionsOf(archive, target, "empty"))).toMatchObject({
    documents: 0,
  });
  await writeDocuments(target, [["a/1", n(1)]]);
  expect(await restoreFirestore(optionsOf(archive, target, "exact"))).toMatchObject({ deleted: 1 });
});

test("what is dumped from a restored database is what was dumped before, but for names and times", async () => {
  const path = fc
    .array(fc.stringMatching(/^[a-zA-Z€😀%"\\ ]{1,3}$/u), { minLength: 2, maxLength: 10 })
    .map((ids) => ids.slice(0, ids.length - (ids.length % 2)).join("/"));
  const fields = fc.dictionary(
    fc
      .string({ unit: "binary", minLength: 1, maxLength: 5 })
      .filter((key) => !key.startsWith("__")),
    fc.oneof(
      fc.string({ unit: "binary" }).map((stringValue) => ({ stringValue })),
      fc
        .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
        .map((value) => ({ integerValue: `${value}` })),
      fc.uint8Array().map((bytes) => ({ bytesValue: Buffer.from(bytes).toString("base64") })),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(path, fields, { maxKeys: 30 }), async (documents) => {
      await using source = await openTestFirestore();
      await using target = await openTestFirestore();
      await writeDocuments(source, Object.entries(documents));
      const first = await archiveOf(source, 500);
      await restoreFirestore(optionsOf(first, target, "empty"));
      const second = await archiveOf(target, 500);
      expect(textOf(second, target.raw.database)).toBe(textOf(first, source.raw.database));
      expect(second.manifest.collections).toEqual(first.manifest.collections);
      expect(second.manifest.missingParents).toBe(first.manifest.missingParents);
    }),
    { numRuns: process.env["SLOW"] === undefined ? 10 : 100 },
  );
});
