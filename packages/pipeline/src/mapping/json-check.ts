import { valueFromText, valueToText } from "@ctb-data/models";
import type { ColumnType } from "@ctb-data/registry";
import { attempt, Misfit } from "./misfit.ts";
import type { ChangeText } from "./text-format.ts";

/**
 * Compiles the check that a text of JSON can be of a field's type. It stays as it is, with all its digits. Undefined when each text of the
 * type that it comes from can be: jsonb does not take all that json holds.
 */
export function jsonCheckOf(
  type: ColumnType,
  from: ColumnType | undefined,
): ChangeText | undefined {
  if (from?.name === "jsonb" || (from?.name === "json" && type.name === "json")) return undefined;
  return (text) => {
    const value = attempt(() => valueFromText(type, text));
    if (value instanceof Misfit) return value;
    const printed = attempt(() => valueToText(type, value));
    return printed instanceof Misfit ? printed : text;
  };
}
