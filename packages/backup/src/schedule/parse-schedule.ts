import { BackupError } from "../backup-error.ts";
import { checkTimeZone } from "./check-time-zone.ts";
import { isPortable, matchesDay, parseCronFields, type CronFields } from "./cron-fields.ts";
import { dstGaps, type DstGap } from "./dst-gaps.ts";
import { nextRuns } from "./schedule-times.ts";

/** A checked schedule. */
export interface Schedule {
  /** Five fields, with one space between them. */
  readonly pattern: string;
  /** An IANA name. */
  readonly timeZone: string;
  readonly fields: CronFields;
  /** What may surprise; full sentences. */
  readonly warnings: readonly string[];
}

export interface ScheduleOptions {
  /** Minute, hour, day of the month, month and weekday, as in `0 2 * * *`. */
  readonly pattern: string;
  /** Where the pattern's hours are. Default UTC. */
  readonly timeZone?: string | undefined;
  /** For the warnings, which look ahead a year. Default: now. */
  readonly now?: Date | undefined;
}

/** The longest year, and some days. */
const daysAhead = 370;

/**
 * Reads and checks a schedule.
 *
 * A time of day (neither minute nor hour has a star or a step) that is left out on the day when clocks are put forward comes as
 * soon as they are: `0 2 * * *` runs at 03:00. One that comes twice runs once, the first time.
 *
 * @throws {BackupError} INVALID_OPTIONS for a pattern that is none, or names a time that never comes, or an unknown time zone.
 */
export function parseSchedule({
  pattern,
  timeZone = "UTC",
  now = new Date(),
}: ScheduleOptions): Schedule {
  checkTimeZone(timeZone);
  const trimmed = pattern.trim().replaceAll(/\s+/gu, " ");
  const fields = parseCronFields(trimmed);
  if (typeof fields === "string") {
    throw new BackupError(
      "INVALID_OPTIONS",
      `The schedule ${JSON.stringify(pattern)} cannot be used: ${fields}.`,
      {
        hint: "Give the five fields minute, hour, day of the month, month and day of the week, as in `0 2 * * *` for every day at 02:00.",
      },
    );
  }
  const times = { pattern: fields.texts.join(" "), timeZone };
  if (nextRuns(times, 1, now).length === 0) {
    throw new BackupError(
      "INVALID_OPTIONS",
      `The schedule ${JSON.stringify(pattern)} names a time that never comes.`,
      {
        hint: "Look at the day and the month: February has no day 30 or 31.",
      },
    );
  }
  return { ...times, fields, warnings: warningsOf({ ...times, fields }, now) };
}

function warningsOf(schedule: Omit<Schedule, "warnings">, now: Date): readonly string[] {
  const { pattern, fields } = schedule;
  const warnings: string[] = [];
  if (!isPortable(fields))
    warnings.push(
      `cron programs disagree about ${pattern}: here a day fits when its day of the month fits or its weekday does.`,
    );
  const [gap] = gapsOf(schedule, now, daysAhead);
  if (gap === undefined || fields.texts[1] === "*") return warnings;
  const [day, time] = [
    gap.localStart.toISOString().slice(0, 10),
    gap.localEnd.toISOString().slice(11, 16),
  ];
  const runs =
    nextRuns(schedule, 1, new Date(gap.at.getTime() - 1))[0]?.getTime() === gap.at.getTime();
  warnings.push(
    `${pattern} names a time that ${schedule.timeZone} leaves out on ${day}, when clocks are put forward: ${runs ? `it runs at ${time} that day.` : "it does not run then."}`,
  );
  return warnings;
}

/** 28 years: after these, days of the month fall on the same weekdays again, on which clocks change. */
const weekdayCycleDays = 28 * 365.25;

/** The gaps that the pattern falls into, in their order: of so many days from now, or of all years to come. */
export function gapsOf(
  { fields, timeZone }: Pick<Schedule, "fields" | "timeZone">,
  now: Date,
  days = weekdayCycleDays,
): readonly DstGap[] {
  return dstGaps(timeZone, now, days).filter(({ localStart, localEnd }) => {
    for (let minute = localStart.getTime(); minute < localEnd.getTime(); minute += 60_000)
      if (matchesMinute(fields, new Date(minute))) return true;
    return false;
  });
}

function matchesMinute(fields: CronFields, local: Date): boolean {
  return (
    fields.minutes.includes(local.getUTCMinutes()) &&
    fields.hours.includes(local.getUTCHours()) &&
    matchesDay(fields, local)
  );
}
