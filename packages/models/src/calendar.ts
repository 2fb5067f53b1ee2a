import { ValueProblem } from "./value-problem.ts";

/** A point on a clock and a calendar, without a time zone. JavaScript's `Date` neither reaches as far nor as fine. */
export interface CalendarTime {
  /** Since 1970-01-01, in the proleptic Gregorian calendar. */
  readonly days: number;
  /** Of the day: 0 to 86,400,000,000. */
  readonly micros: number;
}

export const microsPerDay = 86_400_000_000;
const microsPerSecond = 1_000_000;

/** Days since 1970-01-01 of a date; year 0 is 1 BC. After Howard Hinnant's `days_from_civil`. */
export function daysOfDate(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The date of a number of days since 1970-01-01. */
function dateOfDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

/** The calendar time of microseconds of days: carries over into the day. */
export function calendarTime(days: number, micros: number): CalendarTime {
  const carry = Math.floor(micros / microsPerDay);
  return { days: days + carry, micros: micros - carry * microsPerDay };
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** `04:05:06.789`: without trailing zeros of the fraction. */
export function formatTimeOfDay(micros: number): string {
  const seconds = Math.floor(micros / microsPerSecond);
  const fraction = micros - seconds * microsPerSecond;
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === 0
    ? clock
    : `${clock}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
}

/** `2026-01-31` and the suffix of its era: empty or ` BC`. */
function formatDateParts(days: number): readonly [date: string, era: string] {
  const { year, month, day } = dateOfDays(days);
  const shown = year > 0 ? year : 1 - year;
  return [`${String(shown).padStart(4, "0")}-${two(month)}-${two(day)}`, year > 0 ? "" : " BC"];
}

/** `2026-01-31`, `0044-03-15 BC`. */
export function formatDate(days: number): string {
  return formatDateParts(days).join("");
}

/** `2026-01-31T04:05:06.789012` with `zone` (`Z` or nothing) behind it, and then the era. */
export function formatCalendarTime(time: CalendarTime, zone: "" | "Z"): string {
  const [date, era] = formatDateParts(time.days);
  return `${date}T${formatTimeOfDay(time.micros)}${zone}${era}`;
}

function partOf(match: RegExpExecArray, name: string): string | undefined {
  return match.groups?.[name];
}

function daysOfMatch(match: RegExpExecArray): number {
  const month = Number(partOf(match, "month"));
  const day = Number(partOf(match, "day"));
  const shown = Number(partOf(match, "year"));
  const year = partOf(match, "era") === undefined ? shown : 1 - shown;
  const days = daysOfDate(year, month, day);
  const back = dateOfDays(days);
  if (shown === 0 || month < 1 || month > 12 || back.day !== day || back.month !== month) {
    throw new ValueProblem("wrong_format", "is not a day of the calendar");
  }
  return days;
}

function microsOfMatch(match: RegExpExecArray): number {
  const hour = Number(partOf(match, "hour"));
  const minute = Number(partOf(match, "minute"));
  const second = Number(partOf(match, "second") ?? "0");
  const fraction = (partOf(match, "fraction") ?? "").replace(/0+$/, "");
  if (fraction.length > 6) {
    throw new ValueProblem(
      "out_of_range",
      "has more than 6 digits of a second, which PostgreSQL would round",
    );
  }
  const micros =
    ((hour * 60 + minute) * 60 + second) * microsPerSecond + Number(fraction.padEnd(6, "0"));
  if (minute > 59 || second > 60 || micros > microsPerDay) {
    throw new ValueProblem("wrong_format", "is not a time of a day");
  }
  return micros;
}

const datePattern = String.raw`(?<year>\d{4,7})-(?<month>\d\d)-(?<day>\d\d)`;
const timePattern = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d+))?)?`;
const zonePattern = String.raw`(?<zone>[Zz]|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)`;
const eraPattern = String.raw`(?<era> BC)`;
const dateExpression = new RegExp(`^${datePattern}${eraPattern}?$`);
const timeExpression = new RegExp(`^${timePattern}$`);
const timestampExpression = new RegExp(
  `^${datePattern}(?:[Tt ]${timePattern} ?${zonePattern}?)?${eraPattern}?$`,
);

/** The days since 1970-01-01 of a date's text. @throws {ValueProblem} */
export function parseDate(text: string): number {
  const match = dateExpression.exec(text);
  if (match === null) throw new ValueProblem("wrong_format", "is not a date such as 2026-01-31");
  return daysOfMatch(match);
}

/** The microseconds of a time's text. @throws {ValueProblem} */
export function parseTimeOfDay(text: string): number {
  const match = timeExpression.exec(text);
  if (match === null) throw new ValueProblem("wrong_format", "is not a time such as 04:05:06.789");
  return microsOfMatch(match);
}

/** The calendar time of a timestamp's text, and its distance to UTC in seconds if it says one. @throws {ValueProblem} */
export function parseTimestamp(text: string): {
  readonly time: CalendarTime;
  readonly offsetSeconds: number | undefined;
} {
  const match = timestampExpression.exec(text);
  if (match === null) {
    throw new ValueProblem(
      "wrong_format",
      "is not a point in time such as 2026-01-31T04:05:06.789Z",
    );
  }
  const micros = partOf(match, "hour") === undefined ? 0 : microsOfMatch(match);
  return {
    time: calendarTime(daysOfMatch(match), micros),
    offsetSeconds: offsetOf(partOf(match, "zone")),
  };
}

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.slice(1).replaceAll(":", "");
  const part = (at: number): number => Number(digits.slice(at, at + 2) || "0");
  if (part(0) > 15 || part(2) > 59 || part(4) > 59) {
    throw new ValueProblem("wrong_format", "has an offset that no time zone has");
  }
  return (zone.startsWith("-") ? -1 : 1) * (part(0) * 3600 + part(2) * 60 + part(4));
}
