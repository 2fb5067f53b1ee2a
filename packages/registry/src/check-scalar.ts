import type { BlueprintScalar } from "./blueprint.ts";
import type { Checking } from "./check-shape.ts";
import { formatColumnType } from "./column-type.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Column, ColumnType } from "./registry.ts";
import type { Spot } from "./yaml-node.ts";

/** What a value of the file must fit. */
export interface ScalarTarget {
  readonly type: ColumnType;
  /** The column whose rules hold for it too. */
  readonly column?: Column | undefined;
}

/** Reports a value of the file that a column or field cannot hold. */
export function checkScalar(
  value: BlueprintScalar,
  target: ScalarTarget | undefined,
  { at, checking }: { readonly at: Spot; readonly checking: Checking },
): void {
  if (target === undefined || value === null) return;
  const { type, column } = target;
  if (type.dimensions > 0 || type.kind === "json") return;
  const fault =
    typeFault(value, type) ?? (column === undefined ? undefined : ruleFault(value, column));
  if (fault !== undefined) checking.problems.error(at, "wrong-value", fault);
}

type Given = Exclude<BlueprintScalar, null>;

function shown(value: Given): string {
  return typeof value === "string" ? quoted(value) : String(value);
}

const integerBits: Readonly<Partial<Record<ColumnType["kind"], number>>> = {
  int16: 16,
  int32: 32,
  int64: 64,
};

const number = /^[+-]?(?<whole>\d+)(?:\.(?<fraction>\d*))?$/;
const day = String.raw`(?<year>\d{4,7})-(?<month>\d\d)-(?<day>\d\d)`;
const clock = String.raw`(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?|24:00(?::00(?:\.0{1,6})?)?)`;
const zone = String.raw`(?:[Zz]|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)`;

/** What a text must look like; all else about it is the models' to say. */
const looks: Readonly<Partial<Record<ColumnType["kind"], RegExp>>> = {
  int16: /^[+-]?\d+$/,
  int32: /^[+-]?\d+$/,
  int64: /^[+-]?\d+$/,
  decimal: /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|NaN|[+-]?Infinity)$/i,
  float32: /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|NaN|[+-]?Infinity)$/i,
  float64: /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|NaN|[+-]?Infinity)$/i,
  uuid: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i,
  date: new RegExp(`^(?:${day}(?: BC)?|-?infinity)$`),
  time: new RegExp(`^${clock}$`),
  timestamp: new RegExp(`^(?:${day}(?:[Tt ]${clock}${zone}?)?(?: BC)?|-?infinity)$`),
  timestamptz: new RegExp(`^(?:${day}[Tt ]${clock} ?${zone}(?: BC)?|-?infinity)$`),
  interval: /^(?=.*\d)[\d\sa-z+:.,@-]+$/i,
  inet: /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]*)(?:\/\d{1,3})?$/i,
  bytes: /^\\x(?:[\da-f]{2})*$/i,
};

function typeFault(value: Given, type: ColumnType): string | undefined {
  const text = String(value);
  if (type.kind === "enum") {
    if (typeof value === "string" && type.values.includes(value)) return undefined;
    return `the enum ${quoted(type.name)} has no value ${shown(value)}${suggestion(text, type.values)}`;
  }
  const match = looks[type.kind]?.exec(text);
  const isLike = type.kind === "boolean" ? typeof value === "boolean" : match !== null;
  if (!isLike || isNoDay(match?.groups) || isOutOfRange(text, type)) {
    return `${shown(value)} is not a value of ${formatColumnType(type)}`;
  }
  if (type.length !== undefined && Array.from(text).length > type.length) {
    return `${shown(value)} is too long for ${formatColumnType(type)}`;
  }
  return undefined;
}

/** Whether a date is not in the calendar. */
function isNoDay(groups: Readonly<Record<string, string>> | undefined): boolean {
  if (groups?.["year"] === undefined) return false;
  const [year, month, date] = [groups["year"], groups["month"], groups["day"]].map(Number);
  const found = new Date(0);
  // Every 400 years the calendar is the same.
  found.setUTCFullYear(((year ?? 0) % 400) + 2000, (month ?? 0) - 1, date);
  // The last year of a date.
  if ((year ?? 0) > 5_874_897) return true;
  return year === 0 || found.getUTCMonth() + 1 !== month || found.getUTCDate() !== date;
}

/** Whether a number is beyond the integers of its type, or has more digits than its numeric. */
function isOutOfRange(text: string, type: ColumnType): boolean {
  const bits = integerBits[type.kind];
  if (bits !== undefined) {
    const whole = BigInt(text.replace(/^\+/, ""));
    return BigInt.asIntN(bits, whole) !== whole;
  }
  if (type.kind === "float32" || type.kind === "float64") {
    const value = type.kind === "float32" ? Math.fround(Number(text)) : Number(text);
    return !Number.isFinite(value) && /\d/.test(text);
  }
  if (type.kind !== "decimal") return false;
  // A numeric has at most 131,072 digits before the point.
  if (Math.abs(Number(/e(?<power>.*)$/i.exec(text)?.groups?.["power"] ?? 0)) > 16_000) return true;
  if (type.precision === undefined) return false;
  const groups = number.exec(text)?.groups;
  if (groups === undefined) return false;
  const { precision, scale = 0 } = type;
  const whole = (groups["whole"] ?? "").replace(/^0+/, "");
  const fraction = (groups["fraction"] ?? "").replace(/0+$/, "");
  return scale >= 0 && (fraction.length > scale || whole.length > Math.max(precision - scale, 0));
}

/** What the rules of the registry have against a value. */
function ruleFault(value: Given, { type, min, max, pattern, oneOf }: Column): string | undefined {
  const text = String(value);
  if (oneOf !== undefined && !oneOf.includes(text)) {
    return `${shown(value)} is not in the column's list of "enum"${suggestion(text, oneOf)}`;
  }
  if (pattern !== undefined && !new RegExp(pattern, "u").test(text)) {
    return `${shown(value)} does not match the column's pattern ${quoted(pattern)}`;
  }
  const isText = type.kind === "text";
  const size = isText ? Array.from(text).length : Number(text);
  const [less, more] = isText ? ["shorter", "longer"] : ["less", "more"];
  if (min !== undefined && size < min)
    return `${shown(value)} is ${less} than the column's min: ${min}`;
  if (max !== undefined && size > max)
    return `${shown(value)} is ${more} than the column's max: ${max}`;
  return undefined;
}
