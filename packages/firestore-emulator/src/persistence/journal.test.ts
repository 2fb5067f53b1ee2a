import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFields, arbitraryPath } from "../../testing/arbitrary-value.ts";
import {
  beginning,
  documentsAt,
  eventCount,
  makeEvent,
  newWorld,
  versionsOf,
} from "../../testing/journal-world.ts";
import {
  openWorld,
  worldAfter,
  writeEvents,
  type JournaledWorld,
} from "../../testing/journaled-world.ts";
import { testFolder } from "../../testing/test-folder.ts";
import type { Databases } from "../store/databases.ts";
import type { MapValue } from "../value/value.ts";
import { openJournal, type Journal } from "./journal.ts";

const numRuns = process.env["SLOW"] === "1" ? 300 : 30;

/** A commit, or a database that is cleared, or something that happens to the journal. */
interface Step {
  readonly kind: "commit" | "clear" | "compact" | "reopen" | "wait";
  readonly database: string;
  readonly changes: readonly { readonly path: string; readonly fields: MapValue | null }[];
}

const path = fc.oneof(arbitraryPath, fc.constantFrom("a/1", "a/2", "a/1/b/1"));
const change = fc.record({ path, fields: fc.option(arbitraryFields) });
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    "commit",
    "commit",
    "commit",
    "commit",
    "commit",
    "commit",
    "clear",
    "compact",
    "reopen",
    "wait",
  ),
  database: fc.constantFrom("projects/p/databases/d", "projects/q/databases/d"),
  changes: fc.uniqueArray(change, { selector: (each) => each.path, minLength: 1, maxLength: 4 }),
});

/** Makes a commit or clears, in a journal first if there is one. */
function take(
  { kind, database: name, changes }: Step,
  databases: Databases,
  journal?: Journal,
): void {
  if (kind !== "commit" && kind !== "clear") return;
  const time = databases.clock.commitTime();
  const database = databases.get(name);
  if (kind === "clear") {
    journal?.appendClear(name, time);
    database.clear(time);
    return;
  }
  const documents = changes.map(({ path: at, fields }) => {
    const createTime = database.document(at)?.createTime ?? time;
    const document = fields ? { path: at, fields, createTime, updateTime: time } : undefined;
    return { path: at, document };
  });
  journal?.append({ database: name, time, changes: documents });
  database.apply(time, documents);
}

describe("what was committed is there when the folder is opened again", () => {
  it("with every value of every document at every time, whatever was compacted in between", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await using folder = testFolder();
        const tuning = { logBytes: 2000 };
        const expected = newWorld();
        let world = await openWorld(folder.path, tuning);
        let compaction = Promise.resolve();
        const reopen = async (): Promise<JournaledWorld> => {
          await compaction;
          await world.journal.close();
          return await openWorld(folder.path, tuning);
        };
        for (const each of steps) {
          take(each, expected);
          take(each, world.databases, world.journal);
          if (each.kind === "compact") compaction = world.journal.compact();
          if (each.kind === "reopen") world = await reopen();
          if (each.kind === "wait") await world.journal.flushed();
        }
        world = await reopen();
        expect(versionsOf(world.databases)).toEqual(versionsOf(expected));
        expect(documentsAt(world.databases)).toEqual(documentsAt(expected));
        expect(world.databases.clock.readTime()).toBe(expected.clock.readTime());
        await world.journal.close();
      }),
      { numRuns },
    );
  });

  it("with the past of one hour: a compaction leaves out what is older", async () => {
    await using folder = testFolder();
    const hour = 3_600_000_000;
    const times = [beginning + 1, beginning + 2, beginning + 2 + hour, beginning + 3 + hour];
    const database = "projects/p/databases/d";
    const world = await openWorld(folder.path);
    for (const time of times) {
      const document = {
        path: "a/1",
        fields: new Map(),
        createTime: times[0] ?? 0,
        updateTime: time,
      };
      const changes = [{ path: "a/1", document: time === times[3] ? undefined : document }];
      world.journal.append({ database, time, changes });
      world.databases.get(database).apply(time, changes);
    }
    world.databases.clock.advanceTo(beginning + 2 + 2 * hour);
    await world.journal.compact();
    await world.journal.close();
    await using again = await openWorld(folder.path);
    const [entry] = versionsOf(again.databases);
    expect(entry?.[2].map(({ time }) => time)).toEqual(times.slice(2));
  });

  it("also what nobody waited for, and when nothing was closed", async () => {
    await using folder = testFolder();
    await using copy = testFolder();
    await using world = await openWorld(folder.path);
    for (let number = 0; number < 300; number += 1) {
      makeEvent(world.databases, number, world.journal);
    }
    cpSync(folder.path, copy.path, { recursive: true, filter: (name) => !name.includes("lock.") });
    await using again = await openWorld(copy.path);
    expect(again.journal.tornTail).toBeUndefined();
    expect(documentsAt(again.databases)).toEqual(documentsAt(worldAfter(300)));
  });

  it("and the times go on from where they were", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 10);
    await using world = await openWorld(folder.path);
    expect(world.databases.clock.commitTime()).toBe(beginning + 11);
  });
});

describe("waiting for the disk", () => {
  it("costs one sync for many", async () => {
    await using folder = testFolder();
    let syncs = 0;
    const sync = async (): Promise<void> => {
      syncs += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await using world = await openWorld(folder.path, { sync });
    const waiting: Promise<void>[] = [];
    for (let number = 0; number < 100; number += 1) {
      makeEvent(world.databases, number, world.journal);
      waiting.push(world.journal.flushed());
    }
    await Promise.all(waiting);
    expect(syncs).toBe(2);
    await world.journal.flushed();
    expect(syncs).toBe(2);
  });

  it("ends only when a sync began after what is waited for", async () => {
    await using folder = testFolder();
    const syncs: (() => void)[] = [];
    await using world = await openWorld(folder.path, {
      sync: async () => await new Promise((resolve) => syncs.push(resolve)),
    });
    const done: string[] = [];
    makeEvent(world.databases, 0, world.journal);
    const first = world.journal.flushed().then(() => done.push("first"));
    makeEvent(world.databases, 1, world.journal);
    const second = world.journal.flushed().then(() => done.push("second"));
    syncs[0]?.();
    await first;
    expect(done).toEqual(["first"]);
    expect(syncs).toHaveLength(2);
    syncs[1]?.();
    await second;
  });

  it("fails for all when the disk fails, and nothing is accepted any more", async () => {
    await using folder = testFolder();
    const world = await openWorld(folder.path, {
      sync: async () => await Promise.reject(new Error("EIO: i/o error, fdatasync")),
    });
    makeEvent(world.databases, 0, world.journal);
    const waiting = [world.journal.flushed(), world.journal.flushed()];
    for (const each of waiting) {
      await expect(each).rejects.toMatchObject({ code: "PERSISTENCE_FAILED" });
    }
    expect(() => makeEvent(world.databases, 1, world.journal)).toThrow(
      "could not be brought to disk",
    );
    await expect(world.journal.compact()).rejects.toMatchObject({ code: "PERSISTENCE_FAILED" });
    await expect(world.journal.close()).rejects.toMatchObject({ code: "PERSISTENCE_FAILED" });
    await using again = await openWorld(folder.path);
    expect(eventCount(again.databases)).toBe(1);
  });

  it("is not needed any more once the next log was begun", async () => {
    await using folder = testFolder();
    const syncs: (() => void)[] = [];
    await using world = await openWorld(folder.path, {
      sync: async () => await new Promise((resolve) => syncs.push(resolve)),
    });
    makeEvent(world.databases, 0, world.journal);
    const waiting = world.journal.flushed();
    const compaction = world.journal.compact();
    syncs[0]?.();
    await waiting;
    await compaction;
    await world.journal.flushed();
    expect(syncs).toHaveLength(1);
  });
});

async function untilSnapshot(dataDir: string): Promise<void> {
  while (!readdirSync(dataDir).some((name) => /^snapshot-\d+$/u.test(name))) await nextTurn();
}

describe("a log that became long", () => {
  const compactBytes = 5000;

  it("is replaced by a snapshot in the background, and again only when it is long again", async () => {
    await using folder = testFolder();
    await using world = await openWorld(folder.path, { compactBytes });
    let count = 0;
    for (; count < 50; count += 1) makeEvent(world.databases, count, world.journal);
    await untilSnapshot(folder.path);
    await world.journal.compact();
    const names = readdirSync(folder.path);
    expect(names.filter((name) => name.startsWith("log"))).toHaveLength(1);
    for (; count < 60; count += 1) makeEvent(world.databases, count, world.journal);
    await nextTurn();
    await nextTurn();
    expect(readdirSync(folder.path)).toEqual(names);
    await world.journal.close();
    await using again = await openWorld(folder.path);
    expect(versionsOf(again.databases)).toEqual(versionsOf(worldAfter(60)));
  });

  it("stays when that fails, which is told, and is not tried again at once", async () => {
    await using folder = testFolder();
    const databases = newWorld();
    const problems: unknown[] = [];
    const onProblem = (error: unknown): void => void problems.push(error);
    const tuning = { compactBytes };
    const journal = await openJournal({ dataDir: folder.path, databases, tuning, onProblem });
    // The place of the snapshot is taken by what cannot be replaced by it.
    mkdirSync(join(folder.path, "snapshot-00000002.tmp"));
    let count = 0;
    for (; count < 50; count += 1) makeEvent(databases, count, journal);
    while (problems.length === 0) await nextTurn();
    expect(problems).toEqual([expect.objectContaining({ code: "DATA_FOLDER_UNUSABLE" })]);
    for (; count < 60; count += 1) makeEvent(databases, count, journal);
    await nextTurn();
    expect(problems).toHaveLength(1);
    rmSync(join(folder.path, "snapshot-00000002.tmp"), { recursive: true });
    await journal.close();
    await using again = await openWorld(folder.path);
    expect(versionsOf(again.databases)).toEqual(versionsOf(worldAfter(60)));
  });
});

describe("a journal that ended", () => {
  it("accepts nothing more and lets others have the folder", async () => {
    await using folder = testFolder();
    const world = await openWorld(folder.path);
    const compaction = world.journal.compact();
    await Promise.all([world.journal.close(), world.journal.close()]);
    await expect(compaction).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => makeEvent(world.databases, 0, world.journal)).toThrow("The journal is closed.");
    await expect(world.journal.compact()).rejects.toMatchObject({ code: "CLOSED" });
    await (await openWorld(folder.path)).journal.close();
  });

  it("because its folder is gone says so", async () => {
    await using folder = testFolder();
    const world = await openWorld(join(folder.path, "data"));
    rmSync(join(folder.path, "data"), { recursive: true });
    expect(() => makeEvent(world.databases, 0, world.journal)).toThrow(
      "was deleted, or another process",
    );
    await world.journal.close();
  });
});
