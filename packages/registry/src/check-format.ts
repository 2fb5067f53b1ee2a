import type { ValueFormat } from "./blueprint.ts";
import type { Checking } from "./check-shape.ts";
import { quoted } from "./problem.ts";
import type { ColumnType } from "./registry.ts";
import type { Spot } from "./yaml-node.ts";

type Kind = ColumnType["kind"];

const numberKinds = new Set<Kind>(["int16", "int32", "int64", "decimal", "float32", "float64"]);
const dateKinds = new Set<Kind>(["date", "time", "timestamp", "timestamptz"]);
const textKinds = new Set<Kind>(["text", "enum"]);
const padKinds = new Set<Kind>([...numberKinds, ...textKinds, "uuid"]);

const kindsOf: Readonly<Record<ValueFormat["kind"], ReadonlySet<Kind>>> = {
  date: dateKinds,
  number: numberKinds,
  case: textKinds,
  pad: padKinds,
};

const names: Readonly<Record<ValueFormat["kind"], string>> = {
  date: "a date pattern",
  number: "a number format",
  case: "upper and lower",
  pad: "pad",
};

/** Reports a format that values of the type cannot have; on the way in also one that cannot be read back. */
export function checkFormat(
  format: ValueFormat,
  type: ColumnType,
  {
    at,
    checking,
    isRead,
  }: { readonly at: Spot; readonly checking: Checking; readonly isRead: boolean },
): void {
  const fault =
    type.dimensions === 0 && kindsOf[format.kind].has(type.kind)
      ? detailFault(format, type, isRead)
      : `${names[format.kind]} cannot be the format of ${type.name}${"[]".repeat(type.dimensions)}`;
  if (fault !== undefined) checking.problems.error(at, "conflict", fault);
}

function detailFault(format: ValueFormat, type: ColumnType, isRead: boolean): string | undefined {
  switch (format.kind) {
    case "date":
      return (
        tokenFault(format.pattern, type) ?? (isRead ? gapFault(format.pattern, type) : undefined)
      );
    case "pad":
      return isNumber(type) ? fillFault(format, type.name) : undefined;
    case "case":
    case "number":
    default:
      return undefined;
  }
}

const dateTokens = ["YYYY", "MM", "DD"];
const timeTokens = ["HH", "mm", "ss", "S"];

/** Tokens for what the type does not have. A date may be read of a pattern with a time, as long as that is midnight. */
function tokenFault(pattern: string, { kind, name }: ColumnType): string | undefined {
  const stray = kind === "time" ? dateTokens.find((token) => pattern.includes(token)) : undefined;
  return stray === undefined
    ? undefined
    : `${stray} cannot be in the date pattern of ${name}, which has no date`;
}

/** Tokens without which the pattern does not say which value it is. */
function gapFault(pattern: string, { kind, name }: ColumnType): string | undefined {
  const has = (token: string): boolean => pattern.includes(token);
  const needed = kind === "time" ? ["HH", "mm"] : dateTokens;
  const missing = needed.find((token) => !has(token));
  if (missing !== undefined)
    return `${quoted(pattern)} cannot be read as ${name}: it lacks ${missing}`;
  const last = timeTokens.findLastIndex(has);
  const gap = timeTokens.slice(0, Math.max(last, 0)).find((token) => !has(token));
  return gap === undefined
    ? undefined
    : `${quoted(pattern)} cannot be read as ${name}: it has ${timeTokens[last] ?? ""} and lacks ${gap}`;
}

/** Whether values of a type are single numbers. */
export function isNumber({ kind, dimensions }: ColumnType): boolean {
  return dimensions === 0 && numberKinds.has(kind);
}

/** A number that is filled up with what may be part of it cannot be told from another number. */
export function fillFault(
  { fill, side }: { readonly fill: string; readonly side: "left" | "right" },
  name: string,
): string | undefined {
  if (!/^[\d.+\-eE]$/.test(fill) || (fill === "0" && side === "left")) return undefined;
  return `${name} filled up with ${quoted(fill)} on the ${side} cannot be told from other numbers`;
}
