import type { BlueprintScalar } from "@ctb-data/registry";

/** The text of a value that a blueprint gives: `true`, `12.5`; null for null. */
export function textOfScalar(value: BlueprintScalar): string | null {
  return value === null ? null : String(value);
}
