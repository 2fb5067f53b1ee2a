import type { ColumnType, ExportField } from "@ctb-data/registry";
import { fieldTextOf } from "./field-text.ts";
import { Misfit } from "./misfit.ts";
import { printerOf, type ChangeText } from "./text-format.ts";
import { typeCheckOf } from "./type-check.ts";
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
  { values = new Map(), otherwise = "reject", type: target }: ExportField,
  {
    type,
    print,
  }: { readonly type: ColumnType | undefined; readonly print: ChangeText | undefined },
): PrintValue {
  const texts = new Map(
    [...values].map(
      ([key, value]) => [printedKeyOf(key, type), fieldTextOf(value, target)] as const,
    ),
  );
  const miss = otherwise === "reject" ? notListed(values) : null;
  const other = typeof otherwise === "object" ? fieldTextOf(otherwise.value, target) : miss;
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
