import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs, zones, propertyTimeoutMs } from "../../testing/policy-backups.ts";
import { somePattern } from "../../testing/policy-patterns.ts";
import { BackupError } from "../backup-error.ts";
import { matchesDay } from "./cron-fields.ts";
import { dstGaps, offsetsOf } from "./dst-gaps.ts";
import { parseSchedule, type Schedule } from "./parse-schedule.ts";
import { lastRun, nextRuns } from "./schedule-times.ts";

const now = new Date("2026-11-24T12:00:00Z");

function times(pattern: string, timeZone: string, after: string, count: number): readonly string[] {
  const schedule = parseSchedule({ pattern, timeZone, now });
  return nextRuns(schedule, count, new Date(after)).map((date) => date.toISOString().slice(0, 16));
}

function gaps(timeZone: string, from: string): readonly (readonly string[])[] {
  return dstGaps(timeZone, new Date(from), 200).map(({ at, localStart, localEnd }) =>
    [at, localStart, localEnd].map((date) => date.toISOString().slice(0, 19)),
  );
}

describe("what is a schedule", () => {
  test("names, ranges, lists and steps are read; spaces do not matter; Sunday is 0 and 7", () => {
    expect(parseSchedule({ pattern: "  */20  2-4,8 1-9/4 jan,Mar mon-5,7 ", now })).toMatchObject({
      pattern: "*/20 2-4,8 1-9/4 1,3 1-5,7",
      timeZone: "UTC",
      fields: {
        minutes: [0, 20, 40],
        hours: [2, 3, 4, 8],
        days: [1, 5, 9],
        months: [1, 3],
        weekdays: [0, 1, 2, 3, 4, 5],
      },
    });
  });

  test.each([
    ["", "0 fields instead of five"],
    ["0 2 * *", "4 fields instead of five"],
    ["0 0 2 * * *", "6 fields instead of five"],
    ["0 0 2 * * * 2027", "7 fields instead of five"],
    ["@daily", "1 fields instead of five"],
    ["60 2 * * *", '"60" is no minute'],
    ["0 24 * * *", '"24" is no hour'],
    ["0 2 0 * *", '"0" is no day of the month'],
    ["0 2 * 13 *", '"13" is no month'],
    ["0 2 * foo *", '"foo" is no month'],
    ["0 2 * * 8", '"8" is no day of the week'],
    ["0 2 * * 5-1", '"5-1" is no day of the week'],
    ["5/10 2 * * *", '"5/10" is no minute'],
    ["*/0 2 * * *", '"*/0" is no minute'],
    ["1, 2 * * *", '"" is no minute'],
    ["1,* 2 * * *", '"*" is no minute'],
    ["0 2 L * *", '"L" is no day of the month'],
    ["0 2 * * ?", '"?" is no day of the week'],
    ["0 2 * * 1#2", '"1#2" is no day of the week'],
    ["0 2 15W * *", '"15W" is no day of the month'],
    ["-1 2 * * *", '"-1" is no minute'],
  ])("%j is refused, and the message says what is wrong", (pattern, message) => {
    expect(() => parseSchedule({ pattern, now })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTIONS",
        message: expect.stringContaining(message),
        hint: expect.stringContaining("0 2 * * *"),
      }),
    );
  });

  test.each(["0 0 31 2 *", "0 0 30 feb *", "0 0 31 4,6,9,11 *"])(
    "%s is refused: it never comes",
    (pattern) => {
      expect(() => parseSchedule({ pattern, now })).toThrow(
        expect.objectContaining({
          code: "INVALID_OPTIONS",
          message: expect.stringContaining("never comes"),
        }),
      );
    },
  );

  test.each(["Europe/Atlantis", "", "+02:00", "Berlin", "../etc"])(
    "%j is no time zone",
    (timeZone) => {
      expect(() => parseSchedule({ pattern: "0 2 * * *", timeZone, now })).toThrow(
        expect.objectContaining({
          code: "INVALID_OPTIONS",
          message: expect.stringContaining("time zone"),
          hint: expect.stringContaining("Europe/Berlin"),
        }),
      );
    },
  );

  test("29 February is a day, though rarely", () => {
    expect(times("0 0 29 2 *", "UTC", "2026-11-24T00:00Z", 2)).toEqual([
      "2028-02-29T00:00",
      "2032-02-29T00:00",
    ]);
  });
});

describe("when clocks change", () => {
  test("a backup at 02:00 runs at 03:00 on the day when Berlin and New York leave 02:00 out", () => {
    expect(times("0 2 * * *", "Europe/Berlin", "2027-03-27T00:00Z", 3)).toEqual([
      "2027-03-27T01:00",
      "2027-03-28T01:00",
      "2027-03-29T00:00",
    ]);
    expect(times("0 2 * * *", "America/New_York", "2027-03-13T00:00Z", 3)).toEqual([
      "2027-03-13T07:00",
      "2027-03-14T07:00",
      "2027-03-15T06:00",
    ]);
    expect(times("30 2,14 * * *", "Europe/Berlin", "2027-03-28T00:00Z", 2)).toEqual([
      "2027-03-28T01:00",
      "2027-03-28T12:30",
    ]);
  });

  test("a time of day that comes twice runs once, the first time", () => {
    expect(times("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00Z", 2)).toEqual([
      "2026-10-25T00:30",
      "2026-10-26T01:30",
    ]);
    expect(times("30 1 * * *", "America/New_York", "2026-11-01T00:00Z", 2)).toEqual([
      "2026-11-01T05:30",
      "2026-11-02T06:30",
    ]);
  });

  test.each([
    [
      "0 2 * * *",
      "Europe/Berlin",
      [
        "0 2 * * * names a time that Europe/Berlin leaves out on 2027-03-28, when clocks are put forward: it runs at 03:00 that day.",
      ],
    ],
    [
      "15 2,14 * * *",
      "America/New_York",
      [
        "15 2,14 * * * names a time that America/New_York leaves out on 2027-03-14, when clocks are put forward: it runs at 03:00 that day.",
      ],
    ],
    [
      "*/30 2 * * *",
      "Europe/Berlin",
      [
        "*/30 2 * * * names a time that Europe/Berlin leaves out on 2027-03-28, when clocks are put forward: it does not run then.",
      ],
    ],
    [
      "10 2 * * *",
      "Australia/Lord_Howe",
      [
        "10 2 * * * names a time that Australia/Lord_Howe leaves out on 2027-10-03, when clocks are put forward: it runs at 02:30 that day.",
      ],
    ],
    ["40 2 * * *", "Australia/Lord_Howe", []],
    ["0 3 * * *", "Europe/Berlin", []],
    ["0 2 * * 1-5", "Europe/Berlin", []],
    ["0 2 * * *", "UTC", []],
    ["0 2 * * *", "Asia/Kolkata", []],
    ["*/5 * * * *", "Europe/Berlin", []],
    [
      "0 0 */2 * 1",
      "UTC",
      [
        "cron programs disagree about 0 0 */2 * 1: here a day fits when its day of the month fits or its weekday does.",
      ],
    ],
  ])("the warnings about %s in %s are what happens", (pattern, timeZone, warnings) => {
    expect(parseSchedule({ pattern, timeZone, now }).warnings).toEqual(warnings);
  });

  test("the gaps of a zone are found to the second, whatever their size", () => {
    expect(gaps("Europe/Berlin", "2027-01-01T00:00:00.123Z")).toEqual([
      ["2027-03-28T01:00:00", "2027-03-28T02:00:00", "2027-03-28T03:00:00"],
    ]);
    expect(gaps("Australia/Lord_Howe", "2026-07-01T05:00Z")).toEqual([
      ["2026-10-03T15:30:00", "2026-10-04T02:00:00", "2026-10-04T02:30:00"],
    ]);
    // Samoa went from one side of the date line to the other.
    expect(gaps("Pacific/Apia", "2011-11-01T00:00Z")).toEqual([
      ["2011-12-30T10:00:00", "2011-12-30T00:00:00", "2011-12-31T00:00:00"],
    ]);
    expect(gaps("Asia/Kolkata", "2027-01-01T00:00Z")).toEqual([]);
  });
});

/** Undefined for a pattern that never comes; anything else that is wrong is thrown. */
function parseUnlessNever(pattern: string, timeZone: string, start: Date): Schedule | undefined {
  try {
    return parseSchedule({ pattern, timeZone, now: start });
  } catch (error) {
    if (error instanceof BackupError && error.message.includes("never comes")) return undefined;
    throw error;
  }
}

test(
  "the fields say exactly the minutes that croner runs at, in UTC",
  () => {
    fc.assert(
      fc.property(somePattern, fc.integer({ min: 0, max: 2_000_000 }), (pattern, minutes) => {
        const start = new Date(Date.parse("2026-01-01T00:00:30Z") + minutes * 60_000);
        const schedule = parseUnlessNever(pattern, "UTC", start);
        if (schedule === undefined) return;
        const { fields } = schedule;
        const found = nextRuns(schedule, 3, start).map((date) => date.getTime());
        const expected: number[] = [];
        const day = new Date(start.toISOString().slice(0, 10));
        for (
          let date = day.getTime();
          expected.length < 3 && date < day.getTime() + 40 * 366 * 86_400_000;
          date += 86_400_000
        ) {
          if (!matchesDay(fields, new Date(date))) continue;
          for (const hour of fields.hours)
            for (const minute of fields.minutes) {
              const moment = date + hour * 3_600_000 + minute * 60_000;
              if (moment > start.getTime() && expected.length < 3) expected.push(moment);
            }
        }
        expect(found).toEqual(expected);
      }),
      runs,
    );
  },
  propertyTimeoutMs,
);

test(
  "the last run up to a moment is the one after which there is no other, to the millisecond, in any zone",
  () => {
    fc.assert(
      fc.property(
        somePattern,
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 63_072_000 }),
        (pattern, timeZone, seconds) => {
          const start = new Date(Date.parse("2026-01-01T00:00:00Z") + seconds * 1000);
          const schedule = parseUnlessNever(pattern, timeZone, start);
          if (schedule === undefined) return;
          const [first, second] = nextRuns(schedule, 2, start);
          if (first === undefined || second === undefined) return;
          expect(lastRun(schedule, first)).toEqual(first);
          expect(lastRun(schedule, new Date(second.getTime() - 1))).toEqual(first);
          expect(lastRun(schedule, new Date(second.getTime() + 999))).toEqual(second);
        },
      ),
      runs,
    );
  },
  propertyTimeoutMs,
);

test("the offset of a zone is that of its clock on the wall", () => {
  expect(offsetsOf("America/New_York")(Date.parse("2026-07-01T00:00Z"))).toBe(-4 * 3_600_000);
  expect(offsetsOf("Asia/Kolkata")(0)).toBe(5.5 * 3_600_000);
  expect(offsetsOf("UTC")(0)).toBe(0);
});
