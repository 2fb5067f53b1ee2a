import { intakeHeadSchema, intakeRuleSchema } from "./blueprint-schema.ts";
import type {
  BlueprintIntake,
  ConstantOrigin,
  IntakeColumn,
  ValueOrigin,
  ValueRule,
} from "./blueprint.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { spotOf, valueRuleOf } from "./check-value-rule.ts";
import { isSerial } from "./column-type.ts";
import { parseJsonPath } from "./json-path.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Column, Registry, Table } from "./registry.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  itemsOf,
  keySpot,
  sourceOf,
  textAt,
  type Located,
  type LocatedMap,
  type Spot,
} from "./yaml-node.ts";

interface IntakeChecking extends Checking {
  readonly table: Table;
  readonly format: "csv" | "json" | "ndjson";
}

/** Checks the way in: which canonical column gets its value from where. */
export function intakeOf(
  at: Located,
  registry: Registry,
  checking: Checking,
): BlueprintIntake | undefined {
  const data = checkShape(intakeHeadSchema, at, checking);
  if (data === undefined || !isMapAt(at)) return undefined;
  const table = registry.tables.get(data.table);
  if (table === undefined) {
    checking.problems.error(
      childOf(at, "table") ?? at,
      "unknown-name",
      `there is no table ${quoted(data.table)}${suggestion(data.table, registry.tables.keys())}`,
    );
    return undefined;
  }
  const format = data.format ?? "csv";
  if (format !== "csv" && data.delimiter !== undefined) {
    checking.problems.error(
      keySpot(at, "delimiter"),
      "conflict",
      `a file of the format ${format} has no delimiter`,
    );
  }
  const collection = data.collection ?? `${table.name}_intake`;
  checkCollection(collection, childOf(at, "collection") ?? at, { registry, checking });
  const common = { ...checking, table, format };
  const key = childOf(at, "key");
  if (key === undefined) {
    const hint = "the source columns that tell one record from another";
    checking.problems.error(at, "missing-key", 'the key "key" is missing', hint);
  }
  return {
    format,
    delimiter: data.delimiter ?? ",",
    table: table.name,
    collection,
    key: key === undefined ? [] : keyOf(key, common),
    columns: columnsOf(at, common),
    source: sourceOf(at),
  };
}

function checkCollection(
  name: string,
  spot: Spot,
  { registry, checking }: { readonly registry: Registry; readonly checking: Checking },
): void {
  const owner = [...registry.tables.values()].find((table) => table.firestore?.collection === name);
  if (owner === undefined) return;
  checking.problems.error(
    spot,
    "conflict",
    `the collection ${quoted(name)} holds the documents of the table ${quoted(owner.name)}, so that it cannot take records in too`,
  );
}

function keyOf(at: Located, checking: IntakeChecking): readonly ValueOrigin[] {
  const seen = new Set<string>();
  if (itemsOf(at).length === 0) {
    const message = "the key is empty, so that all records would be one";
    checking.problems.error(at, "wrong-value", message);
  }
  return itemsOf(at).flatMap((item) => {
    const text = textAt(item);
    if (text === undefined) {
      checking.problems.error(
        item,
        "wrong-value",
        `must be a source column, not ${describe(item.node)}`,
      );
      return [];
    }
    if (seen.has(text))
      checking.problems.error(item, "duplicate-name", `${quoted(text)} is in the key twice`);
    seen.add(text);
    const origin = sourceColumn(text, undefined, { at: item, checking });
    return origin === undefined ? [] : [origin];
  });
}

function columnsOf(at: LocatedMap, checking: IntakeChecking): ReadonlyMap<string, IntakeColumn> {
  const columns = new Map<string, IntakeColumn>();
  const list = childOf(at, "columns");
  if (list === undefined) {
    checking.problems.error(at, "missing-key", 'the key "columns" is missing');
    return columns;
  }
  for (const [name, place, spot] of rulesOf(list, checking)) {
    const column = targetOf(name, spot, checking);
    if (column === undefined) continue;
    const before = columns.get(name);
    if (before !== undefined) {
      checking.problems.error(
        spot,
        "duplicate-name",
        `the column ${quoted(name)} gets its value twice, first on line ${before.source.line}`,
      );
      continue;
    }
    const rule = ruleOf(place, column, checking);
    if (rule !== undefined) columns.set(name, rule);
  }
  const named = new Set([...rulesOf(list, checking)].map(([name]) => name));
  for (const column of checking.table.columns.values()) {
    if (named.has(column.name) || !mustBeGiven(column)) continue;
    checking.problems.error(
      list,
      "missing-key",
      `the column ${quoted(column.name)} of ${quoted(checking.table.name)} is required, but nothing is mapped to it`,
    );
  }
  return columns;
}

/** Whether a row cannot do without a value here. */
function mustBeGiven(column: Column): boolean {
  if (column.blindIndexOf !== undefined) return false;
  return !column.nullable && column.default === undefined && !isSerial(column.type);
}

/** The rules with the columns that they are for: from a map by column, or from a list. */
function* rulesOf(
  list: Located,
  { problems }: Checking,
): Generator<readonly [string, Located, Spot], void> {
  if (isMapAt(list)) {
    for (const [name, place] of entriesOf(list)) yield [name, place, keySpot(list, name)];
    return;
  }
  if (list.node.kind !== "list") {
    problems.error(
      list,
      "wrong-value",
      `must be a map of canonical columns, not ${describe(list.node)}`,
    );
    return;
  }
  for (const place of itemsOf(list)) {
    const column = isMapAt(place) ? childOf(place, "column") : undefined;
    const name = textAt(column);
    if (name !== undefined && column !== undefined) yield [name, place, column];
    else problems.error(place, "missing-key", 'the key "column" is missing');
  }
}

function targetOf(
  name: string,
  spot: Spot,
  { table, problems }: IntakeChecking,
): Column | undefined {
  const column = table.columns.get(name);
  if (column === undefined) {
    problems.error(
      spot,
      "unknown-name",
      `the table ${quoted(table.name)} has no column ${quoted(name)}${suggestion(name, table.columns.keys())}`,
    );
  } else if (column.blindIndexOf !== undefined) {
    problems.error(
      spot,
      "conflict",
      `the column ${quoted(name)} is a blind index and filled in by itself`,
    );
    return undefined;
  }
  return column;
}

function ruleOf(at: Located, column: Column, checking: IntakeChecking): IntakeColumn | undefined {
  const text = textAt(at);
  const data = text === undefined ? checkShape(intakeRuleSchema, at, checking) : { from: text };
  if (data === undefined) return undefined;
  const origin = originOf(at, data, checking);
  if (origin === undefined) return undefined;
  const required = data.required ?? mustBeGiven(column);
  const rule = valueRuleOf(
    {
      at,
      data: { ...data, required },
      origin,
      from: undefined,
      to: column.type,
      canonical: column.type,
    },
    checking,
  );
  if (mustBeGiven(column)) checkNotNull(rule, { at, column, checking });
  return { ...rule, column: column.name };
}

/** Reports a null that the file itself gives to a column that cannot be null. */
function checkNotNull(
  { origin, values, otherwise, ...rule }: ValueRule,
  {
    at,
    column,
    checking,
  }: { readonly at: Located; readonly column: Column; readonly checking: Checking },
): void {
  const nulls = [
    ...(origin.kind === "constant" && origin.value === null ? ["constant"] : []),
    ...(rule.default === null ? ["default"] : []),
    ...(values !== undefined && [...values.values()].includes(null) ? ["values"] : []),
    ...(typeof otherwise === "object" && otherwise.value === null ? ["otherwise"] : []),
  ];
  for (const key of nulls) {
    const message = `"${key}" gives null to the column ${quoted(column.name)}, which cannot be null`;
    checking.problems.error(spotOf(at, key), "conflict", message);
  }
}

interface Origin {
  readonly from?: string | undefined;
  readonly path?: string | undefined;
  readonly constant?: string | number | boolean | null | undefined;
}

function originOf(
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
    return { kind: "constant", value: data.constant };
  }
  if (data.from !== undefined) return sourceColumn(data.from, data.path, { at, checking });
  checking.problems.error(
    at,
    "missing-key",
    'neither "from" nor "constant" says where the value comes from',
  );
  return undefined;
}

function sourceColumn(
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
