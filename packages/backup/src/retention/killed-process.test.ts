import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isWhole, keysOf, storeBackup, storedBackups } from "../../testing/policy-archive.ts";
import { backupAt, dailyBackups, dayMs, idAt } from "../../testing/policy-backups.ts";
import { killedProcess, type KilledRun } from "../../testing/policy-killed-process.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { openFolderStorage } from "../storage/folder/folder-storage.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { pruneBackups } from "./prune-backups.ts";
import { isVerified } from "./retained-backup.ts";

/** Behind everything that is written in these tests, so that all of it is old. */
const today = new Date(Date.now() + 10 * dayMs).toISOString().slice(0, 10);
const now = new Date(`${today}T12:00:00Z`);
const policy = { retentionDays: 3, minKeep: 2 };
const young = idAt(new Date(now.getTime() - dayMs), "baby0000");
const dead = idAt(new Date(now.getTime() - 5 * dayMs), "dead0000");

/** Backups of five days, one that was never verified, and two folders that never became backups, one of them young. */
async function fill(dir: string): Promise<void> {
  await using storage = await openFolderStorage({ dir });
  const unverified = new Date(Date.parse(`${today}T03:00:00Z`) - 4 * dayMs).toISOString();
  const backups = [...dailyBackups(today, 5), backupAt(unverified, { verifiedAt: null })];
  for (const backup of backups) await storeBackup(storage, backup);
  for (const id of [young, dead])
    for (const name of ["a.zst", "postgres/b.zst"])
      await storage.put(`backups/${id}/${name}`, Buffer.from(name));
}

/** Kills one run after another, each before another change, and checks what is left after each; then lets it finish. */
async function killEverywhere(
  work: KilledRun["work"],
  check: (dir: string) => Promise<void>,
): Promise<readonly (readonly string[])[]> {
  await using folder = testFolder();
  const original = join(folder.path, "original");
  await fill(original);
  const ends: (readonly string[])[] = [];
  for (let changes = 0, wasKilled = true; wasKilled; changes += 1) {
    const dir = join(folder.path, String(changes));
    await cp(original, dir, { recursive: true, preserveTimestamps: true });
    wasKilled = await killedProcess({ work, dir, changes, now });
    await check(dir);
    // The next runs go on with what they find, as those of the next day do.
    await using storage = await openFolderStorage({ dir });
    const again = { storage, now: () => now, maxSkewMs: Infinity };
    const backups = await storedBackups(storage);
    await pruneBackups({ ...again, backups, policy, allowMany: true, evidence: "delete" });
    await collectGarbage({ ...again, evidenceDays: 1 });
    ends.push(await keysOf(storage));
  }
  return ends;
}

async function checkListed(dir: string): Promise<void> {
  await using storage = await openFolderStorage({ dir });
  const listed = await storedBackups(storage);
  for (const { id } of listed) expect(await isWhole(storage, id)).toBe(true);
  const verified = listed.filter(isVerified);
  expect(verified.length).toBeGreaterThanOrEqual(policy.minKeep);
  expect(verified.map(({ id }) => id.slice(0, 10))).toContain(today);
}

test.each([
  { work: "prune" as const, most: 40 },
  { work: "gc" as const, most: 15 },
])(
  "$work, killed by SIGKILL before each of its changes, leaves only whole backups listed, and the next runs come to the same end",
  async ({ work, most }) => {
    const ends = await killEverywhere(work, checkListed);
    expect(ends.length).toBeGreaterThan(5);
    expect(ends.length).toBeLessThan(most);
    for (const end of ends) expect(end).toEqual(ends.at(-1));
    const folders = new Set(
      ends
        .at(-1)
        ?.filter((key) => key.startsWith("backups/"))
        .map((key) => key.split("/")[1]),
    );
    expect(folders).toContain(young);
    expect(folders).not.toContain(dead);
  },
  300_000,
);
