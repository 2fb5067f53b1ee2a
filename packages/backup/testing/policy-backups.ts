import * as fc from "fast-check";
import { isBackupId } from "../src/archive/backup-id.ts";
import type { RetainedBackup } from "../src/retention/retained-backup.ts";
import type { RetentionPolicy } from "../src/retention/retention-policy.ts";

export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** How many examples a property is tried with. */
export const runs: { readonly numRuns: number } = {
  numRuns: process.env["SLOW"] === "1" ? 2000 : 200,
};

/** How long a property may take. */
export const propertyTimeoutMs: number = process.env["SLOW"] === "1" ? 900_000 : 120_000;

/** An id of the given moment; the suffix tells apart those of one second. */
export function idAt(startedAt: Date, suffix = "00000000"): string {
  const id = `${startedAt.toISOString().slice(0, 19).replaceAll(":", "-")}Z-${suffix}`;
  if (!isBackupId(id)) throw new Error(`${id} is not an id`);
  return id;
}

/** A verified backup that took a minute, with what the test says otherwise. */
export function backupAt(iso: string, differing: Partial<RetainedBackup> = {}): RetainedBackup {
  const startedAt = new Date(iso);
  const finishedAt = new Date(startedAt.getTime() + 60_000);
  return {
    id: idAt(startedAt),
    sourceId: "shop",
    startedAt,
    finishedAt,
    sizeBytes: 100,
    verifiedAt: finishedAt,
    drilledAt: null,
    valid: true,
    ...differing,
  };
}

/** One a day at 02:00 UTC, oldest first; the last one on the day that is given. */
export function dailyBackups(last: string, count: number): readonly RetainedBackup[] {
  const end = Date.parse(`${last}T02:00:00Z`);
  return Array.from({ length: count }, (_, index) =>
    backupAt(new Date(end - (count - 1 - index) * dayMs).toISOString()),
  );
}

export const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kolkata",
  "Pacific/Apia",
  "Australia/Lord_Howe",
];

const someBackup = fc.record({
  // Few moments, so that some share one; near a change of summer time, so that days have 23 and 25 hours.
  minute: fc.integer({ min: 0, max: 400 }).map((step) => step * 317),
  sourceId: fc.constantFrom("shop", "shop", "crm"),
  verified: fc.boolean(),
  valid: fc.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
});

/** Series of several sources: verified, not verified, unreadable, and of the same moment. */
export const someBackups: fc.Arbitrary<readonly RetainedBackup[]> = fc
  .array(someBackup, { maxLength: 40 })
  .map((list) =>
    list.map(({ minute, sourceId, verified, valid }, index) => {
      const startedAt = new Date(Date.parse("2026-09-01T00:00:00Z") + minute * 60_000);
      return backupAt(startedAt.toISOString(), {
        id: idAt(startedAt, String(index).padStart(8, "0")),
        sourceId: valid ? sourceId : "",
        verifiedAt: verified ? startedAt : null,
        valid,
      });
    }),
  );

/** A time after all of {@link someBackups}, or in their midst minus what would be of the future. */
export const someNow: fc.Arbitrary<Date> = fc
  .integer({ min: 0, max: 1000 })
  .map((hours) => new Date(Date.parse("2026-11-29T00:00:00Z") + hours * hourMs));

export const somePolicy: fc.Arbitrary<RetentionPolicy> = fc.record({
  retentionDays: fc.integer({ min: 0, max: 90 }),
  daily: fc.integer({ min: 0, max: 8 }),
  weekly: fc.integer({ min: 0, max: 6 }),
  monthly: fc.integer({ min: 0, max: 4 }),
  yearly: fc.integer({ min: 0, max: 2 }),
  minKeep: fc.integer({ min: 1, max: 6 }),
  timeZone: fc.constantFrom(...zones),
});
