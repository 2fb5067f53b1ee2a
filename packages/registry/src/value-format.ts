import { dateFormatSchema, numberFormatSchema, padFormatSchema } from "./blueprint-schema.ts";
import type { ValueFormat } from "./blueprint.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { quoted, suggestion } from "./problem.ts";
import { childOf, isMapAt, textAt, type Located } from "./yaml-node.ts";

/** Reads how a value looks in the vendor's text. */
export function valueFormatOf(at: Located, checking: Checking): ValueFormat | undefined {
  const text = textAt(at);
  if (text === "upper" || text === "lower") return { kind: "case", to: text };
  if (text !== undefined) return dateFormat(text, at, checking);
  if (!isMapAt(at)) {
    checking.problems.error(
      at,
      "wrong-value",
      `must be upper, lower, a date pattern or a map, not ${describe(at.node)}`,
    );
    return undefined;
  }
  if (at.node.entries.has("date")) {
    const data = checkShape(dateFormatSchema, at, checking);
    return data === undefined
      ? undefined
      : dateFormat(data.date, childOf(at, "date") ?? at, checking);
  }
  if (at.node.entries.has("pad")) {
    const data = checkShape(padFormatSchema, at, checking);
    return data === undefined ? undefined : padFormat(data, at, checking);
  }
  const data = checkShape(numberFormatSchema, at, checking);
  if (data === undefined) return undefined;
  const { digits, decimals, decimal_mark: decimalMark = ".", group_mark: groupMark = "" } = data;
  if (groupMark !== "" && groupMark === decimalMark) {
    checking.problems.error(
      at,
      "conflict",
      `decimals and groups cannot both be marked by ${quoted(groupMark)}`,
    );
  }
  if (decimalMark === "" && decimals === undefined) {
    checking.problems.error(
      at,
      "missing-key",
      'with an empty decimal_mark the key "decimals" is missing',
    );
  }
  return {
    kind: "number",
    ...(digits === undefined ? {} : { digits }),
    ...(decimals === undefined ? {} : { decimals }),
    decimalMark,
    groupMark,
  };
}

function padFormat(
  data: {
    readonly pad: number;
    readonly fill?: string | undefined;
    readonly side?: "left" | "right" | undefined;
  },
  at: Located,
  { problems }: Checking,
): ValueFormat {
  const { pad, fill = " ", side = "left" } = data;
  if (!/^[^\r\n]$/u.test(fill))
    problems.error(
      at,
      "wrong-value",
      `the fill must be one character of a line, not ${quoted(fill)}`,
    );
  return { kind: "pad", length: pad, fill, side };
}

const dateTokens = /YYYY|MM|DD|HH|mm|ss|S{1,6}/g;

function dateFormat(pattern: string, at: Located, { problems }: Checking): ValueFormat | undefined {
  const tokens: readonly string[] = pattern.match(dateTokens) ?? [];
  const others = pattern.replaceAll(dateTokens, " ");
  // A `T` between date and time and a `Z` behind it are the letters that stand for themselves.
  const letters = /[A-Za-z]+/.exec(others.replace(/ T /, " ").replace(/ Z$/, " "));
  if (tokens.length === 0 || letters !== null) {
    problems.error(
      at,
      "wrong-value",
      `${quoted(pattern)} is not a format${suggestion(pattern, ["upper", "lower", "YYYYMMDD", "YYYY-MM-DD"])}`,
      "a date pattern is made of YYYY MM DD HH mm ss and S for fractions",
    );
    return undefined;
  }
  const kinds = tokens.map((token) => (token.startsWith("S") ? "S" : token));
  const twice = kinds.find((token, index) => kinds.indexOf(token) !== index);
  if (twice !== undefined)
    problems.error(at, "wrong-value", `${twice} is twice in the date pattern ${quoted(pattern)}`);
  const mixed = mixedUp(kinds);
  if (mixed !== undefined) {
    problems.error(at, "wrong-value", `the date pattern ${quoted(pattern)} ${mixed}`);
    return undefined;
  }
  return { kind: "date", pattern };
}

/** A token that stands where another one was meant. */
function mixedUp(kinds: readonly string[]): string | undefined {
  const has = (token: string): boolean => kinds.includes(token);
  if (has("mm") && !has("HH") && (has("YYYY") || has("DD")))
    return "has mm, the minutes, without HH: the month is MM";
  if (has("MM") && has("HH") && !has("mm") && !has("DD") && !has("YYYY"))
    return "has MM, the month, between times: the minutes are mm";
  return has("S") && !has("ss") && kinds.length > 1
    ? "has S, a fraction, without ss: the seconds are ss"
    : undefined;
}
