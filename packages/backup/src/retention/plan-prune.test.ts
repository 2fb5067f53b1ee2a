import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backupAt,
  dailyBackups,
  idAt,
  runs,
  someBackups,
  someNow,
  somePolicy,
} from "../../testing/policy-backups.ts";
import { bySource } from "./by-source.ts";
import { planPrune, refusalOf } from "./plan-prune.ts";
import { isVerified, type RetainedBackup } from "./retained-backup.ts";
import type { RetentionPolicy } from "./retention-policy.ts";

const now = new Date("2026-11-24T12:00:00Z");

function decide(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  at = now,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    planPrune(backups, policy, at).map(({ id, reasons }) => [id.slice(0, 10), reasons]),
  );
}

function deletedBy(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  at = now,
): readonly string[] {
  return planPrune(backups, policy, at)
    .filter(({ action }) => action === "delete")
    .map(({ id }) => id);
}

function idsOf(backups: readonly RetainedBackup[]): ReadonlySet<string> {
  return new Set(backups.map(({ id }) => id));
}

/** What is there after the plan was carried out. */
function left(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  at: Date,
): readonly RetainedBackup[] {
  const deleted = new Set(deletedBy(backups, policy, at));
  return backups.filter(({ id }) => !deleted.has(id));
}

describe("what is kept, and why", () => {
  test("a backup goes when it is older than retention_days and a newer one is verified", () => {
    expect(decide(dailyBackups("2026-11-24", 6), { retentionDays: 3 })).toEqual({
      "2026-11-24": [
        "kept: no newer verified backup",
        "kept: one of the 3 newest verified (min_keep)",
        "kept: within 3 days",
      ],
      "2026-11-23": ["kept: one of the 3 newest verified (min_keep)", "kept: within 3 days"],
      "2026-11-22": ["kept: one of the 3 newest verified (min_keep)", "kept: within 3 days"],
      "2026-11-21": ["deleted: 3 days old, newer verified backup 2026-11-24T02-00-00Z-00000000"],
      "2026-11-20": ["deleted: 4 days old, newer verified backup 2026-11-24T02-00-00Z-00000000"],
      "2026-11-19": ["deleted: 5 days old, newer verified backup 2026-11-24T02-00-00Z-00000000"],
    });
  });

  test("days, weeks, months and years keep their newest verified backup, as many of them as the policy says", () => {
    const backups = dailyBackups("2026-11-24", 400);
    const policy = { retentionDays: 0, minKeep: 1, daily: 2, weekly: 3, monthly: 2, yearly: 2 };
    const kept = planPrune(backups, policy, now).filter(({ action }) => action === "keep");
    expect(kept.map(({ id, reasons }) => `${id.slice(0, 10)} ${reasons.join(", ")}`)).toEqual([
      "2026-11-24 kept: no newer verified backup, kept: one of the 1 newest verified (min_keep), kept: daily 2026-11-24, kept: weekly 2026-W48, kept: monthly 2026-11, kept: yearly 2026",
      "2026-11-23 kept: daily 2026-11-23",
      "2026-11-22 kept: weekly 2026-W47",
      "2026-11-15 kept: weekly 2026-W46",
      "2026-10-31 kept: monthly 2026-10",
      "2025-12-31 kept: yearly 2025",
    ]);
  });

  test("the first days of January belong to the ISO week of their Thursday", () => {
    const backups = ["2027-01-03T02:00:00Z", "2027-01-04T02:00:00Z"].map((iso) => backupAt(iso));
    const plan = decide(
      backups,
      { retentionDays: 0, minKeep: 1, weekly: 5 },
      new Date("2027-02-01T00:00:00Z"),
    );
    expect(plan["2027-01-03"]).toEqual(["kept: weekly 2026-W53"]);
    expect(plan["2027-01-04"]).toContain("kept: weekly 2027-W01");
  });

  test("a day begins at midnight of the policy's time zone", () => {
    const backups = [
      backupAt("2026-11-20T22:30:00Z"),
      backupAt("2026-11-20T23:30:00Z", { id: idAt(new Date("2026-11-20T23:30:00Z"), "00000001") }),
      backupAt("2026-11-22T02:00:00Z"),
    ];
    const policy = { retentionDays: 0, minKeep: 1, daily: 9 };
    expect(deletedBy(backups, policy)).toEqual(["2026-11-20T22-30-00Z-00000000"]);
    expect(deletedBy(backups, { ...policy, timeZone: "Europe/Berlin" })).toEqual([]);
  });

  test("where nothing is verified, nothing is deleted, and the reason says so", () => {
    const backups = dailyBackups("2026-11-24", 50).map((backup) => ({
      ...backup,
      verifiedAt: null,
    }));
    const plan = planPrune(backups, { retentionDays: 1 }, now);
    expect(new Set(plan.map(({ action }) => action))).toEqual(new Set(["keep"]));
    expect(plan.at(-1)?.reasons).toEqual(["kept: no backup of this source is verified yet"]);
  });

  test("backups that are not verified take no place from one that is", () => {
    const verified = dailyBackups("2026-10-10", 4);
    const failed = dailyBackups("2026-11-24", 40).map((backup) => ({
      ...backup,
      verifiedAt: null,
    }));
    const plan = decide([...verified, ...failed], { retentionDays: 5, minKeep: 2, daily: 3 });
    expect(plan["2026-10-07"]?.[0]).toMatch(/^deleted: 48 days old, newer verified/u);
    expect(plan["2026-10-08"]).toEqual(["kept: daily 2026-10-08"]);
    expect(plan["2026-10-10"]).toContain("kept: no newer verified backup");
    expect(plan["2026-10-20"]).toEqual([
      "kept: not verified and newer than the newest verified one",
    ]);
  });

  test("an old backup that was never verified goes once a newer one is", () => {
    const backups = [
      ...dailyBackups("2026-11-24", 5),
      backupAt("2026-10-01T02:00:00Z", { verifiedAt: null }),
    ];
    expect(decide(backups, { retentionDays: 30, yearly: 5 })["2026-10-01"]).toEqual([
      "deleted: 54 days old and not verified, newer verified backup 2026-11-24T02-00-00Z-00000000",
    ]);
  });

  test("a backup of one source does not stand for one of another", () => {
    const old = backupAt("2025-01-01T02:00:00Z", { sourceId: "crm" });
    expect(
      decide([...dailyBackups("2026-11-24", 9), old], { retentionDays: 30 })["2025-01-01"],
    ).toEqual(["kept: no newer verified backup", "kept: one of the 3 newest verified (min_keep)"]);
  });

  test("what cannot be read, or is listed twice, is never deleted", () => {
    const broken = backupAt("2020-01-01T02:00:00Z", {
      valid: false,
      sourceId: "",
      problem: "The signature is wrong.",
    });
    const twice = backupAt("2020-01-02T02:00:00Z");
    const plan = decide([broken, twice, { ...twice }, ...dailyBackups("2026-11-24", 9)], {
      retentionDays: 30,
    });
    expect(plan["2020-01-01"]).toEqual(["kept: cannot be read: The signature is wrong."]);
    expect(plan["2020-01-02"]).toEqual(["kept: listed twice"]);
  });
});

describe("what is refused", () => {
  test.each(["startedAt", "finishedAt", "verifiedAt", "drilledAt"])(
    "a signed record whose %s is of the future makes every age doubtful",
    (field) => {
      const backups = [
        ...dailyBackups("2026-11-24", 50),
        backupAt("2026-11-24T03:00:00Z", { [field]: new Date("2026-11-24T12:06:00Z") }),
      ];
      expect(() => planPrune(backups, { retentionDays: 30 }, now)).toThrow(
        expect.objectContaining({ code: "CLOCK_WRONG" }),
      );
      expect(() =>
        planPrune(backups, { retentionDays: 30 }, new Date(now.getTime() + 60_000)),
      ).not.toThrow();
    },
  );

  test("an unreadable record of the future does not stop prune: anybody could have put it there", () => {
    const backups = [
      ...dailyBackups("2026-11-24", 50),
      backupAt("2030-01-01T00:00:00Z", { valid: false }),
    ];
    expect(deletedBy(backups, { retentionDays: 30 })).toHaveLength(20);
  });

  test("more than half of a source's backups is refused, half is not", () => {
    const refusal = (count: number, extra: readonly RetainedBackup[] = []) =>
      refusalOf(
        planPrune(
          [...dailyBackups("2026-11-24", count), ...extra],
          { retentionDays: 5, minKeep: 1 },
          now,
        ),
      );
    expect(refusal(10)).toBeUndefined();
    expect(refusal(11)).toMatchObject({
      code: "REFUSED",
      message: "6 of the 11 backups of shop would be deleted: more than half.",
      hint: expect.stringContaining("--allow-many"),
    });
    const crm = dailyBackups("2026-11-24", 99).map((backup) => ({
      ...backup,
      id: `${backup.id.slice(0, -1)}1`,
      sourceId: "crm",
    }));
    expect(refusalOf(planPrune(crm, { retentionDays: 98 }, now))).toBeUndefined();
    expect(refusal(11, crm)).toMatchObject({ code: "REFUSED" });
  });

  test.each([
    { retentionDays: -1 },
    { retentionDays: 1.5 },
    { retentionDays: Number.NaN },
    { retentionDays: 30, minKeep: 0 },
    { retentionDays: 30, weekly: Number.POSITIVE_INFINITY },
    { retentionDays: 30, timeZone: "Europe/Atlantis" },
    { retentionDays: 30, timeZone: "+02:00" },
  ])("the policy %o is no policy", (policy) => {
    expect(() => planPrune([], policy, now)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });
});

describe("for any series, policy, zone and time", () => {
  const cases = [someBackups, somePolicy, someNow] as const;
  test("of each source at least minKeep verified backups stay, or all there are", () => {
    fc.assert(
      fc.property(...cases, (backups, policy, at) => {
        const after = bySource(left(backups, policy, at));
        for (const [sourceId, before] of bySource(backups)) {
          const count = before.filter(isVerified).length;
          const remaining = (after.get(sourceId) ?? []).filter(isVerified).length;
          expect(remaining).toBeGreaterThanOrEqual(Math.min(policy.minKeep ?? 3, count));
        }
      }),
      runs,
    );
  });

  test("whatever goes has a newer verified backup of its source that stays, and all of its guards stay", () => {
    fc.assert(
      fc.property(...cases, (backups, policy, at) => {
        const kept = left(backups, policy, at);
        for (const { id, sourceId, action, guards } of planPrune(backups, policy, at)) {
          if (action === "keep") continue;
          const started = backups.find((backup) => backup.id === id)?.startedAt ?? at;
          expect(
            kept.some(
              (backup) =>
                isVerified(backup) && backup.sourceId === sourceId && backup.startedAt >= started,
            ),
          ).toBe(true);
          expect([...idsOf(kept)]).toEqual(expect.arrayContaining([...guards]));
        }
      }),
      runs,
    );
  });

  test("planning again after the deletions deletes nothing", () => {
    fc.assert(
      fc.property(...cases, (backups, policy, at) => {
        expect(deletedBy(left(backups, policy, at), policy, at)).toEqual([]);
      }),
      runs,
    );
  });

  test("the order in which backups are listed makes no difference", () => {
    const shuffled = someBackups.chain((backups) =>
      fc.tuple(
        fc.constant(backups),
        fc.shuffledSubarray([...backups], { minLength: backups.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, somePolicy, someNow, ([backups, other], policy, at) => {
        expect(planPrune(other, policy, at)).toEqual(planPrune(backups, policy, at));
      }),
      runs,
    );
  });

  test("a larger policy keeps at least what a smaller one keeps", () => {
    const larger = fc.record({
      rule: fc.constantFrom(
        "retentionDays" as const,
        "daily" as const,
        "weekly" as const,
        "monthly" as const,
        "yearly" as const,
        "minKeep" as const,
      ),
      more: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(...cases, larger, (backups, policy, at, { rule, more }) => {
        const grown = { ...policy, [rule]: Number(policy[rule]) + more };
        expect([...idsOf(left(backups, grown, at))]).toEqual(
          expect.arrayContaining([...idsOf(left(backups, policy, at))]),
        );
      }),
      runs,
    );
  });

  test("a backup more, if it is not verified or of another source, lets nothing go that was kept", () => {
    const extra = fc.record({ minutes: fc.integer({ min: 0, max: 120_000 }), other: fc.boolean() });
    fc.assert(
      fc.property(...cases, extra, (backups, policy, at, { minutes, other }) => {
        const startedAt = new Date(Date.parse("2026-09-01T00:00:00Z") + minutes * 60_000);
        const added = backupAt(startedAt.toISOString(), {
          id: idAt(startedAt, "zzzzzzzz"),
          sourceId: other ? "other" : "shop",
          verifiedAt: other ? startedAt : null,
        });
        expect(deletedBy([...backups, added], policy, at).filter((id) => id !== added.id)).toEqual(
          deletedBy(backups, policy, at),
        );
      }),
      runs,
    );
  });

  test("everything gets a decision and a reason that fits it", () => {
    fc.assert(
      fc.property(...cases, (backups, policy, at) => {
        const plan = planPrune(backups, policy, at);
        expect(new Set(plan.map(({ id }) => id))).toEqual(idsOf(backups));
        for (const { action, reasons } of plan) {
          expect(reasons.length).toBeGreaterThan(0);
          for (const reason of reasons)
            expect(reason).toMatch(action === "keep" ? /^kept: / : /^deleted: /u);
        }
      }),
      runs,
    );
  });
});
