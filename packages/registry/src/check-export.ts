import { exportHeadSchema, exportRuleSchema } from "./blueprint-schema.ts";
import type {
  BlueprintExport,
  BlueprintOutput,
  ConstantOrigin,
  ExportField,
  ValueOrigin,
} from "./blueprint.ts";
import { checkName } from "./check-name.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { spotOf, valueRuleOf } from "./check-value-rule.ts";
import { isSerial, parseColumnType } from "./column-type.ts";
import { outputOf } from "./export-output.ts";
import { sourcesOf } from "./export-sources.ts";
import { parseJsonPath } from "./json-path.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Column, ColumnType, EnumType, Registry, Table } from "./registry.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  itemsOf,
  keySpot,
  placeOf,
  sourceOf,
  textAt,
  type Located,
  type LocatedMap,
  type Spot,
} from "./yaml-node.ts";

interface ExportChecking extends Checking {
  readonly tables: readonly [Table, ...Table[]];
  readonly output: BlueprintOutput;
}

/** Checks the way out: where each of the vendor's fields gets its value from. */
export function exportOf(
  at: Located,
  registry: Registry,
  checking: Checking,
): BlueprintExport | undefined {
  const data = checkShape(exportHeadSchema, at, checking);
  if (data === undefined || !isMapAt(at)) return undefined;
  const { tables, joins } = sourcesOf(at, registry, checking);
  const [first, ...others] = tables;
  const output = outputOf(data.output ?? "csv", at, checking);
  if (first === undefined || output === undefined) return undefined;
  const common: ExportChecking = { ...checking, tables: [first, ...others], output };
  const named = childOf(at, "fields");
  if (named === undefined)
    checking.problems.error(at, "missing-key", 'the key "fields" is missing');
  return {
    tables: [first.name, ...others.map(({ name }) => name)],
    joins,
    output,
    fields: named === undefined ? new Map<string, ExportField>() : fieldsOf(named, common),
    orderBy: orderOf(at, first, checking),
    source: sourceOf(at),
  };
}

function orderOf(at: LocatedMap, table: Table, { problems }: Checking): readonly string[] {
  const order = childOf(at, "order_by");
  if (order === undefined) {
    if (table.primaryKey === undefined)
      problems.error(
        at,
        "missing-key",
        `the table ${quoted(table.name)} has no primary key, so that the order of the records is not certain`,
        "add order_by",
      );
    return table.primaryKey?.columns ?? [];
  }
  return itemsOf(order).flatMap((item) => {
    const name = textAt(item);
    if (name === undefined) return [];
    if (table.columns.has(name)) return [name];
    problems.error(
      item,
      "unknown-name",
      `the table ${quoted(table.name)} has no column ${quoted(name)}${suggestion(name, table.columns.keys())}`,
    );
    return [];
  });
}

function fieldsOf(list: Located, checking: ExportChecking): ReadonlyMap<string, ExportField> {
  const { problems } = checking;
  const fields = new Map<string, ExportField>();
  const spots = new Map<string, Spot>();
  for (const [name, at, spot] of rulesOf(list, checking)) {
    const before = spots.get(name);
    if (before !== undefined) {
      problems.error(
        spot,
        "duplicate-name",
        `the field ${quoted(name)} gets its value twice, first at ${placeOf(before)}`,
      );
      continue;
    }
    spots.set(name, spot);
    if (checking.output.format === "table") checkName(name, spot, problems);
    const field = fieldOf(name, at, checking);
    if (field !== undefined) fields.set(name, field);
  }
  if (spots.size === 0) problems.error(list, "wrong-value", "an export needs at least one field");
  return fields;
}

/** The rules with the names of their fields: from a list, or from a map by name. */
function* rulesOf(
  list: Located,
  { problems }: Checking,
): Generator<readonly [string, Located, Spot], void> {
  if (isMapAt(list)) {
    for (const [name, place] of entriesOf(list)) yield [name, place, keySpot(list, name)];
    return;
  }
  if (list.node.kind !== "list") {
    problems.error(list, "wrong-value", `must be a list of fields, not ${describe(list.node)}`);
    return;
  }
  for (const place of itemsOf(list)) {
    const at = isMapAt(place) ? childOf(place, "name") : undefined;
    const name = textAt(at);
    if (name !== undefined && at !== undefined) yield [name, place, at];
    else problems.error(place, "missing-key", 'the key "name" is missing');
  }
}

function fieldOf(name: string, at: Located, checking: ExportChecking): ExportField | undefined {
  const text = textAt(at);
  const data = text === undefined ? checkShape(exportRuleSchema, at, checking) : { from: text };
  if (data === undefined) return undefined;
  const found = originOf(name, { at, data }, checking);
  if (found === undefined) return undefined;
  const { origin, from } = found;
  const transformed =
    isMapAt(at) && ["values", "format", "constant", "path"].some((key) => at.node.entries.has(key));
  const type = typeOf(data.type, {
    from: transformed ? undefined : from,
    at: spotOf(at, "type"),
    checking,
  });
  const rule = valueRuleOf(
    { at, data, origin, from, to: data.type === undefined ? undefined : type, canonical: from },
    checking,
  );
  const { width, align, fill } = data;
  checkWidth({ width, align, fill }, at, checking);
  return {
    ...rule,
    name,
    type,
    ...(width === undefined ? {} : { width, align: align ?? "left", fill: fill ?? " " }),
  };
}

function checkWidth(
  data: {
    readonly width: number | undefined;
    readonly align: string | undefined;
    readonly fill: string | undefined;
  },
  at: Located,
  { output, problems }: ExportChecking,
): void {
  if (output.format === "fixed-width") {
    if (data.width === undefined) problems.error(at, "missing-key", 'the key "width" is missing');
    if (data.fill !== undefined && !/^.$/su.test(data.fill)) {
      problems.error(
        spotOf(at, "fill"),
        "wrong-value",
        `the fill must be one character, not ${quoted(data.fill)}`,
      );
    }
    return;
  }
  for (const key of ["width", "align", "fill"] as const) {
    if (data[key] !== undefined)
      problems.error(
        spotOf(at, key),
        "conflict",
        `"${key}" is for the format fixed-width, not for ${output.format}`,
      );
  }
}

function typeOf(
  text: string | undefined,
  {
    from,
    at,
    checking,
  }: { readonly from: ColumnType | undefined; readonly at: Located; readonly checking: Checking },
): ColumnType {
  const plain: ColumnType = { name: "text", kind: "text", dimensions: 0 };
  if (text !== undefined) {
    const parsed = parseColumnType(text, noEnums);
    if ("type" in parsed) return parsed.type;
    checking.problems.error(at, "unknown-type", parsed.message, parsed.hint);
    return plain;
  }
  if (from === undefined || from.kind === "enum") return plain;
  if (!isSerial(from)) return from;
  return from.kind === "int64" ? { ...from, name: "bigint" } : { ...from, name: "integer" };
}

const noEnums: ReadonlyMap<string, EnumType> = new Map();

interface Origin {
  readonly from?: string | undefined;
  readonly path?: string | undefined;
  readonly constant?: string | number | boolean | null | undefined;
}

interface FoundOrigin {
  readonly origin: ValueOrigin | ConstantOrigin;
  readonly from: ColumnType | undefined;
}

function originOf(
  name: string,
  { at, data }: { readonly at: Located; readonly data: Origin },
  checking: ExportChecking,
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
    return { origin: { kind: "constant", value: data.constant }, from: undefined };
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
function columnOf(
  text: string,
  at: Located,
  { tables, problems }: ExportChecking,
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
