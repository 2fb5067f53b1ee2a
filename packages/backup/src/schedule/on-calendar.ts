import { compactField } from "./compact-field.ts";
import { matchesEveryDay } from "./cron-fields.ts";
import type { Schedule } from "./parse-schedule.ts";
import { gapsOf } from "./parse-schedule.ts";

const weekdayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/**
 * A schedule in systemd's words: expressions for `OnCalendar=`, of which any counts. Every pattern can be said so; two things are
 * different where clocks change, which `--if-due` makes harmless. systemd leaves out a time that the zone leaves out, so that one more
 * expression names the time right after it; and it passes over the second turn of an hour that comes twice.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html systemd.time, Calendar Events}
 */
export function onCalendar(schedule: Schedule, now: Date): readonly string[] {
  const { fields, timeZone } = schedule;
  const time = `${list(fields.hours, 24)}:${list(fields.minutes, 60)}:00 ${timeZone}`;
  const month = fields.months.length === 12 ? "*" : list(fields.months);
  const byDay = `*-${month}-${list(fields.days)} ${time}`;
  const everyDay = `*-${month}-* ${time}`;
  const byWeekday = `${weekdaysOf(fields.weekdays)} ${everyDay}`;
  const [, , day, , weekday] = fields.texts;
  const lines: string[] = [];
  if (matchesEveryDay(fields)) lines.push(everyDay);
  else {
    if (day !== "*") lines.push(byDay);
    if (weekday !== "*") lines.push(byWeekday);
  }
  const gaps = fields.texts[1] === "*" ? [] : gapsOf(schedule, now);
  const ends = new Set(gaps.map(({ localEnd }) => localEnd.toISOString().slice(11, 19)));
  return [...lines, ...[...ends].map((end) => `*-*-* ${end} ${timeZone}`)];
}

function list(values: readonly number[], all?: number): string {
  return values.length === all ? "*" : compactField(values, { range: "..", digits: 2 });
}

/** Each by itself: a range of systemd's weekdays begins with Monday, cron's with Sunday. */
function weekdaysOf(weekdays: readonly number[]): string {
  return weekdays.map((weekday) => weekdayNames[weekday] ?? "").join(",");
}
