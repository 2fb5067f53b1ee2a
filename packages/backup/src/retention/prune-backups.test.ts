import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWhole, keysOf, storeBackup, storedBackups } from "../../testing/policy-archive.ts";
import {
  backupAt,
  dailyBackups,
  someBackups,
  someNow,
  somePolicy,
  propertyTimeoutMs,
} from "../../testing/policy-backups.ts";
import { faultStorage } from "../../testing/policy-fault-storage.ts";
import { MemoryStorage } from "../../testing/policy-memory-storage.ts";
import { backupKey } from "../archive/archive-layout.ts";
import { BackupError } from "../backup-error.ts";
import { bySource } from "./by-source.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { planPrune } from "./plan-prune.ts";
import { pruneBackups, type PruneBackupsOptions } from "./prune-backups.ts";
import { isVerified, type RetainedBackup } from "./retained-backup.ts";

const now = new Date("2026-11-24T12:00:00Z");
const policy = { retentionDays: 3, minKeep: 2 };
const oldest = "2026-11-19T02-00-00Z-00000000";
const second = "2026-11-20T02-00-00Z-00000000";
const third = "2026-11-21T02-00-00Z-00000000";

async function storageWith(backups: readonly RetainedBackup[], at = now): Promise<MemoryStorage> {
  const storage = new MemoryStorage(at);
  for (const backup of backups) await storeBackup(storage, backup);
  return storage;
}

/** Six daily backups, of which the policy lets three go. */
async function sixDays(): Promise<PruneBackupsOptions & { readonly storage: MemoryStorage }> {
  const backups = dailyBackups("2026-11-24", 6);
  return { storage: await storageWith(backups), backups, policy, now: () => now, allowMany: true };
}

describe("what prune deletes", () => {
  test("the folders of what is too old, and nothing else", async () => {
    const options = await sixDays();
    const before = await keysOf(options.storage);
    const sizes = [...options.storage.objects].map(
      ([key, { body }]) => [key, body.length] as const,
    );
    const result = await pruneBackups(options);
    expect(result).toMatchObject({
      dryRun: false,
      deleted: [oldest, second, third],
      problems: [],
      freedObjects: 18,
    });
    const gone = new Set(
      before.filter((key) =>
        [oldest, second, third].some((id) => key.startsWith(`backups/${id}/`)),
      ),
    );
    const tombstones = [oldest, second, third].map((id) => `tombstones/${id}.json`);
    expect(await keysOf(options.storage)).toEqual(
      [...before.filter((key) => !gone.has(key)), ...tombstones].toSorted(),
    );
    expect(result.freedBytes).toBe(
      sizes.reduce((sum, [key, size]) => sum + (gone.has(key) ? size : 0), 0),
    );
  });

  test("what went, when and why stays to be read", async () => {
    const options = await sixDays();
    await pruneBackups(options);
    expect(
      JSON.parse(
        Buffer.from(
          options.storage.objects.get(`tombstones/${oldest}.json`)?.body ?? [],
        ).toString(),
      ),
    ).toEqual({
      format: 1,
      backup: oldest,
      kind: "pruned",
      sourceId: "shop",
      sizeBytes: 100,
      reasons: ["deleted: 5 days old, newer verified backup 2026-11-24T02-00-00Z-00000000"],
      removedAt: "2026-11-24T12:00:00.000Z",
      tool: expect.stringMatching(/^ctb-data \d/u),
    });
  });

  test("first the tombstone, then the record, then its signature, then the parts, and evidence last when it is asked for", async () => {
    const { storage, ...options } = await sixDays();
    const changes: string[] = [];
    const watched = faultStorage(storage, async (operation, key) => {
      changes.push(`${operation} ${key}`);
      await Promise.resolve();
    });
    await pruneBackups({
      ...options,
      storage: watched,
      evidence: "delete",
      policy: { retentionDays: 5, minKeep: 1 },
    });
    expect(changes.slice(2)).toEqual([
      `put tombstones/${oldest}.json`,
      `delete backups/${oldest}/BACKUP.json`,
      `delete backups/${oldest}/BACKUP.json.minisig`,
      `delete backups/${oldest}/0000.copy`,
      `delete backups/${oldest}/SHA256SUMS`,
      `delete backups/${oldest}/firestore/data/clients/0000.ndjson`,
      `delete backups/${oldest}/postgres/pre-data.sql`,
      `delete verify/${oldest}/2026-11-24T00-00-00-000Z-00000000.json`,
    ]);
  });

  test("nothing in a dry run, which tells the reasons and what would be refused", async () => {
    const { storage, ...options } = await sixDays();
    const untouched = faultStorage(
      storage,
      async (operation) => await Promise.reject(new Error(operation)),
    );
    const plan = await pruneBackups({
      ...options,
      storage: untouched,
      dryRun: true,
      allowMany: false,
      policy: { retentionDays: 1, minKeep: 1 },
    });
    expect(plan).toMatchObject({
      dryRun: true,
      deleted: [],
      refusal: "5 of the 6 backups of shop would be deleted: more than half.",
      decisions: planPrune(options.backups, { retentionDays: 1, minKeep: 1 }, now),
    });
  });

  test("a backup whose name only begins like that of another is not touched", async () => {
    const options = await sixDays();
    const beside = [
      `backups/${oldest}x/BACKUP.json`,
      `backups/${oldest}.old/part`,
      `backups/${oldest}`,
    ];
    for (const key of beside) await options.storage.put(key, Buffer.from("x"));
    await pruneBackups(options);
    expect(await keysOf(options.storage)).toEqual(expect.arrayContaining(beside));
  });
});

describe("what stops prune", () => {
  test("more than half is refused before anything is touched", async () => {
    const { storage, ...options } = await sixDays();
    const untouched = faultStorage(
      storage,
      async (operation) => await Promise.reject(new Error(operation)),
    );
    await expect(
      pruneBackups({
        ...options,
        storage: untouched,
        allowMany: false,
        policy: { retentionDays: 1, minKeep: 1 },
      }),
    ).rejects.toMatchObject({ code: "REFUSED", hint: expect.stringContaining("--allow-many") });
  });

  test.each([2, -2])(
    "a clock that is %d hours from the storage's deletes nothing",
    async (hours) => {
      const options = await sixDays();
      options.storage.now = new Date(now.getTime() + hours * 3_600_000);
      const before = await keysOf(options.storage);
      await expect(pruneBackups(options)).rejects.toMatchObject({ code: "CLOCK_WRONG" });
      expect(await keysOf(options.storage)).toEqual(before);
      await expect(pruneBackups({ ...options, maxSkewMs: Infinity })).resolves.toMatchObject({
        deleted: [oldest, second, third],
      });
    },
  );

  test("a verified backup that vanished meanwhile saves those that would need it", async () => {
    const options = await sixDays();
    options.storage.objects.delete(backupKey("2026-11-24T02-00-00Z-00000000", "BACKUP.json"));
    const result = await pruneBackups(options);
    expect(result.deleted).toEqual([]);
    expect(result.problems).toContainEqual({
      id: oldest,
      why: "The backup 2026-11-24T02-00-00Z-00000000, without which it must not be deleted, is not there any more.",
    });
    expect(await keysOf(options.storage, "tombstones/")).toEqual([]);
  });

  test("it looks again before each deletion, not once", async () => {
    const { storage, ...options } = await sixDays();
    const vanishing = faultStorage(storage, async (operation, key) => {
      if (operation === "put" && key === `tombstones/${oldest}.json`)
        storage.objects.delete(backupKey("2026-11-23T02-00-00Z-00000000", "BACKUP.json"));
      await Promise.resolve();
    });
    expect((await pruneBackups({ ...options, storage: vanishing })).deleted).toEqual([oldest]);
  });

  test("a lost lease stops it between two backups", async () => {
    const options = await sixDays();
    let checks = 0;
    const check = async (): Promise<void> => {
      checks += 1;
      if (checks === 3) throw new BackupError("LEASE_LOST", "The lease was lost.");
      await Promise.resolve();
    };
    await expect(pruneBackups({ ...options, lease: { check } })).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    expect((await storedBackups(options.storage)).map(({ id }) => id)[0]).toBe(third);
  });

  test("a signal stops it between two backups", async () => {
    const options = await sixDays();
    const abort = new AbortController();
    const onProgress = (): void => abort.abort();
    await expect(
      pruneBackups({ ...options, signal: abort.signal, onProgress }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await storedBackups(options.storage)).map(({ id }) => id)[0]).toBe(second);
    expect(await isWhole(options.storage, second)).toBe(true);
  });

  test("an object lock on a record leaves that backup whole and without a tombstone; the others go", async () => {
    const options = await sixDays();
    options.storage.locked.add(backupKey(second, "BACKUP.json"));
    const result = await pruneBackups(options);
    expect(result.deleted).toEqual([oldest, third]);
    expect(result.problems).toEqual([
      { id: second, why: "The storage does not let it be deleted, so it was left whole." },
    ]);
    expect(await isWhole(options.storage, second)).toBe(true);
    expect(options.storage.objects.has(`tombstones/${second}.json`)).toBe(false);
  });

  test("an object lock on a part is told; the backup is not listed any more, and gc goes on when the lock is over", async () => {
    const options = await sixDays();
    const part = backupKey(oldest, "SHA256SUMS");
    options.storage.locked.add(part);
    const result = await pruneBackups(options);
    expect(result.deleted).toEqual([oldest, second, third]);
    expect(result.problems).toEqual([
      {
        id: oldest,
        why: `The storage does not let 1 of its objects be deleted, as ${part}; gc will try again.`,
      },
    ]);
    expect(await keysOf(options.storage, `backups/${oldest}/`)).toEqual([part]);
    const gc = { storage: options.storage, now: () => now };
    expect((await collectGarbage(gc)).kept).toEqual([
      { name: oldest, why: expect.stringContaining("does not let 1 of its objects") },
    ]);
    options.storage.locked.clear();
    expect((await collectGarbage(gc)).collected).toMatchObject([
      { kind: "pruned", name: oldest, objects: 1 },
    ]);
  });
});

class Killed extends Error {}

/** A storage of a process that is killed before its n-th change: nothing that it does after that happens. */
function killedAt(storage: MemoryStorage, count: number): ReturnType<typeof faultStorage> {
  let changes = 0;
  return faultStorage(storage, async () => {
    changes += 1;
    if (changes > count) throw new Killed();
    await Promise.resolve();
  });
}

test(
  "killed before any change, for any series and policy: what is listed is whole, enough of it is verified, and the next run finishes",
  async () => {
    await fc.assert(
      fc.asyncProperty(someBackups, somePolicy, someNow, async (backups, somePolicyOfAll, at) => {
        const original = await storageWith(backups, at);
        const options = { policy: somePolicyOfAll, now: () => at, allowMany: true };
        const clean = new MemoryStorage(at, original);
        await pruneBackups({ ...options, storage: clean, backups });
        const expected = await keysOf(clean);
        for (let count = 0; ; count += 1) {
          const storage = new MemoryStorage(at, original);
          const killed = await pruneBackups({
            ...options,
            storage: killedAt(storage, count),
            backups,
          }).then(() => false, isKilled);
          const listed = await storedBackups(storage);
          for (const { id } of listed) expect(await isWhole(storage, id)).toBe(true);
          expectEnough(backups, listed, somePolicyOfAll.minKeep ?? 3);
          await pruneBackups({ ...options, storage, backups: listed });
          await collectGarbage({ storage, now: () => new Date(at.getTime()) });
          expect((await keysOf(storage)).filter((key) => !key.startsWith("locks/clock-"))).toEqual(
            expected,
          );
          if (!killed) break;
        }
      }),
      { numRuns: process.env["SLOW"] === "1" ? 100 : 10 },
    );
  },
  propertyTimeoutMs,
);

function isKilled(error: unknown): boolean {
  if (error instanceof Killed) return true;
  throw error;
}

/** Of each source at least `minKeep` verified backups, or all there were, and the newest of them. */
function expectEnough(
  before: readonly RetainedBackup[],
  after: readonly RetainedBackup[],
  minKeep: number,
): void {
  const left = bySource(after.filter(isVerified));
  for (const [sourceId, verified] of bySource(before.filter(isVerified))) {
    const ids = left.get(sourceId)?.map(({ id }) => id) ?? [];
    expect(ids.length).toBeGreaterThanOrEqual(Math.min(minKeep, verified.length));
    const newest = verified.toSorted(
      (one, two) => two.startedAt.getTime() - one.startedAt.getTime() || (one.id < two.id ? 1 : -1),
    )[0];
    expect(ids).toContain(newest?.id);
  }
}

test("backups that nobody can read are left, whatever the policy", async () => {
  const broken = backupAt("2020-01-01T00:00:00Z", { valid: false, sourceId: "", verifiedAt: null });
  const backups = [...dailyBackups("2026-11-24", 6), broken];
  const storage = await storageWith(backups);
  await pruneBackups({ storage, backups, policy, now: () => now, allowMany: true });
  expect(await isWhole(storage, broken.id)).toBe(true);
});
