import { utimes } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWhole, keysOf, storeBackup, storedBackups } from "../../testing/policy-archive.ts";
import { backupAt, dayMs, hourMs, idAt, propertyTimeoutMs } from "../../testing/policy-backups.ts";
import { faultStorage } from "../../testing/policy-fault-storage.ts";
import { MemoryStorage } from "../../testing/policy-memory-storage.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { backupKey } from "../archive/archive-layout.ts";
import { openFolderStorage } from "../storage/folder/folder-storage.ts";
import { acquireLease } from "../storage/lease.ts";
import type { Storage } from "../storage/storage.ts";
import { collectGarbage, type CollectGarbageOptions } from "./collect-garbage.ts";

const now = new Date("2026-11-24T12:00:00Z");
const listed = backupAt("2026-11-20T02:00:00Z");
const killed = idAt(new Date("2026-11-21T02:00:00Z"), "dead0000");
const recent = idAt(new Date("2026-11-23T02:00:00Z"), "baby0000");

/** Puts objects as if at a time of the past. */
async function putAt(storage: MemoryStorage, iso: string, keys: readonly string[]): Promise<void> {
  const present = storage.now;
  storage.now = new Date(iso);
  for (const key of keys) await storage.put(key, Buffer.from("0123456789"));
  storage.now = present;
}

/** A backup, what a killed run left three days ago, and what one has written today. */
async function littered(): Promise<MemoryStorage> {
  const storage = new MemoryStorage(listed.startedAt);
  await storeBackup(storage, listed);
  storage.now = now;
  await putAt(storage, "2026-11-21T02:00:00Z", [
    `backups/${killed}/a.zst`,
    `backups/${killed}/postgres/b.zst`,
    `backups/${killed}/BACKUP.json.minisig`,
  ]);
  await putAt(storage, "2026-11-23T12:00:00Z", [`backups/${recent}/a.zst`]);
  return storage;
}

async function collect(storage: Storage, options: Partial<CollectGarbageOptions> = {}) {
  return await collectGarbage({ storage, now: () => now, ...options });
}

function lease(released: boolean): Uint8Array {
  const process = { pid: 1, machine: "m", started: "s" };
  const times = { since: "2026-11-24T11:00:00Z", renewedAt: "2026-11-24T12:00:00Z" };
  return Buffer.from(
    JSON.stringify({
      format: 1,
      token: "t",
      holder: "h",
      host: "h",
      process,
      ...times,
      ttlMs: 60_000,
      beat: 1,
      released,
    }),
  );
}

describe("folders without a commit record", () => {
  test("go when they are older than 48 hours, and leave a tombstone; listed backups and young folders stay", async () => {
    const storage = await littered();
    const before = await keysOf(storage);
    const report = await collect(storage);
    expect(report).toEqual({
      dryRun: false,
      collected: [{ kind: "never-committed", name: killed, objects: 3, sizeBytes: 30 }],
      kept: [{ name: recent, why: "It is not committed, but too young to be given up." }],
      freedObjects: 3,
      freedBytes: 30,
    });
    expect(await keysOf(storage)).toEqual(
      [...before.filter((key) => !key.includes(killed)), `tombstones/${killed}.json`].toSorted(),
    );
  });

  test("are told in a dry run, and not touched", async () => {
    const storage = await littered();
    const untouched = faultStorage(
      storage,
      async (operation) => await Promise.reject(new Error(operation)),
    );
    const dry = await collect(untouched, { dryRun: true });
    expect({ ...dry, dryRun: false }).toEqual(await collect(storage));
  });

  test("stay when the storage says that something was written later than the name says", async () => {
    const storage = await littered();
    await putAt(storage, "2026-11-24T11:00:00Z", [`backups/${killed}/c.zst`]);
    expect((await collect(storage)).collected).toEqual([]);
  });

  test("stay when their name says that they are younger than the storage says", async () => {
    const storage = await littered();
    const id = idAt(new Date("2026-11-24T11:00:00Z"));
    await putAt(storage, "2026-11-01T00:00:00Z", [`backups/${id}/a.zst`]);
    expect((await collect(storage)).collected.map(({ name }) => name)).toEqual([killed]);
  });

  test("stay while somebody holds a lease for making a backup, and so do unfinished uploads", async () => {
    const storage = await littered();
    storage.uploads.set(`backups/${killed}/big`, new Date("2026-11-21T02:00:00Z"));
    await storage.put("locks/create-shop.json", lease(false));
    expect(await collect(storage)).toMatchObject({
      collected: [],
      kept: expect.arrayContaining([
        { name: killed, why: "It is not committed, but a backup is being made." },
        { name: "uploads", why: "A backup is being made." },
      ]),
    });
    expect(storage.uploads.size).toBe(1);
  });

  test.each([
    ["was given up", "2026-11-24T12:00:00Z", true],
    ["nobody has renewed for two hours", "2026-11-24T10:00:00Z", false],
  ])(
    "go though there is a lease that %s; the lease stays, since it heals itself",
    async (_, iso, released) => {
      const storage = await littered();
      storage.now = new Date(iso);
      await storage.put("locks/create-shop.json", lease(released));
      storage.now = now;
      expect((await collect(storage)).collected.map(({ name }) => name)).toEqual([killed]);
      expect(storage.objects.has("locks/create-shop.json")).toBe(true);
    },
  );

  test("stay while a real lease is held, and go when it was given up", async () => {
    await using folder = testFolder();
    await using storage = await openFolderStorage({ dir: folder.path });
    const id = idAt(new Date(Date.now() - dayMs), "dead0000");
    await storage.put(`backups/${id}/a.zst`, Buffer.from("a"));
    const soon = { storage, now: () => new Date(), olderThanHours: 1 };
    const held = await acquireLease(storage, { key: "locks/create-shop.json" });
    await utimes(join(folder.path, `backups/${id}/a.zst`), 0, 0);
    expect((await collectGarbage(soon)).collected).toEqual([]);
    await held.release();
    expect((await collectGarbage(soon)).collected.map(({ name }) => name)).toEqual([id]);
  });

  test("that are not named like a backup, and objects beside the folders, are nobody's business", async () => {
    const storage = await littered();
    const foreign = [
      "backups/notes.txt",
      "backups/old/dump.sql",
      `backups/${killed}.copy/a`,
      "elsewhere/x",
    ];
    await putAt(storage, "2020-01-01T00:00:00Z", foreign);
    const report = await collect(storage);
    expect(await keysOf(storage)).toEqual(expect.arrayContaining(foreign));
    expect(report.kept).toContainEqual({
      name: "backups/old",
      why: "Its name is not one of a backup.",
    });
  });
});

describe("a run that commits at the same moment", () => {
  const record = backupKey(killed, "BACKUP.json");

  test("before the tombstone keeps its folder whole, and the tombstone is taken back", async () => {
    const storage = await littered();
    const racing = faultStorage(storage, async (_, key) => {
      if (key === `tombstones/${killed}.json` && !storage.objects.has(record))
        await storage.put(record, Buffer.from("{}"));
    });
    const report = await collect(racing);
    expect(report.collected).toEqual([]);
    expect(report.kept).toContainEqual({ name: killed, why: "It was committed just now." });
    expect(await keysOf(storage, `backups/${killed}/`)).toHaveLength(4);
    expect(storage.objects.has(`tombstones/${killed}.json`)).toBe(false);
  });

  test("after the tombstone finds it, and is not left as a backup whose parts are gone", async () => {
    const storage = await littered();
    const racing = faultStorage(storage, async (operation, key) => {
      if (operation === "delete" && key === `backups/${killed}/a.zst`)
        await storage.put(record, Buffer.from("{}"));
    });
    await collect(racing);
    expect(storage.objects.has(`tombstones/${killed}.json`)).toBe(true);
    expect(await keysOf(storage, `backups/${killed}/`)).toEqual([]);
  });
});

describe("what is left of backups that are gone", () => {
  test("the rest of a pruned one goes at once, however young, also while a backup is made", async () => {
    const storage = await littered();
    await storage.put("locks/create-shop.json", lease(false));
    await storage.put(`tombstones/${recent}.json`, Buffer.from("{}"));
    expect((await collect(storage)).collected).toEqual([
      { kind: "pruned", name: recent, objects: 1, sizeBytes: 10 },
    ]);
  });

  test("evidence and tombstones go after 400 days, not before; evidence of a backup that is there never goes", async () => {
    const storage = await littered();
    const [gone, fresh] = [
      idAt(new Date("2025-01-01T02:00:00Z")),
      idAt(new Date("2026-01-01T02:00:00Z")),
    ];
    await putAt(storage, "2025-10-01T00:00:00Z", [
      `verify/${gone}/a.json`,
      `verify/${gone}/a.json.minisig`,
      `tombstones/${gone}.json`,
    ]);
    await putAt(storage, "2026-01-02T00:00:00Z", [
      `verify/${fresh}/a.json`,
      `tombstones/${fresh}.json`,
    ]);
    await putAt(storage, "2020-01-01T00:00:00Z", [`verify/${listed.id}/old.json`]);
    const named = ({ collected }: Awaited<ReturnType<typeof collect>>) =>
      collected
        .filter(({ name }) => name === gone)
        .map(({ kind, objects }) => `${kind} ${objects}`);
    expect(named(await collect(storage, { evidenceDays: 420 }))).toEqual([]);
    expect(named(await collect(storage))).toEqual(["evidence 2", "tombstone 1"]);
    expect(await keysOf(storage, "verify/")).toEqual(
      [
        `verify/${fresh}/a.json`,
        `verify/${listed.id}/2026-11-24T00-00-00-000Z-00000000.json`,
        `verify/${listed.id}/old.json`,
      ].toSorted(),
    );
  });

  test("a tombstone beside a backup that was not deleted after all goes after 48 hours; the backup stays", async () => {
    const storage = await littered();
    await putAt(storage, "2026-11-22T11:59:00Z", [`tombstones/${listed.id}.json`]);
    expect((await collect(storage)).collected).toContainEqual({
      kind: "tombstone",
      name: listed.id,
      objects: 1,
      sizeBytes: 10,
    });
    expect(await isWhole(storage, listed.id)).toBe(true);
  });

  test("unfinished uploads older than 48 hours go, and count", async () => {
    const storage = await littered();
    storage.uploads.set(`backups/${killed}/big`, new Date("2026-11-21T02:00:00Z"));
    storage.uploads.set(`backups/${recent}/big`, new Date("2026-11-23T02:00:00Z"));
    expect((await collect(storage)).collected).toContainEqual({
      kind: "upload",
      name: "backups/",
      objects: 1,
      sizeBytes: 1,
    });
    expect([...storage.uploads.keys()]).toEqual([`backups/${recent}/big`]);
  });
});

describe("what stops gc", () => {
  test.each([3 * dayMs, -3 * dayMs])(
    "a clock that is %d ms from the storage's: nothing is deleted",
    async (ms) => {
      const storage = await littered();
      const before = await keysOf(storage);
      await expect(
        collect(storage, { now: () => new Date(now.getTime() + ms) }),
      ).rejects.toMatchObject({ code: "CLOCK_WRONG" });
      expect(await keysOf(storage)).toEqual(before);
    },
  );

  test.each([{ olderThanHours: 0 }, { olderThanHours: Number.NaN }, { evidenceDays: -1 }])(
    "%o is refused",
    async (options) => {
      await expect(collect(await littered(), options)).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
      });
    },
  );

  test("a signal, before anything is touched", async () => {
    const storage = await littered();
    await expect(collect(storage, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(storage.objects.has(`backups/${killed}/a.zst`)).toBe(true);
  });
});

test(
  "for any folders, ages and names: listed backups stay whole, and gc after gc finds nothing",
  async () => {
    const folder = fc.record({
      begunHoursAgo: fc.integer({ min: -50, max: 200 }),
      writtenHoursAgo: fc.integer({ min: 0, max: 200 }),
      isListed: fc.boolean(),
      hasTombstone: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(folder, { maxLength: 12 }), async (folders) => {
        const storage = new MemoryStorage(now);
        const expected: string[] = [];
        for (const [
          index,
          { begunHoursAgo, writtenHoursAgo, isListed, hasTombstone },
        ] of folders.entries()) {
          const startedAt = new Date(now.getTime() - begunHoursAgo * hourMs);
          const id = idAt(startedAt, String(index).padStart(8, "0"));
          storage.now = new Date(now.getTime() - writtenHoursAgo * hourMs);
          await storeBackup(storage, backupAt(startedAt.toISOString(), { id }));
          if (!isListed) await storage.delete([backupKey(id, "BACKUP.json")]);
          if (hasTombstone) await storage.put(`tombstones/${id}.json`, Buffer.from("{}"));
          const isYoung = begunHoursAgo <= 48 || writtenHoursAgo <= 48;
          if (isListed || (isYoung && !hasTombstone)) expected.push(id);
        }
        storage.now = now;
        await collect(storage);
        const left = new Set((await keysOf(storage, "backups/")).map((key) => key.split("/")[1]));
        expect(left).toEqual(new Set(expected));
        for (const { id } of await storedBackups(storage))
          expect(await isWhole(storage, id)).toBe(true);
        expect((await collect(storage)).collected).toEqual([]);
      }),
      { numRuns: process.env["SLOW"] === "1" ? 1000 : 100 },
    );
  },
  propertyTimeoutMs,
);
