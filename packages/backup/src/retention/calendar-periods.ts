/** The day, week, month and year of a moment, each under a name that people use. */
export interface CalendarPeriods {
  /** `2026-11-22` */
  readonly daily: string;
  /** `2026-W47`, by ISO 8601: its year is that of its Thursday. */
  readonly weekly: string;
  /** `2026-11` */
  readonly monthly: string;
  /** `2026` */
  readonly yearly: string;
}

const dayMs = 86_400_000;

/** A function that gives the periods of a moment, as the calendar on the wall has them in this time zone. */
export function calendarOf(timeZone: string): (moment: Date) => CalendarPeriods {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    year: "numeric",
    month: "numeric",
    day: "numeric",
  });
  return (moment) => {
    const parts = new Map(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const [year = 0, month = 1, day = 1] = [
      parts.get("year"),
      parts.get("month"),
      parts.get("day"),
    ];
    const monthly = `${pad(year, 4)}-${pad(month, 2)}`;
    return {
      daily: `${monthly}-${pad(day, 2)}`,
      weekly: isoWeek(year, month, day),
      monthly,
      yearly: pad(year, 4),
    };
  };
}

function isoWeek(year: number, month: number, day: number): string {
  // A date of UTC serves as one without a zone: all its days have 24 hours.
  const date = Date.UTC(year, month - 1, day);
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = new Date(date + (3 - weekday) * dayMs);
  const weekYear = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(weekYear, 0, 1)) / dayMs / 7) + 1;
  return `${pad(weekYear, 4)}-W${pad(week, 2)}`;
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}
