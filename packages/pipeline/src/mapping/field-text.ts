import type { BlueprintScalar, ColumnType } from "@ctb-data/registry";
import { Misfit } from "./misfit.ts";
import { typeCheckOf } from "./type-check.ts";

/** The text of a value that the blueprint gives to a field of a type; null for null. JSON is data there: a text has its quotes. */
export function fieldTextOf(value: BlueprintScalar, type: ColumnType): string | null {
  if (value === null) return null;
  if (type.kind === "json" && type.dimensions === 0) return JSON.stringify(value);
  const text = String(value);
  const checked = typeCheckOf(type, undefined)?.(text);
  // Where the file need not say what is of the type, as in CSV.
  return checked === undefined || checked instanceof Misfit ? text : checked;
}
