/** What the five fields of a cron pattern allow. */
export interface CronFields {
  /** Each sorted, without repetition. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** Sunday is 0. */
  readonly weekdays: readonly number[];
  /** The texts of the five fields, with numbers in the place of names. */
  readonly texts: readonly [string, string, string, string, string];
}

interface FieldRange {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** The first stands for `least`. */
  readonly names?: readonly string[];
}

const monthNames = [
  "jan",
  "feb",
  "mar",
  "apr",
  "may",
  "jun",
  "jul",
  "aug",
  "sep",
  "oct",
  "nov",
  "dec",
];
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const ranges = {
  minute: { name: "minute", least: 0, most: 59 },
  hour: { name: "hour", least: 0, most: 23 },
  day: { name: "day of the month", least: 1, most: 31 },
  month: { name: "month", least: 1, most: 12, names: monthNames },
  weekday: { name: "day of the week", least: 0, most: 7, names: weekdayNames },
} as const;

/**
 * Reads a cron pattern of exactly five fields, in the language that all cron programs share: `*`, numbers, names of months and
 * weekdays, `a-b`, `a,b` and `/n`. What only some of them know (`L`, `W`, `#`, `?`, `@daily`, seconds) is refused, so that
 * a pattern means the same here, in systemd, in a crontab and in Kubernetes.
 *
 * @returns A sentence that says what is wrong, for a pattern that is none.
 */
export function parseCronFields(pattern: string): CronFields | string {
  const [minute, hour, day, month, weekday, ...more] = pattern.split(/\s+/u);
  if (
    minute === undefined ||
    hour === undefined ||
    day === undefined ||
    month === undefined ||
    weekday === undefined ||
    more.length > 0
  )
    return `it has ${pattern === "" ? 0 : pattern.split(/\s+/u).length} fields instead of five`;
  try {
    const weekdays = expand(weekday, ranges.weekday);
    return {
      minutes: expand(minute, ranges.minute),
      hours: expand(hour, ranges.hour),
      days: expand(day, ranges.day),
      months: expand(month, ranges.month),
      weekdays: sorted(weekdays.map((value) => value % 7)),
      texts: [
        minute,
        hour,
        day,
        withoutNames(month, ranges.month),
        withoutNames(weekday, ranges.weekday),
      ],
    };
  } catch (error) {
    if (error instanceof FieldProblem) return error.message;
    throw error;
  }
}

/** True when the pattern names a day: by both fields, either of the two is enough. `local` is a local time as if it were UTC. */
export function matchesDay({ days, months, weekdays, texts }: CronFields, local: Date): boolean {
  if (!months.includes(local.getUTCMonth() + 1)) return false;
  const byDay = days.includes(local.getUTCDate());
  const byWeekday = weekdays.includes(local.getUTCDay());
  if (texts[2] === "*") return byWeekday;
  return texts[4] === "*" ? byDay : byDay || byWeekday;
}

/** True when every day of its months counts. */
export function matchesEveryDay({ days, weekdays, texts }: CronFields): boolean {
  // By both fields either is enough; a star leaves it to the other.
  const [all, allWeekdays] = [days.length === 31, weekdays.length === 7];
  if (texts[2] === "*" || texts[4] === "*") return all && allWeekdays;
  return all || allWeekdays;
}

/**
 * False when cron programs disagree about a pattern: it restricts both the day of the month and the weekday, one of them by a step.
 * croner and systemd's two lines take either; vixie cron and Kubernetes, whose test is the star, ask for both.
 */
export function isPortable({ texts }: CronFields): boolean {
  const [, , day, , weekday] = texts;
  return day === "*" || weekday === "*" || !(day.startsWith("*") || weekday.startsWith("*"));
}

class FieldProblem extends Error {}

function expand(field: string, range: FieldRange): readonly number[] {
  return sorted(
    field === "*"
      ? span(range.least, range.most, 1)
      : field.split(",").flatMap((item) => expandItem(item, range)),
  );
}

function expandItem(item: string, range: FieldRange): readonly number[] {
  const [, star, first, last, digits] =
    /^(?:(\*)|(\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?)(?:\/(\d{1,2}))?$/iu.exec(item) ?? [];
  const step = digits === undefined ? 1 : Number(digits);
  const isWhole = star !== undefined;
  if (!isWhole && first === undefined) throw problem(item, range);
  // A star by itself belongs into a field of its own; a step needs something to step through.
  if (isWhole ? digits === undefined : digits !== undefined && last === undefined)
    throw problem(item, range);
  const from = isWhole ? range.least : valueOf(first ?? "", range);
  const to = isWhole ? range.most : valueOf(last ?? first ?? "", range);
  if (step < 1 || step > range.most || from > to) throw problem(item, range);
  return span(from, to, step);
}

function valueOf(text: string, range: FieldRange): number {
  const named = range.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + range.least : Number(text);
  if (Number.isNaN(value) || value < range.least || value > range.most) throw problem(text, range);
  return value;
}

function withoutNames(field: string, range: FieldRange): string {
  return field.replaceAll(/[a-z]{3}/giu, (name) => String(valueOf(name, range)));
}

function problem(item: string, { name, least, most }: FieldRange): FieldProblem {
  return new FieldProblem(
    `${JSON.stringify(item)} is no ${name} (${least}-${most}, a-b, a,b, */n or a-b/n)`,
  );
}

function span(from: number, to: number, step: number): readonly number[] {
  return Array.from(
    { length: Math.floor((to - from) / step) + 1 },
    (_, index) => from + index * step,
  );
}

function sorted(values: readonly number[]): readonly number[] {
  return [...new Set(values)].toSorted((left, right) => left - right);
}
