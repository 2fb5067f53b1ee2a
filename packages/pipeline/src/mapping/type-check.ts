import { valueToText, type ModelColumn } from "@ctb-data/models";
import type { ColumnType } from "@ctb-data/registry";
import { columnReaderOf } from "./column-reader.ts";
import { jsonCheckOf } from "./json-check.ts";
import { attempt, Misfit } from "./misfit.ts";
import { lengthOf } from "./pad-format.ts";
import type { ChangeText } from "./text-format.ts";

/** Compiles the check that a text is a value of the vendor's type: it comes out as PostgreSQL would print it. Undefined when it must be one. */
export function typeCheckOf(
  type: ColumnType,
  from: ColumnType | undefined,
): ChangeText | undefined {
  if (type.kind === "text" && type.dimensions === 0) return lengthCheckOf(type.length, from);
  if (from !== undefined && isWithin(from, type)) return undefined;
  if (type.kind === "json" && type.dimensions === 0) return jsonCheckOf(type, from);
  const column: ModelColumn = { name: "value", type, nullable: true };
  const read = columnReaderOf(column, "text");
  const isBoolean = type.kind === "boolean" && type.dimensions === 0;
  return (text) => {
    const value = read(text);
    if (value instanceof Misfit) return value;
    if (isBoolean) return value === true ? "true" : "false";
    return attempt(() => valueToText(type, value));
  };
}

function lengthCheckOf(
  length: number | undefined,
  from: ColumnType | undefined,
): ChangeText | undefined {
  if (length === undefined) return undefined;
  if (from?.kind === "text" && from.dimensions === 0 && (from.length ?? Infinity) <= length)
    return undefined;
  const message = `is longer than ${length} characters`;
  return (text) =>
    text.length > length && lengthOf(text) > length ? new Misfit("too_long", message) : text;
}

const integers: readonly string[] = ["int16", "int32", "int64"];

/** Whether each value of a type is one of the other as it is. */
function isWithin(from: ColumnType, to: ColumnType): boolean {
  if (from.dimensions !== to.dimensions || from.kind === "enum" || to.kind === "enum") return false;
  if (integers.includes(from.kind) && integers.includes(to.kind)) {
    return integers.indexOf(from.kind) <= integers.indexOf(to.kind);
  }
  return (
    from.kind === to.kind &&
    from.length === to.length &&
    from.precision === to.precision &&
    from.scale === to.scale
  );
}
