import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryFields, arbitraryPath } from "../../testing/arbitrary-document.ts";
import { firestoreHost } from "../../testing/emulator.ts";
import { linesOf, withoutTimes, writeFields } from "../../testing/raw-documents.ts";
import { everyType } from "../../testing/registries.ts";
import { newProject, openTestFirestore } from "../../testing/test-firestore.ts";
import { compareDocumentPaths } from "../compare-document-paths.ts";

const runs = process.env["SLOW"] === undefined ? 10 : 100;

/** What Firestore's REST says of a document. */
async function restOf(database: string, path: string): Promise<unknown> {
  const name = path.split("/").map(encodeURIComponent).join("/");
  const url = `http://${firestoreHost()}/v1/${database}/documents/${name}`;
  const answer = await fetch(url, { headers: { authorization: "Bearer owner" } });
  return JSON.parse(await answer.text(), withCoordinates);
}

/** The official emulator leaves out coordinates that are 0; a line always has both. */
function withCoordinates(key: string, value: unknown): unknown {
  if (key !== "geoPointValue" || typeof value !== "object") return value;
  return { latitude: 0, longitude: 0, ...value };
}

test("a line is what REST says of the document, whatever its values", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      arbitraryFields([raw.database, "projects/q/databases/other"]),
      async (fields) => {
        const path = `things/${(number += 1)}`;
        await writeFields(raw, [[path, fields]]);
        const snapshot = await raw.snapshot();
        const { bytes } = await snapshot.get([path]);
        expect(JSON.parse(bytes.toString("utf8"))).toEqual(await restOf(raw.database, path));
      },
    ),
    { numRuns: runs },
  );
});

test("lines that are written again are the same lines, but for their times", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(arbitraryPath, arbitraryFields(["projects/p/databases/(default)"]), {
        maxKeys: 8,
      }),
      async (documents) => {
        const registry = everyType;
        await using first = await openTestFirestore({ registry });
        await using second = await openTestFirestore({ registry });
        await writeFields(first.raw, Object.entries(documents));
        const before = await linesOf(await first.raw.snapshot());
        await second.raw.write(
          [...before.values()].map((line) => ({ op: "create" as const, line })),
          { ramp: false, from: first.raw.database },
        );
        const after = await linesOf(await second.raw.snapshot());
        const moved = [...after].map(([path, line]) => [
          path,
          withoutTimes(line.replace(second.raw.database, first.raw.database)),
        ]);
        expect(moved).toEqual([...before].map(([path, line]) => [path, withoutTimes(line)]));
        expect([...before.keys()]).toEqual(Object.keys(documents).toSorted(compareDocumentPaths));
      },
    ),
    { numRuns: runs },
  );
});

test("documents five levels deep, and those below documents that are not there, come once, in any split", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  const paths = [
    ...Array.from({ length: 300 }, (_, index) => `clients/${index}`),
    ...Array.from({ length: 300 }, (_, index) => `clients/${index % 7}/notes/${index}`),
    ...Array.from({ length: 300 }, (_, index) => `gone/x/a/${index}/b/y/c/z/d/${index}`),
    "clients/__id7__",
    "clients/__id-9223372036854775808__",
    "clients/__id9223372036854775807__/notes/__id1__",
    "Clients/1",
    "clients\u0001/1",
    "€/1",
    "😀/1",
    "\uffff/1",
  ];
  await writeFields(
    raw,
    paths.map((path) => [path, {}]),
  );
  const snapshot = await raw.snapshot();
  for (const wanted of [1, 2, 7, 40]) {
    const ranges = await snapshot.ranges({ wanted });
    expect(ranges.length).toBeLessThanOrEqual(wanted);
    expect([...(await linesOf(snapshot, ranges)).keys()]).toEqual(
      paths.toSorted(compareDocumentPaths),
    );
  }
  const below = await linesOf(
    snapshot,
    await snapshot.ranges({ collection: "clients/3/notes", wanted: 3 }),
  );
  expect([...below.keys()]).toEqual(
    paths.filter((path) => path.startsWith("clients/3/notes/")).toSorted(compareDocumentPaths),
  );
});

test("what is written while a snapshot is read is not in it", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  const paths = Array.from({ length: 50 }, (_, index) => `things/${index}`);
  await writeFields(
    raw,
    paths.map((path) => [path, { n: { integerValue: "1" } }]),
  );
  const snapshot = await raw.snapshot();
  await writeFields(
    raw,
    paths.map((path) => [path, { n: { integerValue: "2" } }]),
  );
  await writeFields(raw, [["later/1", {}]]);
  await raw.write([{ op: "delete", path: "things/7" }], { ramp: false });
  const lines = await linesOf(snapshot);
  expect(lines.size).toBe(50);
  for (const line of lines.values()) expect(line).toContain('"integerValue":"1"');
  expect(await snapshot.collections()).toEqual(["things"]);
});

test("a database without documents has none", async () => {
  await using firestore = await openTestFirestore({ registry: everyType, projectId: newProject() });
  const snapshot = await firestore.raw.snapshot();
  expect(await snapshot.collections()).toEqual([]);
  expect((await linesOf(snapshot, await snapshot.ranges({ wanted: 8 }))).size).toBe(0);
});

test("a group is the documents of collections of one id, at any depth, also when it is read in parts", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  const ids = Array.from({ length: 3000 }, (_, n) => `things/${String(n).padStart(5, "0")}`);
  const others = ["aaa/1/things/x", "things/00007/things/y", "zzz/1/b/2/things/z"];
  const strangers = ["aaa/1", "things/00007/notes/1", "thing/1", "thingsy/1"];
  await writeFields(
    raw,
    [...ids, ...others, ...strangers].map((path) => [path, { n: { integerValue: "1" } }]),
  );
  const snapshot = await raw.snapshot();
  const expected = [...ids, ...others].toSorted(compareDocumentPaths);
  for (const wanted of [1, 5]) {
    const ranges = await snapshot.ranges({ group: "things", wanted });
    expect([...(await linesOf(snapshot, ranges)).keys()]).toEqual(expected);
  }
  const middle = { group: "things", start: "things/00007/notes/1", end: "things/00010" };
  expect([...(await linesOf(snapshot, [middle])).keys()]).toEqual([
    "things/00007/things/y",
    "things/00008",
    "things/00009",
  ]);
});
