import { compactField } from "./compact-field.ts";
import { isPortable } from "./cron-fields.ts";
import { offsetsOf } from "./dst-gaps.ts";
import { gapsOf, type Schedule } from "./parse-schedule.ts";

const hourMs = 3_600_000;
const cron = { range: "-", digits: 1 };

/**
 * The pattern for a cron program that works in the schedule's own time zone. Weekdays are numbers from 0 to 6, the only ones that all
 * know. Where cron programs disagree about a pattern, it wakes every hour instead, and `--if-due` decides.
 */
export function portablePattern({ fields }: Schedule): string {
  const [minute, hour, day, month, weekday] = fields.texts;
  if (!isPortable(fields)) return `${minute} * * * *`;
  return [
    minute,
    hour,
    day,
    month,
    weekday === "*" ? "*" : compactField(fields.weekdays, cron),
  ].join(" ");
}

/**
 * As {@link portablePattern}, for a cron program that passes over the times that the zone leaves out, as that of Kubernetes does: it wakes in
 * the hour after the gap, too. On all other days nothing is due then.
 */
export function patternWithGap(schedule: Schedule, now: Date): string {
  const { fields } = schedule;
  const [minute, hour, ...days] = portablePattern(schedule).split(" ");
  const gaps = hour === "*" ? [] : gapsOf(schedule, now);
  if (gaps.length === 0) return [minute, hour, ...days].join(" ");
  const after = gaps.map(({ localEnd }) =>
    new Date(Math.ceil(localEnd.getTime() / hourMs) * hourMs).getUTCHours(),
  );
  const hours = [...new Set([...fields.hours, ...after])].toSorted((left, right) => left - right);
  return [minute, compactField(hours, cron), ...days].join(" ");
}

/** Every hour at the minutes of the schedule, for a cron program of another or an unknown time zone. */
export function hourlyPattern(
  { fields, timeZone }: Schedule,
  otherZone: string,
  now: Date,
): string {
  const offset = (zone: string): number => offsetsOf(zone)(now.getTime()) % hourMs;
  const isApart = offset(timeZone) !== offset(otherZone);
  const quarters = [0, 15, 30, 45].flatMap((quarter) =>
    fields.minutes.map((minute) => (minute + quarter) % 60),
  );
  const minutes = [...new Set(quarters)].toSorted((left, right) => left - right);
  return `${isApart ? compactField(minutes, cron) : fields.texts[0]} * * * *`;
}
