import { Timestamp } from "../value/timestamp.ts";

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/u;

/** RFC 3339 in UTC with six digits after the second, nine where six would lose something: `2026-01-02T03:04:05.000006Z`. */
export function timeText({ seconds, nanos }: Timestamp): string {
  const fraction = String(nanos).padStart(9, "0");
  const digits = fraction.endsWith("000") ? fraction.slice(0, 6) : fraction;
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${digits}Z`;
}

/** What such a text says; `undefined` when it is no moment of the years 1 to 9999. */
export function parseTimeText(text: string): Timestamp | undefined {
  const [, moment, fraction = ""] = pattern.exec(text) ?? [];
  if (moment === undefined) return undefined;
  const date = new Date(`${moment}Z`);
  // 30 February is the 2nd of March to `Date`.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, -5) !== moment) return undefined;
  if (moment.startsWith("0000")) return undefined;
  return new Timestamp(date.getTime() / 1000, Number(fraction.padEnd(9, "0")));
}
