import { intakeHeadSchema, intakeRuleSchema } from "./blueprint-schema.ts";
import type { BlueprintIntake, IntakeColumn, ValueOrigin, ValueRule } from "./blueprint.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { spotOf, valueRuleOf } from "./check-value-rule.ts";
import { isSerial } from "./column-type.ts";
import { reservedName } from "./document-fields.ts";
import { lookupOf } from "./intake-lookup.ts";
import { originOf, sourceColumn, type IntakeChecking } from "./intake-origin.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Column, Registry } from "./registry.ts";
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
  if (table.primaryKey === undefined) {
    checking.problems.error(
      childOf(at, "table") ?? at,
      "conflict",
      `the table ${quoted(table.name)} has no primary key, so that the row of a record could not be found again`,
    );
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
  const common = { ...checking, registry, table, format };
  const key = childOf(at, "key");
  if (key === undefined) {
    const hint = "the source columns that tell one record from another";
    checking.problems.error(at, "missing-key", 'the key "key" is missing', hint);
  }
  const origins = key === undefined ? [] : keyOf(key, common);
  const columns = columnsOf(at, common);
  if (key !== undefined) warnOfSecretKey(key, { origins, columns, checking: common });
  return {
    format,
    delimiter: data.delimiter ?? ",",
    table: table.name,
    collection,
    key: origins,
    columns,
    source: sourceOf(at),
  };
}

/** The ids of documents are hashes of the key without a secret: where there are few possible values, they can be tried. */
function warnOfSecretKey(
  key: Located,
  {
    origins,
    columns,
    checking,
  }: {
    readonly origins: readonly ValueOrigin[];
    readonly columns: ReadonlyMap<string, IntakeColumn>;
    readonly checking: IntakeChecking;
  },
): void {
  const sources = new Set(origins.map((origin) => JSON.stringify(origin)));
  for (const { column, origin } of columns.values()) {
    if (checking.table.columns.get(column)?.encryption === undefined) continue;
    if (!sources.has(JSON.stringify(origin))) continue;
    checking.problems.warning(
      key,
      "conflict",
      `the key holds what the encrypted column ${quoted(column)} does, and can be found out from the ids of documents by trying`,
      "take a key that is no secret where its values can be guessed, such as the vendor's number",
    );
  }
}

/** Where the pipeline says what is wrong with records. */
const failuresCollection = "validation_failed";

/** Fields of intake documents that are not columns. */
const markFields: ReadonlySet<string> = new Set(["validated", "promoted_to", "imo"]);

function checkCollection(
  name: string,
  spot: Spot,
  { registry, checking }: { readonly registry: Registry; readonly checking: Checking },
): void {
  const fault =
    name.includes("/") || /^\.\.?$/.test(name) ? "is none that Firestore has" : reservedName(name);
  if (fault !== undefined) {
    checking.problems.error(spot, "invalid-name", `the collection name ${quoted(name)} ${fault}`);
  }
  if (name === failuresCollection) {
    const message = `the collection ${quoted(name)} is where the failures of records are kept`;
    checking.problems.error(spot, "conflict", message);
  }
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
    if (text === "") {
      checking.problems.error(item, "wrong-value", "must not be empty");
      return [];
    }
    const origin = sourceColumn(text, undefined, { at: item, checking });
    if (origin === undefined) return [];
    const name = JSON.stringify(origin);
    if (seen.has(name))
      checking.problems.error(item, "duplicate-name", `${quoted(text)} is in the key twice`);
    seen.add(name);
    return [origin];
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
    for (const [name, place] of entriesOf(list)) {
      if (isMapAt(place) && place.node.entries.has("column")) {
        const message = `"column" means nothing here: the rule is for ${quoted(name)}`;
        problems.error(keySpot(place, "column"), "conflict", message);
      }
      yield [name, place, keySpot(list, name)];
    }
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
  } else if (markFields.has(name)) {
    problems.error(
      spot,
      "conflict",
      `the column ${quoted(name)} cannot come through documents: their field of this name is a mark of the pipeline`,
      "rename the column, or fill it in PostgreSQL",
    );
  } else if (name.startsWith("_")) {
    problems.error(
      spot,
      "conflict",
      `the column ${quoted(name)} cannot come through documents: fields that begin with _ are the application's own there`,
      "rename the column, or fill it in PostgreSQL",
    );
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
  const lookup = lookupOf(at, column, checking);
  // Of values that are looked up the other table's column says what they are.
  const target = lookup ?? column;
  const rule = valueRuleOf(
    {
      at,
      data: { ...data, required },
      origin,
      from: undefined,
      to: { type: target.type, column: target },
      canonical: target.type,
      isRead: true,
    },
    checking,
  );
  if (mustBeGiven(column)) checkNotNull(rule, { at, column, checking });
  return { ...rule, column: column.name, ...(lookup === undefined ? {} : { lookup: lookup.name }) };
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
