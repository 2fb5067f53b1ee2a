import type { BlueprintOutput } from "./blueprint.ts";
import { checkName } from "./check-name.ts";
import type { Checking } from "./check-shape.ts";
import { spotOf } from "./check-value-rule.ts";
import { childOf, isMapAt, keySpot, type LocatedMap } from "./yaml-node.ts";

interface OutputData {
  readonly format: "csv" | "ndjson" | "fixed-width" | "table";
  readonly delimiter?: string | undefined;
  readonly header?: boolean | undefined;
  readonly quote?: "needed" | "always" | undefined;
  readonly line_end?: "lf" | "crlf" | undefined;
  readonly table?: string | undefined;
}

const outputKeys: Readonly<Record<OutputData["format"], readonly string[]>> = {
  csv: ["delimiter", "header", "quote", "line_end"],
  ndjson: [],
  "fixed-width": ["line_end"],
  table: ["table"],
};

/** What the records are written into. */
export function outputOf(
  output: "csv" | "ndjson" | "fixed-width" | OutputData,
  at: LocatedMap,
  { problems }: Checking,
): BlueprintOutput | undefined {
  const data: OutputData = typeof output === "string" ? { format: output } : output;
  const place = childOf(at, "output") ?? at;
  for (const key of ["delimiter", "header", "quote", "line_end", "table"]) {
    if (!isMapAt(place) || !place.node.entries.has(key) || outputKeys[data.format].includes(key))
      continue;
    problems.error(
      keySpot(place, key),
      "conflict",
      `"${key}" means nothing for the format ${data.format}`,
    );
  }
  const lineEnd = data.line_end === "crlf" ? "\r\n" : "\n";
  switch (data.format) {
    case "ndjson":
      return { format: "ndjson" };
    case "fixed-width":
      return { format: "fixed-width", lineEnd };
    case "csv":
      return {
        format: "csv",
        delimiter: data.delimiter ?? ",",
        header: data.header ?? true,
        quote: data.quote ?? "needed",
        lineEnd,
      };
    case "table":
      break;
  }
  if (data.table === undefined) {
    problems.error(place, "missing-key", 'the key "table" is missing');
    return undefined;
  }
  const dot = data.table.indexOf(".");
  for (const part of dot === -1
    ? [data.table]
    : [data.table.slice(0, dot), data.table.slice(dot + 1)])
    checkName(part, spotOf(place, "table"), problems);
  return { format: "table", table: data.table };
}
