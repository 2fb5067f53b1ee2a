import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  backupAt,
  dailyBackups,
  dayMs,
  hourMs,
  runs,
  someBackups,
  someNow,
} from "../../testing/policy-backups.ts";
import { backupStatus, type BackupStatus } from "./backup-status.ts";

const now = new Date("2026-11-24T12:00:00Z");
const asked = { maxAgeMs: 26 * hourMs, maxVerifiedAgeMs: 2 * dayMs, maxDrillAgeMs: 8 * dayMs, now };
const drilled = { drilledAt: new Date("2026-11-20T00:00:00Z") };

function agedBy(hours: number): BackupStatus {
  const startedAt = new Date(now.getTime() - hours * hourMs);
  return backupStatus([backupAt(startedAt.toISOString())], { maxAgeMs: 26 * hourMs, now });
}

test("fresh, verified and drilled backups are well", () => {
  const backups = [backupAt("2026-11-19T02:00:00Z", drilled), backupAt("2026-11-24T02:00:00Z")];
  expect(backupStatus(backups, asked)).toEqual({
    ok: true,
    newest: backups[1],
    newestVerified: backups[1],
    newestDrilled: backups[0],
    ages: { newestMs: 10 * hourMs, newestVerifiedMs: 10 * hourMs, drillMs: 4.5 * dayMs },
    problems: [],
    counts: { total: 2, valid: 2, verified: 2, drilled: 1, invalid: 0, future: 0 },
  });
});

test("without a backup nothing is well", () => {
  expect(backupStatus([], asked)).toMatchObject({
    ok: false,
    newest: null,
    problems: ["There is no backup."],
  });
  expect(backupStatus(dailyBackups("2026-11-24", 3), { ...asked, sourceId: "crm" })).toMatchObject({
    ok: false,
    problems: ["There is no backup of crm."],
  });
});

test("a backup that its last verification found damaged is not well, however fresh", () => {
  const problem = "manifest.json.zst has 917 bytes; 915 were written.";
  const damaged = { ...backupAt("2026-11-24T02:00:00Z", { verifiedAt: null }), problem };
  expect(backupStatus([damaged], { maxAgeMs: 26 * hourMs, now })).toMatchObject({
    ok: false,
    problems: [`The last verification of ${damaged.id} failed: ${problem}`],
  });
});

test("an age at the limit is well, one above it is not, and the sentence says how old", () => {
  expect(agedBy(26).ok).toBe(true);
  expect(agedBy(26.01)).toMatchObject({
    ok: false,
    problems: [
      "The newest backup of shop, 2026-11-23T09-59-24Z-00000000, is 26 hours old; at most 26 hours are asked for.",
    ],
  });
});

test("a fresh backup that is not verified does not hide that the verified one is old", () => {
  const backups = [
    backupAt("2026-11-10T02:00:00Z", drilled),
    backupAt("2026-11-24T02:00:00Z", { verifiedAt: null }),
  ];
  expect(backupStatus(backups, asked)).toMatchObject({
    ok: false,
    problems: [
      "The newest verified backup of shop, 2026-11-10T02-00-00Z-00000000, is 14 days old; at most 2 days are asked for.",
    ],
  });
  expect(backupStatus(backups.slice(1), asked).problems).toEqual([
    "No backup of shop is verified.",
    "No backup of shop was ever restored in a drill.",
  ]);
});

test("a backup of the future is not fresh: it is a problem of its own", () => {
  const backups = [backupAt("2026-11-20T02:00:00Z"), backupAt("2099-01-01T00:00:00Z")];
  const status = backupStatus(backups, { maxAgeMs: 26 * hourMs, now });
  expect(status.newest?.id).toBe("2026-11-20T02-00-00Z-00000000");
  expect(status.problems).toEqual([
    "The newest backup of shop, 2026-11-20T02-00-00Z-00000000, is 4 days old; at most 26 hours are asked for.",
    "The backup 2099-01-01T00-00-00Z-00000000 is of the future: a clock was wrong, so it counts for nothing.",
  ]);
});

test("clocks that are apart by less than five minutes are no problem, and no age is negative", () => {
  const status = backupStatus([backupAt("2026-11-24T12:03:00Z")], { maxAgeMs: hourMs, now });
  expect(status).toMatchObject({ ok: true, ages: { newestMs: 0 } });
});

test("a source that is well does not hide another one that is not", () => {
  const crm = backupAt("2026-11-01T02:00:00Z", { sourceId: "crm" });
  const backups = [...dailyBackups("2026-11-24", 3), crm];
  expect(backupStatus(backups, { maxAgeMs: 26 * hourMs, now }).problems).toEqual([
    "The newest backup of crm, 2026-11-01T02-00-00Z-00000000, is 23 days old; at most 26 hours are asked for.",
  ]);
  expect(backupStatus(backups, { maxAgeMs: 26 * hourMs, now, sourceId: "shop" }).ok).toBe(true);
});

test("a backup that cannot be read is told of, whichever source is asked for", () => {
  const broken = backupAt("2026-11-24T02:00:00Z", {
    valid: false,
    sourceId: "",
    verifiedAt: null,
    problem: "The signature is wrong.",
  });
  const status = backupStatus([...dailyBackups("2026-11-23", 3), broken], {
    maxAgeMs: 40 * hourMs,
    now,
    sourceId: "shop",
  });
  expect(status.newest?.id).toBe("2026-11-23T02-00-00Z-00000000");
  expect(status).toMatchObject({
    ok: false,
    problems: ["The backup 2026-11-24T02-00-00Z-00000000 cannot be read: The signature is wrong."],
    counts: { total: 4, valid: 3, invalid: 1 },
  });
});

test("all is well exactly when each source has a backup of the asked age, and nothing is unreadable or of the future", () => {
  fc.assert(
    fc.property(someBackups, someNow, fc.integer({ min: 1, max: 3000 }), (backups, at, hours) => {
      const status = backupStatus(backups, { maxAgeMs: hours * hourMs, now: at });
      const isFresh = (sourceId: string) =>
        backups.some(
          (backup) =>
            backup.sourceId === sourceId &&
            at.getTime() - backup.startedAt.getTime() <= hours * hourMs,
        );
      const isWell =
        backups.length > 0 && backups.every(({ sourceId, valid }) => valid && isFresh(sourceId));
      expect(status.ok).toBe(isWell);
    }),
    runs,
  );
});
