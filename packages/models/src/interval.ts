import { formatTimeOfDay } from "./calendar.ts";
import { ValueProblem } from "./value-problem.ts";

/** An interval as PostgreSQL keeps it: three numbers that do not become one another. */
interface Interval {
  months: number;
  days: number;
  micros: bigint;
}

const microsPerSecond = 1_000_000n;
const maxInt32 = 2 ** 31 - 1;
const maxInt64 = 2n ** 63n - 1n;

/** How many of which field a unit is. */
const units: Readonly<
  Record<string, readonly ["months" | "days", number] | readonly ["micros", bigint]>
> = {
  millennium: ["months", 12_000],
  century: ["months", 1200],
  decade: ["months", 120],
  year: ["months", 12],
  yr: ["months", 12],
  mon: ["months", 1],
  month: ["months", 1],
  week: ["days", 7],
  day: ["days", 1],
  hour: ["micros", 3600n * microsPerSecond],
  hr: ["micros", 3600n * microsPerSecond],
  min: ["micros", 60n * microsPerSecond],
  minute: ["micros", 60n * microsPerSecond],
  sec: ["micros", microsPerSecond],
  second: ["micros", microsPerSecond],
  millisecond: ["micros", 1000n],
  ms: ["micros", 1000n],
  microsecond: ["micros", 1n],
  us: ["micros", 1n],
};

const isoUnits: Readonly<Record<string, string>> = {
  Y: "year",
  W: "week",
  D: "day",
  H: "hour",
  S: "sec",
};

/**
 * PostgreSQL's text (IntervalStyle postgres) of an interval that is written like PostgreSQL does or as an ISO 8601
 * duration. Only seconds may have a fraction: what a fraction of a month is, is a matter of opinion.
 *
 * @throws {ValueProblem}
 */
export function normalizeInterval(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "infinity" || trimmed === "-infinity") return trimmed;
  return formatInterval(/^[+-]?P/.test(trimmed) ? parseIso(trimmed) : parseWords(trimmed));
}

/** The text of an interval given by its parts, as node-postgres' `PostgresInterval` has them. @throws {ValueProblem} */
export function intervalOfParts(parts: object): string {
  const interval: Interval = { months: 0, days: 0, micros: 0n };
  for (const [name, amount] of Object.entries(parts)) {
    const unit = name.replace(/s$/, "");
    if (typeof amount !== "number" || !Object.hasOwn(units, unit)) throw notAnInterval();
    // Milliseconds are the one part with a fraction in node-postgres: "0.001" is a microsecond.
    addAmount(interval, amount.toFixed(6), unit);
  }
  return formatInterval(interval);
}

function notAnInterval(): ValueProblem {
  return new ValueProblem(
    "wrong_format",
    "is not an interval such as 1 day 02:03:04 or P1DT2H3M4S",
  );
}

function parseIso(text: string): Interval {
  const interval: Interval = { months: 0, days: 0, micros: 0n };
  const outer = text.startsWith("-") ? -1 : 1;
  const body = text.replace(/^[+-]?P/, "");
  if (!/^(?:[+-]?[\d.]+[YMWD])*(?:T(?:[+-]?[\d.]+[HMS])+)?$/.test(body) || body === "") {
    throw notAnInterval();
  }
  const [date = "", time = ""] = body.split("T");
  for (const [part, month] of [
    [date, "mon"],
    [time, "min"],
  ] as const) {
    for (const [, amount = "", letter = ""] of part.matchAll(/([+-]?[\d.]+)([A-Z])/g)) {
      const signed = outer < 0 ? flipSign(amount) : amount;
      addAmount(interval, signed, letter === "M" ? month : (isoUnits[letter] ?? ""));
    }
  }
  return interval;
}

function flipSign(amount: string): string {
  return amount.startsWith("-") ? amount.slice(1) : `-${amount.replace(/^\+/, "")}`;
}

function parseWords(text: string): Interval {
  const interval: Interval = { months: 0, days: 0, micros: 0n };
  const words =
    /\s*(?:([+-]?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?|([+-]?\d+(?:\.\d+)?)\s*([a-z]+))(?=\s|$)/gy;
  let end = 0;
  for (const match of text.matchAll(words)) {
    const [whole, sign = "", hours, minutes = "", seconds = "0", amount = "", unit = ""] = match;
    end = match.index + whole.length;
    if (hours === undefined) {
      addAmount(interval, amount, unit.length > 2 ? unit.replace(/s$/, "") : unit);
    } else {
      if (Number(minutes) > 59 || Number(seconds) >= 61) throw notAnInterval();
      addAmount(interval, sign + hours, "hour");
      addAmount(interval, sign + minutes, "min");
      addAmount(interval, sign + seconds, "sec");
    }
  }
  if (end === 0 || end !== text.length) throw notAnInterval();
  return interval;
}

function addAmount(interval: Interval, amount: string, unitName: string): void {
  const unit = Object.hasOwn(units, unitName) ? units[unitName] : undefined;
  const match = /^([+-]?)(\d+)(?:\.(\d*?)0*)?$/.exec(amount);
  if (unit === undefined || match === null) throw notAnInterval();
  const [, sign = "", whole = "", fraction = ""] = match;
  if (unit[0] === "micros") {
    const scale = 10n ** BigInt(fraction.length);
    const scaled = BigInt(whole + fraction) * unit[1];
    if (scaled % scale !== 0n)
      throw new ValueProblem(
        "out_of_range",
        "has more than 6 digits of a second, which PostgreSQL would round",
      );
    interval.micros += (sign === "-" ? -scaled : scaled) / scale;
    if (interval.micros > maxInt64 || interval.micros < -maxInt64) throw tooLong();
    return;
  }
  if (fraction !== "")
    throw new ValueProblem("wrong_format", "has a fraction of something else than seconds");
  interval[unit[0]] += (sign === "-" ? -1 : 1) * Number(whole) * unit[1];
  const sum = interval[unit[0]];
  if (sum > maxInt32 || sum < -maxInt32 - 1) throw tooLong();
}

function tooLong(): ValueProblem {
  return new ValueProblem("out_of_range", "is longer than an interval of PostgreSQL can be");
}

/** As `EncodeInterval` of PostgreSQL's `datetime.c` prints it in the style `postgres`. */
function formatInterval({ months, days, micros }: Interval): string {
  const words: string[] = [];
  let before = false;
  const add = (amount: number, unit: string): void => {
    if (amount === 0) return;
    words.push(`${before && amount > 0 ? "+" : ""}${amount} ${unit}${amount === 1 ? "" : "s"}`);
    before = amount < 0;
  };
  add(Math.trunc(months / 12), "year");
  add(months % 12, "mon");
  add(days, "day");
  if (words.length === 0 || micros !== 0n) {
    const size = micros < 0n ? -micros : micros;
    const hours = size / (3600n * microsPerSecond);
    const clock = formatTimeOfDay(Number(size % (3600n * microsPerSecond))).slice(2);
    const sign = micros < 0n ? "-" : before ? "+" : "";
    words.push(`${sign}${String(hours).padStart(2, "0")}${clock}`);
  }
  return words.join(" ");
}
