import {
  calendarTime,
  daysOfDate,
  formatCalendarTime,
  formatDate,
  formatTimeOfDay,
  parseDate,
  parseTimeOfDay,
  parseTimestamp,
  type CalendarTime,
} from "./calendar.ts";
import { refuse, ValueProblem } from "./value-problem.ts";

/** What PostgreSQL can hold, in days since 1970-01-01. */
const firstDay = daysOfDate(-4713, 11, 24);
const lastDate = daysOfDate(5_874_897, 12, 31);
const lastTimestamp = daysOfDate(294_276, 12, 31);

const isInfinity = (text: string): boolean => text === "infinity" || text === "-infinity";

function checkDays(days: number, last: number): void {
  if (days < firstDay || days > last) {
    throw new ValueProblem(
      "out_of_range",
      `is out of range: it must be between ${formatDate(firstDay)} and ${formatDate(last)}`,
    );
  }
}

/** The calendar time of a `Date`, in UTC. @throws {ValueProblem} for an invalid one */
function utcOf(date: Date): CalendarTime {
  const millis = date.getTime();
  if (Number.isNaN(millis)) throw new ValueProblem("wrong_format", "is an invalid Date");
  const days = Math.floor(millis / 86_400_000);
  return { days, micros: (millis - days * 86_400_000) * 1000 };
}

/** A date. A `Date` has to be midnight in UTC. @throws {ValueProblem} */
export function dateInput(value: unknown): string {
  if (value instanceof Date) {
    const { days, micros } = utcOf(value);
    if (micros !== 0) {
      throw new ValueProblem(
        "wrong_format",
        "is a Date with a time of day, which a date would lose",
        { hint: "Give a text such as 2026-01-31, or a Date that is midnight in UTC." },
      );
    }
    checkDays(days, lastDate);
    return formatDate(days);
  }
  if (typeof value !== "string") return refuse("a text such as 2026-01-31 or a Date", value);
  if (isInfinity(value)) return value;
  const days = parseDate(value);
  checkDays(days, lastDate);
  return formatDate(days);
}

const unitMicros = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1] as const;

/** Compiles a check of the digits of a second's fraction. */
function fractionCheck(precision: number | undefined): (micros: number) => void {
  const unit = precision === undefined ? 1 : (unitMicros[precision] ?? 1);
  return (micros) => {
    if (micros % unit !== 0) {
      throw new ValueProblem(
        "out_of_range",
        `has more than ${precision ?? 6} digits of a second, which PostgreSQL would round`,
      );
    }
  };
}

/** Compiles the reader of a time's input. */
export function timeInput(precision: number | undefined): (value: unknown) => string {
  const check = fractionCheck(precision);
  return (value) => {
    if (typeof value !== "string") return refuse("a text such as 04:05:06.789", value);
    const micros = parseTimeOfDay(value);
    check(micros);
    return formatTimeOfDay(micros);
  };
}

/**
 * Compiles the reader of a timestamp's input. Without a time zone a `Date` or a `Z` means UTC; with one a text has to
 * say its offset.
 */
export function timestampInput(
  kind: "timestamp" | "timestamptz",
  precision: number | undefined,
): (value: unknown) => string {
  const check = fractionCheck(precision);
  const toUtc = kind === "timestamptz" ? shiftToUtc : withoutOffset;
  const zone = kind === "timestamptz" ? "Z" : "";
  return (value) => {
    if (typeof value === "string" && isInfinity(value)) return value;
    const time =
      value instanceof Date
        ? utcOf(value)
        : typeof value === "string"
          ? toUtc(parseTimestamp(value))
          : refuse("a text such as 2026-01-31T04:05:06Z or a Date", value);
    check(time.micros);
    checkDays(time.days, lastTimestamp);
    return formatCalendarTime(time, zone);
  };
}

type Parsed = ReturnType<typeof parseTimestamp>;

function shiftToUtc({ time, offsetSeconds }: Parsed): CalendarTime {
  if (offsetSeconds === undefined) {
    throw new ValueProblem("wrong_format", "does not say its time zone", {
      hint: "End it with Z for UTC, or with an offset such as +02:00.",
    });
  }
  return calendarTime(time.days, time.micros - offsetSeconds * 1_000_000);
}

function withoutOffset({ time, offsetSeconds }: Parsed): CalendarTime {
  if (offsetSeconds !== undefined && offsetSeconds !== 0) {
    throw new ValueProblem(
      "wrong_format",
      "has an offset, which a timestamp without time zone would lose",
      { hint: "Give it in UTC, or make the column timestamptz." },
    );
  }
  return time;
}

/** The text of a `Date` that a driver made of a date or a timestamp without time zone: it meant local time. @throws {ValueProblem} */
export function localDateText(date: Date, kind: "date" | "timestamp"): string {
  const micros =
    ((date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds()) * 1_000_000 +
    date.getMilliseconds() * 1000;
  const days = daysOfDate(date.getFullYear(), date.getMonth() + 1, date.getDate());
  if (Number.isNaN(days)) throw new ValueProblem("wrong_format", "is an invalid Date");
  return kind === "date" ? formatDate(days) : formatCalendarTime({ days, micros }, "");
}

/** Seconds and nanoseconds since 1970-01-01T00:00:00Z of a model's timestamp, unless Firestore cannot hold it. */
export function firestoreTimeOf(
  text: string,
): { readonly seconds: number; readonly nanoseconds: number } | undefined {
  if (!/^\d{4}-/.test(text) || text.endsWith(" BC")) return undefined;
  const { days, micros } = parseTimestamp(text).time;
  const second = Math.floor(micros / 1_000_000);
  return { seconds: days * 86_400 + second, nanoseconds: (micros - second * 1_000_000) * 1000 };
}

/** A model's timestamp of seconds and nanoseconds. @throws {ValueProblem} for what is finer than a microsecond */
export function timestampOfFirestore(
  { seconds, nanoseconds }: { readonly seconds: number; readonly nanoseconds: number },
  zone: "" | "Z",
): string {
  if (!Number.isSafeInteger(seconds) || !Number.isInteger(nanoseconds / 1000)) {
    throw new ValueProblem(
      "out_of_range",
      "is a Timestamp finer than a microsecond, which PostgreSQL would round",
    );
  }
  const days = Math.floor(seconds / 86_400);
  const time = calendarTime(days, (seconds - days * 86_400) * 1_000_000 + nanoseconds / 1000);
  checkDays(time.days, lastTimestamp);
  return formatCalendarTime(time, zone);
}
