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
  const gap = gapOf(schedule, now);
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

/** The first gap of the year from now that the pattern falls into, if any. */
export function gapOf(
  { fields, timeZone }: Pick<Schedule, "fields" | "timeZone">,
  now: Date,
): DstGap | undefined {
  return dstGaps(timeZone, now, daysAhead).find(({ localStart, localEnd }) => {
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
