import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parentPath } from "../name/resource-name.ts";
import { Clock } from "./clock.ts";
import { Database, retentionMicros, type AppliedCommit } from "./database.ts";
import type { StoredDocument } from "./stored-document.ts";

const paths = ["a/1", "a/2", "b/1", "a/1/c/1", "a/1/c/2", "a/3/c/1", "a/3/c/1/d/1", "b/1/c/1"];

const commits = fc.array(
  fc.record({
    wait: fc.oneof(
      fc.integer({ min: 1, max: 100 }),
      fc.constantFrom(retentionMicros / 2, retentionMicros, retentionMicros * 2),
    ),
    changes: fc.uniqueArray(fc.tuple(fc.constantFrom(...paths), fc.boolean()), {
      selector: ([path]) => path,
      minLength: 1,
      maxLength: 4,
    }),
  }),
  { minLength: 1, maxLength: 30 },
);

type World = ReadonlyMap<string, StoredDocument>;

const version = (path: string, time: number): StoredDocument => ({
  path,
  fields: new Map(),
  createTime: time,
  updateTime: time,
});

/** All that the database can tell of one moment. */
function worldAt(database: Database, time: number | undefined): World {
  const world = new Map<string, StoredDocument>();
  const scope = { parent: "", collectionId: undefined, allDescendants: true };
  for (const collection of database.collectionsIn(scope)) {
    for (const entry of collection.ascending()) {
      const document = time === undefined ? entry.current : entry.at(time);
      if (document) world.set(entry.path, document);
      expect(database.document(entry.path, time)).toBe(document);
    }
  }
  return world;
}

function emptyDatabase(): Database {
  return new Database("projects/p/databases/d", new Clock(() => 0));
}

function put(database: Database, time: number, ...made: readonly string[]): void {
  database.apply(
    time,
    made.map((path) => ({ path, document: version(path, time) })),
  );
}

function remove(database: Database, time: number, ...gone: readonly string[]): void {
  database.apply(
    time,
    gone.map((path) => ({ path, document: undefined })),
  );
}

describe("a database", () => {
  test("is at each moment of the last hour what a copy made then would be", () => {
    fc.assert(
      fc.property(commits, (steps) => {
        const database = emptyDatabase();
        const copies: { readonly time: number; readonly world: World }[] = [
          { time: 0, world: new Map() },
        ];
        let time = 0;
        for (const { wait, changes } of steps) {
          time += wait;
          const world = new Map(copies.at(-1)?.world);
          for (const [path, isThere] of changes) {
            if (isThere) world.set(path, version(path, time));
            else world.delete(path);
          }
          database.apply(
            time,
            changes.map(([path]) => ({ path, document: world.get(path) })),
          );
          copies.push({ time, world });
          expect(worldAt(database, undefined)).toEqual(world);
        }
        for (const [index, { time: from, world }] of copies.entries()) {
          const until = (copies[index + 1]?.time ?? time + 1) - 1;
          for (const moment of [from, until].filter((at) => at >= time - retentionMicros)) {
            expect(worldAt(database, moment)).toEqual(world);
          }
        }
      }),
    );
  });

  test("forgets what nobody can read any more, with the collections that it was in", () => {
    const database = emptyDatabase();
    put(database, 1, "a/1/c/1/d/1", "b/1");
    remove(database, 2, "a/1/c/1/d/1");
    expect(database.collection("a/1/c/1/d")).toBeDefined();
    put(database, 3 + retentionMicros, "b/1");
    expect(database.collection("a/1/c/1/d")).toBeUndefined();
    expect(database.collection("a")).toBeUndefined();
    expect(database.collectionsBelow("").map(({ path }) => path)).toEqual(["b"]);
    expect(database.entry("b/1")?.versions.map(({ time }) => time)).toEqual([
      1,
      3 + retentionMicros,
    ]);
  });

  test("keeps the place of a document that is gone while there is something below it", () => {
    const database = emptyDatabase();
    put(database, 1, "a/1", "a/1/c/1");
    remove(database, 2, "a/1");
    put(database, 3 + retentionMicros, "b/1");
    put(database, 4 + retentionMicros, "b/1");
    expect(database.document("a/1/c/1")?.updateTime).toBe(1);
    expect(database.collectionsBelow("a/1").map(({ id }) => id)).toEqual(["c"]);
  });

  test("does not grow while the same documents are written over and over for hours", () => {
    const database = emptyDatabase();
    for (let minute = 0; minute < 6000; minute += 1) {
      put(database, minute * 60_000_000, "a/1", "a/2");
    }
    expect(database.entry("a/1")?.versions.length).toBeLessThanOrEqual(62);
  });

  test("tells those who observe what each document was before, and not those who stopped", () => {
    const database = emptyDatabase();
    const seen: AppliedCommit[] = [];
    const stop = database.observe((commit) => seen.push(commit));
    put(database, 1, "a/1");
    remove(database, 2, "a/1");
    stop();
    put(database, 3, "a/1");
    const document = version("a/1", 1);
    expect(seen).toEqual([
      { time: 1, changes: [{ path: "a/1", before: undefined, document }] },
      { time: 2, changes: [{ path: "a/1", before: document, document: undefined }] },
    ]);
  });

  test("is empty once it was cleared, tells of each document that was there, and can be used", () => {
    const database = emptyDatabase();
    put(database, 1, "a/1", "a/1/c/1", "b/1");
    remove(database, 2, "b/1");
    const seen: AppliedCommit[] = [];
    database.observe((commit) => seen.push(commit));
    database.clear(3);
    expect(worldAt(database, undefined).size).toBe(0);
    expect(worldAt(database, 2).size).toBe(0);
    expect(seen.flatMap(({ changes }) => changes.map(({ path }) => path)).toSorted()).toEqual([
      "a/1",
      "a/1/c/1",
    ]);
    put(database, 4, "a/1");
    put(database, 5 + retentionMicros, "a/1");
    expect(worldAt(database, undefined).size).toBe(1);
  });

  test("gives a query the collections of its scope, and no other", () => {
    const database = emptyDatabase();
    put(database, 1, ...paths);
    const pathsIn = (parent: string, collectionId: string | undefined, allDescendants: boolean) =>
      database
        .collectionsIn({ parent, collectionId, allDescendants })
        .map(({ path }) => path)
        .toSorted();
    expect(pathsIn("", "a", false)).toEqual(["a"]);
    expect(pathsIn("", undefined, false)).toEqual(["a", "b"]);
    expect(pathsIn("", "c", true)).toEqual(["a/1/c", "a/3/c", "b/1/c"]);
    expect(pathsIn("a/3", undefined, true)).toEqual(["a/3/c", "a/3/c/1/d"]);
    expect(pathsIn("a/1", "c", true)).toEqual(["a/1/c"]);
    expect(pathsIn("a/1", "d", false)).toEqual([]);
    const all = [...new Set(paths.map(parentPath))].toSorted();
    expect(pathsIn("", undefined, true)).toEqual(all);
  });
});
