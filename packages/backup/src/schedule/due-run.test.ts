import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayMs, hourMs, runs, zones, propertyTimeoutMs } from "../../testing/policy-backups.ts";
import { someDailyPattern } from "../../testing/policy-patterns.ts";
import { dueRun } from "./due-run.ts";

const schedule = { pattern: "0 2 * * *", timeZone: "UTC" };

function ask(
  now: string,
  startedAts: readonly string[],
  more: { readonly jitterMs?: number; readonly key?: string } = {},
) {
  const { due, scheduledAt, nextAt } = dueRun({
    schedule,
    now: new Date(now),
    startedAts: startedAts.map((iso) => new Date(iso)),
    ...more,
  });
  return { due, scheduledAt: scheduledAt?.toISOString(), nextAt: nextAt?.toISOString() };
}

describe("a backup is due", () => {
  test("from the scheduled millisecond on, until one has begun", () => {
    const yesterday = ["2026-11-23T02:00:00.000Z"];
    expect(ask("2026-11-24T01:59:59.999Z", yesterday)).toEqual({
      due: false,
      scheduledAt: "2026-11-23T02:00:00.000Z",
      nextAt: "2026-11-24T02:00:00.000Z",
    });
    expect(ask("2026-11-24T02:00:00.000Z", yesterday)).toEqual({
      due: true,
      scheduledAt: "2026-11-24T02:00:00.000Z",
      nextAt: "2026-11-25T02:00:00.000Z",
    });
    expect(ask("2026-11-24T02:10:00Z", [...yesterday, "2026-11-24T02:00:00Z"]).due).toBe(false);
    expect(ask("2026-11-24T02:10:00Z", [...yesterday, "2026-11-24T01:59:59.999Z"]).due).toBe(true);
  });

  test("at once when there is none at all", () => {
    expect(ask("2026-11-24T13:00:00Z", [])).toMatchObject({
      due: true,
      scheduledAt: "2026-11-24T02:00:00.000Z",
    });
  });

  test("once, however many times were missed, and in whatever order the backups are told", () => {
    expect(
      ask("2026-11-24T13:00:00Z", ["2026-11-16T02:00:00Z", "2026-11-17T02:00:00Z"]),
    ).toMatchObject({ due: true, scheduledAt: "2026-11-24T02:00:00.000Z" });
    expect(ask("2026-11-24T13:30:00Z", ["2026-11-24T13:00:00Z", "2026-11-17T02:00:00Z"]).due).toBe(
      false,
    );
  });

  test("though there is a backup of the future: that one does not count", () => {
    expect(ask("2026-11-24T13:00:00Z", ["2026-11-23T02:00:00Z", "2099-01-01T00:00:00Z"]).due).toBe(
      true,
    );
    expect(ask("2026-11-24T13:00:00Z", ["2026-11-24T13:04:59Z"]).due).toBe(false);
  });
});

describe("the jitter", () => {
  test("delays every time of a source by the same part of the window, and not another source's", () => {
    const delays = ["shop", "crm", "shop"].map((key) => {
      const { nextAt } = ask("2026-11-24T13:00:00Z", [], { jitterMs: hourMs, key });
      return Date.parse(nextAt ?? "") - Date.parse("2026-11-25T02:00:00Z");
    });
    for (const delay of delays) expect(delay >= 0 && delay < hourMs).toBe(true);
    expect(delays[0]).toBe(delays[2]);
    expect(delays[0]).not.toBe(delays[1]);
  });

  test("a backup that somebody made between the scheduled time and its turn counts for it", () => {
    const key = "shop";
    const turn = ask("2026-11-24T13:00:00Z", [], { jitterMs: hourMs, key }).nextAt ?? "";
    const before = new Date(Date.parse(turn) - 1).toISOString();
    expect(ask(before, ["2026-11-24T02:30:00Z"], { jitterMs: hourMs, key }).due).toBe(false);
    expect(ask(turn, ["2026-11-24T02:30:00Z"], { jitterMs: hourMs, key }).due).toBe(true);
    expect(ask(turn, ["2026-11-25T02:00:00Z"], { jitterMs: hourMs, key }).due).toBe(false);
  });

  test.each([-1, 0.5, dayMs + 1, Number.NaN])("a jitter of %d ms is refused", (jitterMs) => {
    expect(() => ask("2026-11-24T13:00:00Z", [], { jitterMs })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS" }),
    );
  });
});

test(
  "for any pattern, zone and jitter: due once at each scheduled time, never twice, never before it",
  () => {
    fc.assert(
      fc.property(
        someDailyPattern,
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 3 * hourMs }),
        fc.integer({ min: 0, max: 400 * 24 }),
        (pattern, timeZone, jitterMs, hours) => {
          const at = { schedule: { pattern, timeZone }, jitterMs, key: "shop" };
          const now = new Date(Date.parse("2026-01-01T00:00:00Z") + hours * hourMs);
          const first = dueRun({ ...at, now, startedAts: [] });
          expect(first.due).toBe(true);
          const then = dueRun({ ...at, now, startedAts: [now] });
          expect(then.due).toBe(false);
          const nextAt = then.nextAt ?? now;
          expect(
            dueRun({ ...at, now: new Date(nextAt.getTime() - 1), startedAts: [now] }).due,
          ).toBe(false);
          // A backup that began between the scheduled time and its turn stands for it.
          const scheduled = dueRun({ ...at, now: nextAt, startedAts: [] }).scheduledAt ?? now;
          expect(dueRun({ ...at, now: nextAt, startedAts: [now] }).due).toBe(now < scheduled);
          expect(dueRun({ ...at, now: nextAt, startedAts: [nextAt] }).due).toBe(false);
        },
      ),
      runs,
    );
  },
  propertyTimeoutMs,
);
