import type { ConstantOrigin, ValueOrigin } from "./blueprint.ts";
import type { Checking } from "./check-shape.ts";
import { scalarAt, spotOf } from "./check-value-rule.ts";
import { parseJsonPath } from "./json-path.ts";
import { quoted } from "./problem.ts";
import type { Registry, Table } from "./registry.ts";
import type { Located } from "./yaml-node.ts";

export interface IntakeChecking extends Checking {
  readonly registry: Registry;
  readonly table: Table;
  readonly format: "csv" | "json" | "ndjson";
}

interface Origin {
  readonly from?: string | undefined;
  readonly path?: string | undefined;
  readonly constant?: string | number | boolean | null | undefined;
}

/** Where the value of a column is found in a record. */
export function originOf(
  at: Located,
  data: Origin,
  checking: IntakeChecking,
): ValueOrigin | ConstantOrigin | undefined {
  if (data.constant !== undefined) {
    if (data.from !== undefined) {
      checking.problems.error(
        spotOf(at, "constant"),
        "conflict",
        'two sources: "from" and "constant"',
        "leave one of them out",
      );
    }
    return { kind: "constant", value: scalarAt(at, ["constant"], data.constant) };
  }
  if (data.from !== undefined) return sourceColumn(data.from, data.path, { at, checking });
  checking.problems.error(
    at,
    "missing-key",
    'neither "from" nor "constant" says where the value comes from',
  );
  return undefined;
}

/** A column of the file, or a path into a record of JSON. */
export function sourceColumn(
  from: string,
  path: string | undefined,
  { at, checking }: { readonly at: Located; readonly checking: IntakeChecking },
): ValueOrigin | undefined {
  if (checking.format === "csv") {
    if (path === undefined) return { kind: "column", column: from, path: [] };
    checking.problems.error(
      spotOf(at, "path"),
      "conflict",
      "a column of a CSV file has no path into it",
    );
    return undefined;
  }
  const steps = parseJsonPath(from);
  const more = path === undefined ? [] : parseJsonPath(path);
  const [first, ...others] = steps ?? [];
  if (first === undefined || more === undefined) {
    const wrong = more === undefined ? "path" : "from";
    checking.problems.error(
      spotOf(at, wrong),
      "wrong-value",
      `${quoted(more === undefined ? (path ?? "") : from)} is not a JSON path`,
      "write it as in policy.numbers[0]",
    );
    return undefined;
  }
  return { kind: "column", column: String(first), path: [...others, ...more] };
}
