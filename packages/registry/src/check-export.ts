import { exportHeadSchema, exportRuleSchema } from "./blueprint-schema.ts";
import type {
  BlueprintCondition,
  BlueprintExport,
  BlueprintOutput,
  ExportField,
  ValueRule,
} from "./blueprint.ts";
import { checkField } from "./check-field.ts";
import { fillFault, isNumber } from "./check-format.ts";
import { checkColumnName } from "./check-name.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { spotOf, valueRuleOf } from "./check-value-rule.ts";
import { isSerial, parseColumnType } from "./column-type.ts";
import { originOf, type OriginChecking } from "./export-origin.ts";
import { outputOf } from "./export-output.ts";
import { sourcesOf } from "./export-sources.ts";
import { whereOf } from "./export-where.ts";
import { quoted, suggestion } from "./problem.ts";
import type { ColumnType, EnumType, Registry, Table } from "./registry.ts";
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

interface ExportChecking extends OriginChecking {
  readonly output: BlueprintOutput;
  readonly where: readonly BlueprintCondition[];
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
  if (first === undefined && checking.problems.errorCount === 0)
    checking.problems.error(at, "missing-key", "an export needs at least one table in its source");
  if (first === undefined || output === undefined) return undefined;
  checkTable(at, output, { registry, checking });
  const origins: OriginChecking = { ...checking, tables: [first, ...others] };
  const where = whereOf(at, origins);
  const common: ExportChecking = { ...origins, output, where };
  const named = childOf(at, "fields");
  if (named === undefined)
    checking.problems.error(at, "missing-key", 'the key "fields" is missing');
  return {
    tables: [first.name, ...others.map(({ name }) => name)],
    joins,
    output,
    fields: named === undefined ? new Map<string, ExportField>() : fieldsOf(named, common),
    where,
    orderBy: orderOf(at, first, checking),
    source: sourceOf(at),
  };
}

/** A table of the vendor's must not be one of the registry's, nor be in a schema that is not the vendor's. */
function checkTable(
  at: LocatedMap,
  output: BlueprintOutput,
  { registry, checking }: { readonly registry: Registry; readonly checking: Checking },
): void {
  if (output.format !== "table") return;
  const dot = output.table.indexOf(".");
  const schema = dot === -1 ? undefined : output.table.slice(0, dot);
  const name = output.table.slice(dot + 1);
  const isOwn = registry.tables.has(name) && (schema ?? registry.schema) === registry.schema;
  const isSystem = schema !== undefined && /^(?:ctb_data$|information_schema$|pg_)/.test(schema);
  if (!isOwn && !isSystem) return;
  const place = childOf(at, "output");
  checking.problems.error(
    place === undefined ? at : spotOf(place, "table"),
    "conflict",
    isOwn
      ? `the table ${quoted(output.table)} is one of the registry's own`
      : `the schema ${quoted(schema ?? "")} is no vendor's`,
    isOwn ? "give the vendor's table another name" : "give the vendor's tables another schema",
  );
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

/** PostgreSQL's limit. */
const maxColumns = 1600;

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
    if (checking.output.format === "table") checkColumnName(name, spot, problems);
    const field = fieldOf(name, at, checking);
    if (field !== undefined) fields.set(name, field);
  }
  if (checking.output.format === "table" && spots.size > maxColumns) {
    const message = `a table has at most ${maxColumns} columns, not ${spots.size}`;
    problems.error(list, "too-large", message);
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
    for (const [name, place] of entriesOf(list)) {
      if (isMapAt(place) && place.node.entries.has("name")) {
        const message = `"name" means nothing here: the field is ${quoted(name)}`;
        problems.error(keySpot(place, "name"), "conflict", message);
      }
      yield [name, place, keySpot(list, name)];
    }
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
  const { format: output } = checking.output;
  // A file of texts takes what the file gives; what has types does not.
  const isTyped = data.type !== undefined || output === "table" || output === "ndjson";
  const to = isTyped ? { type } : undefined;
  const only = checking.where.find(
    ({ table, column }) =>
      origin.kind === "column" && origin.table === table && origin.column === column,
  );
  const rule = valueRuleOf(
    { at, data, origin, from, only: only?.values, to, canonical: from, isRead: false },
    checking,
  );
  const { width, align, fill } = data;
  checkWidth({ width, align, fill }, at, checking);
  checkFill({ align, fill }, { at, rule, type: data.type === undefined ? from : type }, checking);
  const given = data.type === undefined ? undefined : type;
  checkField({ at, rule, from, type: given, width, output }, checking);
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
    if (data.fill !== undefined && !/^[^\r\n]$/u.test(data.fill)) {
      problems.error(
        spotOf(at, "fill"),
        "wrong-value",
        `the fill must be one character of a line, not ${quoted(data.fill)}`,
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

/** A number that is filled up with what may be part of it cannot be told from another number. */
function checkFill(
  {
    align = "left",
    fill = " ",
  }: { readonly align: "left" | "right" | undefined; readonly fill: string | undefined },
  {
    at,
    rule: { format, values },
    type,
  }: { readonly at: Located; readonly rule: ValueRule; readonly type: ColumnType | undefined },
  { output, problems }: ExportChecking,
): void {
  if (output.format !== "fixed-width" || values !== undefined) return;
  const fault =
    format?.kind === "number"
      ? fillFault({ fill, side: align === "left" ? "right" : "left" }, "a number")
      : format === undefined && type !== undefined && isNumber(type)
        ? fillFault({ fill, side: align === "left" ? "right" : "left" }, type.name)
        : undefined;
  if (fault === undefined) return;
  problems.error(
    spotOf(at, "fill"),
    "conflict",
    fault,
    fill === "0" ? "write align: right" : undefined,
  );
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
    if ("type" in parsed && !isSerial(parsed.type)) return parsed.type;
    if ("type" in parsed) {
      const message = `a ${parsed.type.name} counts up by itself, which a vendor's field does not`;
      checking.problems.error(at, "conflict", message, "make it integer or bigint");
      return plain;
    }
    checking.problems.error(at, "unknown-type", parsed.message, parsed.hint);
    return plain;
  }
  if (from === undefined || from.kind === "enum") return plain;
  if (!isSerial(from)) return from;
  return from.kind === "int64" ? { ...from, name: "bigint" } : { ...from, name: "integer" };
}

const noEnums: ReadonlyMap<string, EnumType> = new Map();
