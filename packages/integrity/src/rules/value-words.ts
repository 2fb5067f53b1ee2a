import { formatColumnType, type Column } from "@ctb-data/registry";
import { integerBounds } from "./rule-column.ts";

/** What is wrong with a text that is too short or too long: `is longer than 20 characters`. */
export function lengthWords({ type, min, max }: Column): string {
  const room =
    type.kind === "enum" ? undefined : (type.length ?? (type.name === "char" ? 1 : undefined));
  const most = Math.min(max ?? Infinity, room ?? Infinity);
  const parts = [
    ...(min === undefined ? [] : [`shorter than ${characters(min)}`]),
    ...(most === Infinity ? [] : [`longer than ${characters(most)}`]),
  ];
  return `is ${parts.join(" or ")}`;
}

function characters(count: number): string {
  return count === 1 ? "1 character" : `${count.toLocaleString("en-US")} characters`;
}

/** What is wrong with a number or a time that does not fit: `is out of range: numeric(5,2), at least 0`. */
export function rangeWords({ type, min, max }: Column): string {
  const limits = [
    ...(integerBounds[type.kind] !== undefined || type.kind === "float32" || hasPrecision(type)
      ? [`it must be a ${formatColumnType(type).replaceAll("[]", "")}`]
      : []),
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ];
  return `is out of range: ${limits.join(", ")}`;
}

function hasPrecision(type: Column["type"]): boolean {
  return type.kind !== "enum" && type.precision !== undefined;
}
