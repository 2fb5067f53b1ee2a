import { valueFromText, valueToText } from "@ctb-data/models";
import type { BlueprintScalar, ColumnType } from "@ctb-data/registry";
import { attempt, Misfit } from "./misfit.ts";

const shown = 20;

/** A source value that `values` does not have. The keys are the blueprint's own, so they may be told. */
export function notListed(values: ReadonlyMap<string, BlueprintScalar>): Misfit {
  const keys = [...values.keys()].slice(0, shown).map((key) => JSON.stringify(key));
  const list = `${keys.join(", ")}${values.size > shown ? ", …" : ""}`;
  return new Misfit("not_listed", `is not among the values of the blueprint: ${list}`);
}

/** The keys of `values` as PostgreSQL prints them: `1.5` is found where a `numeric(10,2)` has `1.50`. */
export function printedKeyOf(key: string, type: ColumnType | undefined): string {
  if (type === undefined || type.kind === "boolean" || type.kind === "json") return key;
  const printed = attempt(() => valueToText(type, valueFromText(type, key)));
  return printed instanceof Misfit ? key : printed;
}
