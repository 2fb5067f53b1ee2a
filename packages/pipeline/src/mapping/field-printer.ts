import { valueToText, type ModelColumn } from "@ctb-data/models";
import type { ColumnType, ExportField } from "@ctb-data/registry";
import { textOfScalar } from "./blueprint-scalar.ts";
import { columnReaderOf } from "./column-reader.ts";
import { attempt, Misfit } from "./misfit.ts";
import { lengthOf } from "./pad-format.ts";
import { printerOf, type ChangeText } from "./text-format.ts";
import { notListed, printedKeyOf } from "./value-list.ts";

/** Makes the vendor's text of a single value; null when the blueprint maps it to null. */
export type PrintValue = (text: string) => string | null | Misfit;

/**
 * Compiles `values`, `format` and the check of the field's type. Undefined when the text stays as it is. `type` is that of the values
 * that come, undefined for those inside of JSON.
 */
export function fieldPrinterOf(
  field: ExportField,
  type: ColumnType | undefined,
): PrintValue | undefined {
  const format = field.format === undefined ? undefined : printerOf(field.format, type);
  const check = typeCheckOf(field.type, format === undefined ? type : undefined);
  const print = chain(format, check);
  return field.values === undefined ? print : valuePrinterOf(field, { type, print });
}

function valuePrinterOf(
  { values = new Map(), otherwise = "reject" }: ExportField,
  {
    type,
    print,
  }: { readonly type: ColumnType | undefined; readonly print: ChangeText | undefined },
): PrintValue {
  const texts = new Map(
    [...values].map(([key, value]) => [printedKeyOf(key, type), textOfScalar(value)] as const),
  );
  const miss = otherwise === "reject" ? notListed(values) : null;
  const other = typeof otherwise === "object" ? textOfScalar(otherwise.value) : miss;
  return (text) => {
    const found = texts.get(text);
    if (found !== undefined) return found;
    return otherwise === "keep" ? (print?.(text) ?? text) : other;
  };
}

function chain(
  first: ChangeText | undefined,
  then: ChangeText | undefined,
): ChangeText | undefined {
  if (first === undefined || then === undefined) return first ?? then;
  return (text) => {
    const changed = first(text);
    return changed instanceof Misfit ? changed : then(changed);
  };
}

/** Compiles the check that a text is a value of the vendor's type: it comes out as PostgreSQL would print it. Undefined when it must be one. */
function typeCheckOf(type: ColumnType, from: ColumnType | undefined): ChangeText | undefined {
  if (type.kind === "text" && type.dimensions === 0) return lengthCheckOf(type.length, from);
  if (from !== undefined && isWithin(from, type)) return undefined;
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
