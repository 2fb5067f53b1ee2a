import { quoteIdentifier, type CatalogIndex } from "@ctb-data/postgres";
import { createIndex, objectName } from "@ctb-data/postgres/statements";
import type { Finding } from "../finding.ts";
import { adviceOf, driftFinding, listed, partPlace } from "./drift-finding.ts";
import type { DriftState, TablePair } from "./drift-state.ts";
import type { Pair } from "./pair-parts.ts";
import { fixUnlessTaken } from "./taken-name.ts";

const sentence =
  "Write a migration (for a large table with CONCURRENTLY, and `Transaction: none` in its header):";

/** Indexes that are missing, unknown, others, or were never finished. Those of primary keys and unique constraints are not among them. */
export function indexDrift(state: DriftState): readonly Finding[] {
  return state.pairs.flatMap((pair) => {
    const { same, renamed, different, missing, unknown } = pair.indexes;
    const place = { state, pair };
    return [
      ...missing.flatMap((index) => missingIndex(place, index)),
      ...[...same, ...renamed]
        .filter(({ live }) => !live.valid)
        .flatMap((indexes) => unfinishedIndex(place, indexes)),
      ...different.flatMap((indexes) => otherIndex(place, indexes)),
      ...renamed.map((indexes) => renamedIndex(place, indexes)),
      ...unknown.map((index) => unknownIndex(place, index)),
    ];
  });
}

interface IndexPlace {
  readonly state: DriftState;
  readonly pair: TablePair;
}

function dropIndex({ state }: IndexPlace, name: string): string {
  return `DROP INDEX ${objectName(state.schema, name)}`;
}

/** As the registry says it, under a name. */
function creation(
  { state, pair }: IndexPlace,
  expected: CatalogIndex,
  name: string,
): readonly string[] {
  const index = pair.table.indexes.find((candidate) => candidate.name === expected.name);
  return index ? [createIndex({ ...index, name }, pair.table.name, state.schema)] : [];
}

const word = ({ unique }: CatalogIndex): string => (unique ? "unique index" : "index");

/** A unique index keeps rows out, so that it is a constraint that is missing. */
function missingIndex(place: IndexPlace, index: CatalogIndex): readonly Finding[] {
  const table = place.pair.table.name;
  const { name, columns } = index;
  const subject = { table, columns, constraint: name };
  const statements = creation(place, index, name);
  const message = `${table} has no ${word(index)} ${name}.`;
  if (!index.unique) {
    return [
      driftFinding({
        ...subject,
        id: `drift:${partPlace(table, name)}:missing`,
        message,
        advice: adviceOf(sentence, statements),
      }),
    ];
  }
  return [
    driftFinding({
      ...subject,
      id: `constraint_missing:${partPlace(table, name)}`,
      kind: "constraint_missing",
      message,
      ...fixUnlessTaken(place.state, {
        table: place.pair.live,
        name,
        summary: `Adds the unique index ${name} to ${table}.`,
        statements,
      }),
    }),
  ];
}

/** What a `CREATE INDEX CONCURRENTLY` that failed left: it costs with every write, serves no query and keeps nothing out. */
function unfinishedIndex(
  place: IndexPlace,
  { expected, live }: Pair<CatalogIndex, CatalogIndex>,
): readonly Finding[] {
  const table = place.pair.table.name;
  const subject = { table, columns: expected.columns, constraint: live.name };
  const statements = [dropIndex(place, live.name), ...creation(place, expected, live.name)];
  const message = `The ${word(live)} ${live.name} of ${table} is invalid: it was never finished, and nothing uses it.`;
  if (!live.unique) {
    return [
      driftFinding({
        ...subject,
        id: `drift:${partPlace(table, expected.name)}:invalid`,
        message,
        advice: adviceOf(sentence, statements),
      }),
    ];
  }
  return [
    driftFinding({
      ...subject,
      id: `constraint_disabled:${partPlace(table, expected.name)}`,
      kind: "constraint_disabled",
      message,
      fix: { summary: `Makes the unique index ${live.name} of ${table} anew.`, statements },
    }),
  ];
}

function otherIndex(
  place: IndexPlace,
  { expected, live }: Pair<CatalogIndex, CatalogIndex>,
): readonly Finding[] {
  const table = place.pair.table.name;
  return [
    driftFinding({
      id: `drift:${partPlace(table, expected.name)}:different`,
      table,
      columns: expected.columns,
      constraint: live.name,
      message: `The index ${live.name} of ${table} is ${indexWords(live)}; the registry says ${indexWords(expected)}.`,
      advice: adviceOf(sentence, [
        dropIndex(place, live.name),
        ...creation(place, expected, expected.name),
      ]),
    }),
  ];
}

/** What stands behind `ON table` in its definition. */
function indexWords({ unique, definition }: CatalogIndex): string {
  const using = definition.indexOf(" USING ");
  return `${unique ? "unique " : ""}${definition.slice(using + 1)}`;
}

function renamedIndex(
  place: IndexPlace,
  { expected, live }: Pair<CatalogIndex, CatalogIndex>,
): Finding {
  const table = place.pair.table.name;
  return driftFinding({
    id: `drift:${partPlace(table, expected.name)}:name`,
    severity: "note",
    table,
    columns: expected.columns,
    constraint: live.name,
    message: `The ${word(expected)} ${expected.name} of ${table} is called ${live.name}.`,
    advice: adviceOf("Write a migration:", [
      `ALTER INDEX ${objectName(place.state.schema, live.name)} RENAME TO ${quoteIdentifier(expected.name)}`,
    ]),
  });
}

function unknownIndex(place: IndexPlace, index: CatalogIndex): Finding {
  const table = place.pair.table.name;
  const { name, valid, unique, columns } = index;
  const on = columns.length > 0 ? ` over ${listed(columns)}` : "";
  return driftFinding({
    id: `drift:${partPlace(table, name)}:${valid ? "unknown" : "invalid"}`,
    severity: unique || !valid ? "warning" : "note",
    table,
    columns,
    constraint: name,
    message: valid
      ? `${table} has ${unique ? "a unique" : "an"} index ${name}${on} that is not in the registry.`
      : `The index ${name} of ${table} is invalid: a CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that failed has left it.`,
    advice: adviceOf(valid ? "Add it to the registry, or drop it:" : "Drop it:", [
      dropIndex(place, name),
    ]),
  });
}
