import type { ConstantOrigin, ValueOrigin } from "./blueprint.ts";
import type { Checking } from "./check-shape.ts";
import { scalarAt, spotOf } from "./check-value-rule.ts";
import { parseJsonPath } from "./json-path.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Column, ColumnType, Table } from "./registry.ts";
import type { Located, Spot } from "./yaml-node.ts";

/** The tables that records are made of. */
export interface OriginChecking extends Checking {
  readonly tables: readonly [Table, ...Table[]];
}

interface Origin {
  readonly from?: string | undefined;
  readonly path?: string | undefined;
  readonly constant?: string | number | boolean | null | undefined;
}

interface FoundOrigin {
  readonly origin: ValueOrigin | ConstantOrigin;
  readonly from: ColumnType | undefined;
}

/** Where the value of a field is, and its type when that is known. */
export function originOf(
  name: string,
  { at, data }: { readonly at: Located; readonly data: Origin },
  checking: OriginChecking,
): FoundOrigin | undefined {
  const { problems } = checking;
  if (data.constant !== undefined) {
    if (data.from !== undefined)
      problems.error(
        spotOf(at, "constant"),
        "conflict",
        'two sources: "from" and "constant"',
        "leave one of them out",
      );
    const value = scalarAt(at, ["constant"], data.constant);
    return { origin: { kind: "constant", value }, from: undefined };
  }
  if (data.from === undefined) {
    problems.error(
      at,
      "missing-key",
      `the field ${quoted(name)} has no source: neither "from" nor "constant"`,
    );
    return undefined;
  }
  const found = columnOf(data.from, spotOf(at, "from"), checking);
  if (found === undefined) return undefined;
  const { table, column } = found;
  const base = { kind: "column", table: table.name, column: column.name } as const;
  if (data.path === undefined) return { origin: { ...base, path: [] }, from: column.type };
  const path = parseJsonPath(data.path);
  if (path === undefined) {
    problems.error(
      spotOf(at, "path"),
      "wrong-value",
      `${quoted(data.path)} is not a JSON path`,
      "write it as in policy.numbers[0]",
    );
    return undefined;
  }
  if (column.type.kind !== "json" || column.type.dimensions > 0) {
    problems.error(
      spotOf(at, "path"),
      "conflict",
      `the column ${quoted(column.name)} is ${column.type.name}, there is no path into it`,
    );
  }
  return { origin: { ...base, path }, from: undefined };
}

/** `column` of the first table, or `table.column`. */
export function columnOf(
  text: string,
  at: Spot,
  { tables, problems }: OriginChecking,
): { readonly table: Table; readonly column: Column } | undefined {
  const [first] = tables;
  const own = first.columns.get(text);
  const found =
    own === undefined
      ? tables.flatMap((table) => {
          const column = text.startsWith(`${table.name}.`)
            ? table.columns.get(text.slice(table.name.length + 1))
            : undefined;
          return column === undefined ? [] : [{ table, column }];
        })[0]
      : { table: first, column: own };
  if (found === undefined) {
    const known = tables.flatMap((table, index) =>
      [...table.columns.keys()].map((name) =>
        index === 0 && !text.includes(".") ? name : `${table.name}.${name}`,
      ),
    );
    problems.error(
      at,
      "unknown-name",
      `${tables.map(({ name }) => quoted(name)).join(" and ")} have no column ${quoted(text)}${suggestion(text, known)}`.replace(
        /^("[^"]*") have/,
        "$1 has",
      ),
    );
    return undefined;
  }
  if (found.column.blindIndexOf === undefined) return found;
  problems.error(
    at,
    "conflict",
    `the column ${quoted(text)} is a blind index and never leaves the database`,
  );
  return undefined;
}
