import type { Example } from "@ctb-data/integrity";
import { printable } from "../terminal/printable.ts";

/** An example on one line: `id=7: email="a b" (has no domain)`, `clients/7: name=null`. Texts of others are made harmless. */
export function exampleText({ key, values, detail }: Example): string {
  const { path, ...rest } = key;
  const isDocument = typeof path === "string" && Object.keys(rest).length === 0;
  const where = isDocument ? printable(path) : pairsText(key);
  const what = values === undefined ? "" : pairsText(values);
  const why = detail === undefined ? "" : ` (${printable(detail)})`;
  return `${where}${what === "" ? "" : `: ${what}`}${why}`;
}

function pairsText(pairs: Readonly<Record<string, string | null>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${printable(name)}=${valueText(value)}`)
    .join(", ");
}

/** What could be taken for something else, `null` or two values for example, stands in quotes. */
function valueText(value: string | null): string {
  if (value === null) return "null";
  return value !== "null" && /^[\p{L}\p{N}_.:@+/-]+$/u.test(value)
    ? value
    : printable(JSON.stringify(value));
}
