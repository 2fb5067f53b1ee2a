import { valueFromText, valueToText } from "@ctb-data/models";
import { escaped } from "./escaped.ts";
import { Misfit } from "./misfit.ts";

/** Where the digits of a token are in PostgreSQL's text `YYYY-MM-DD HH:mm:ss.SSSSSS`, and how a value names the part. */
const tokens = {
  YYYY: { part: "year", from: 0, to: 4 },
  MM: { part: "month", from: 5, to: 7 },
  DD: { part: "day", from: 8, to: 10 },
  HH: { part: "hour", from: 11, to: 13 },
  mm: { part: "minute", from: 14, to: 16 },
  ss: { part: "second", from: 17, to: 19 },
} as const;

type Part = (typeof tokens)[keyof typeof tokens]["part"] | "fraction";

interface Slice {
  readonly part: Part;
  readonly from: number;
  readonly to: number;
}

const pieces = /YYYY|MM|DD|HH|mm|ss|S{1,6}/g;

/** A text for what stands for itself, a slice for what stands for digits. */
function piecesOf(pattern: string): readonly (string | Slice)[] {
  const result: (string | Slice)[] = [];
  let at = 0;
  for (const { 0: token, index } of pattern.matchAll(pieces)) {
    if (index > at) result.push(pattern.slice(at, index));
    result.push(sliceOf(token));
    at = index + token.length;
  }
  if (at < pattern.length) result.push(pattern.slice(at));
  return result;
}

function sliceOf(token: string): Slice {
  const known = Object.entries(tokens).find(([name]) => name === token)?.[1];
  return known ?? { part: "fraction", from: 20, to: 20 + token.length };
}

/** What a date or time is of, in PostgreSQL's text. */
export type DateKind = "date" | "time" | "timestamp" | "timestamptz";

/**
 * Compiles the printer of a date pattern: of PostgreSQL's text of a date or time in UTC, or of any text that is one where the kind is
 * not known. What the pattern has no token for is left out, digits of the fraction are cut.
 */
export function datePrinterOf(
  pattern: string,
  kind: DateKind | undefined,
): (text: string) => string | Misfit {
  const parts = piecesOf(pattern);
  return (text) => {
    const full = kind === undefined ? fullTextOfAny(text) : fullTextOf(text, kind);
    if (full instanceof Misfit) return full;
    let printed = "";
    for (const part of parts) {
      printed += typeof part === "string" ? part : full.slice(part.from, part.to);
    }
    return printed;
  };
}

/** `YYYY-MM-DD HH:mm:ss.SSSSSS` of PostgreSQL's text, unless it is infinity or has not four digits of a year. */
function fullTextOf(text: string, kind: DateKind): string | Misfit {
  if (kind === "time") return `0000-00-00 ${text.length === 8 ? `${text}.` : text}`.padEnd(26, "0");
  // The dash behind the year: none in `infinity`, `-infinity` and `12026-01-01`.
  if (text.charCodeAt(4) !== 45 || text.endsWith("BC")) {
    return new Misfit("out_of_range", "has no year of four digits");
  }
  if (text.length === 10) return `${text} 00:00:00.000000`;
  const clock = kind === "timestamptz" ? utcOf(text).slice(0, -3) : text;
  return (clock.length === 19 ? `${clock}.` : clock).padEnd(26, "0");
}

/** Of a text inside of JSON. */
function fullTextOfAny(text: string): string | Misfit {
  for (const kind of ["date", "timestamp", "timestamptz", "time"] as const) {
    try {
      return fullTextOf(valueToText(kind, valueFromText(kind, text)), kind);
    } catch {
      // It may be of the next kind.
    }
  }
  return new Misfit("wrong_format", "is no date and no time");
}

/** The text in UTC, whatever the time zone of the session that printed it. */
function utcOf(text: string): string {
  if (text.endsWith("+00")) return text;
  return valueToText("timestamptz", valueFromText("timestamptz", text));
}

/**
 * Compiles the reader of a date pattern: gives the text that a model reads (`2026-01-31`, `04:05:06`, `2026-01-31T04:05:06.5Z`), which is
 * to be checked by the column's type: only its digits are looked at here. What the pattern has no token for is 0.
 */
export function dateReaderOf(
  pattern: string,
  kind: DateKind | undefined,
): (text: string) => string | Misfit {
  const parts = piecesOf(pattern);
  const expression = new RegExp(
    `^${parts.map((part) => (typeof part === "string" ? escaped(part) : `(?<${part.part}>\\d{${part.to - part.from}})`)).join("")}$`,
    "u",
  );
  return (text) => {
    const groups = expression.exec(text)?.groups;
    if (groups === undefined) {
      return new Misfit("wrong_format", `is not in the format ${pattern}`);
    }
    const digits = (part: Part, missing: string): string => groups[part] ?? missing;
    const date = `${digits("year", "0000")}-${digits("month", "01")}-${digits("day", "01")}`;
    const fraction = digits("fraction", "0");
    const time = `${digits("hour", "00")}:${digits("minute", "00")}:${digits("second", "00")}.${fraction}`;
    if (kind === "time") return time;
    if (kind === "timestamp" || kind === "timestamptz")
      return `${date}T${time}${kind === "timestamptz" ? "Z" : ""}`;
    return /^[0:.]*$/.test(time)
      ? date
      : new Misfit("wrong_format", "has a time of day, which a date would lose");
  };
}
