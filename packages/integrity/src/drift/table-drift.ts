import { quoteIdentifier, type CatalogTable } from "@ctb-data/postgres";
import { alterTable, changeStatements } from "@ctb-data/postgres/statements";
import type { Column, Table } from "@ctb-data/registry";
import type { Finding } from "../finding.ts";
import { adviceOf, columnPlace, driftFinding, listed } from "./drift-finding.ts";
import { placeOf, type DriftState, type TablePair } from "./drift-state.ts";
import { liveRegistry, missingItems } from "./live-registry.ts";
import { sameNames } from "./same-parts.ts";

/** Tables and columns that are missing, each with all that hangs on it, and those that are unknown. */
export function tableDrift(state: DriftState): readonly Finding[] {
  return [...missingThings(state), ...strangeTables(state), ...strangeColumns(state)];
}

/** The statements of each make it and all that needs it; what needs another missing thing too comes with the later one. */
function missingThings(state: DriftState): readonly Finding[] {
  const items = missingItems(state);
  const statementsOf = (index: number): readonly string[] =>
    changeStatements(
      liveRegistry(state, new Set(items.slice(index))),
      liveRegistry(state, new Set(items.slice(index + 1))),
    );
  return items.flatMap((item, index) => {
    const table = state.missingTables.find(({ name }) => name === item);
    if (table) return [missingTable(table, state, statementsOf(index))];
    return state.pairs.flatMap((pair) =>
      pair.missingColumns
        .filter((column) => placeOf(pair.table.name, column) === item)
        .flatMap((name) => {
          const column = pair.table.columns.get(name);
          return column ? [missingColumn(pair, column, statementsOf(index))] : [];
        }),
    );
  });
}

function missingTable(table: Table, state: DriftState, statements: readonly string[]): Finding {
  const view = state.live.views.find(
    ({ schema, name }) => schema === state.schema && name === table.name,
  );
  const names = [...table.columns.keys()];
  const alike = state.unknownTables.filter(({ columns }) =>
    sameNames(
      columns.map(({ name }) => name),
      names,
    ),
  );
  const [other] = alike;
  const renamed =
    alike.length === 1 && other
      ? `It may be ${other.name} under its new name; then: ${alterTable(other.name, state.schema, `RENAME TO ${quoteIdentifier(table.name)}`)}; otherwise write a migration:`
      : "Write a migration:";
  return driftFinding({
    id: `drift:${quoteIdentifier(table.name)}:missing`,
    severity: "error",
    table: table.name,
    message: `The table ${table.name} is missing${view ? "; there is a view of that name" : ""}.`,
    advice: adviceOf(
      view ? "Rename or drop the view, then write a migration:" : renamed,
      statements,
    ),
  });
}

function missingColumn(pair: TablePair, column: Column, statements: readonly string[]): Finding {
  const { table, expected } = pair;
  const type = expected.columns.find(({ name }) => name === column.name)?.type;
  const alike = pair.unknownColumns.filter((unknown) => unknown.type === type);
  const [other] = alike;
  const rows =
    column.nullable || column.default !== undefined || column.type.name.endsWith("serial")
      ? ""
      : " that gives rows which are there a value";
  const renamed =
    alike.length === 1 && other
      ? `It may be ${other.name} under its old name; then rename that one and lose nothing. Otherwise write a migration${rows}:`
      : `Write a migration${rows}:`;
  return driftFinding({
    id: `drift:${columnPlace(table.name, column.name)}:missing`,
    severity: "error",
    table: table.name,
    columns: [column.name],
    message: `${table.name} has no column ${column.name}.`,
    advice: adviceOf(renamed, statements),
  });
}

function strangeTables({ unknownTables: tables }: DriftState): readonly Finding[] {
  return tables.map(({ name }) =>
    driftFinding({
      id: `drift:${quoteIdentifier(name)}:unknown`,
      severity: "note",
      table: name,
      message: `The table ${name} is not in the registry.`,
      advice: "Add it to the registry, or move it to a schema of its own.",
    }),
  );
}

function strangeColumns({ pairs, schema }: DriftState): readonly Finding[] {
  return pairs.flatMap(({ table, live, unknownColumns: columns }) =>
    columns.map((column) => {
      const refuses =
        !column.nullable &&
        column.default === undefined &&
        column.identity === undefined &&
        column.generated === undefined;
      const parts = partsOver(live, column.name);
      return driftFinding({
        id: `drift:${columnPlace(table.name, column.name)}:unknown`,
        severity: refuses ? "error" : "warning",
        table: table.name,
        columns: [column.name],
        message: [
          `${table.name} has a column ${column.name} (${column.type}) that is not in the registry`,
          ...(refuses ? ["and without which no row can be written"] : []),
          ...(parts.length > 0 ? [`(with ${listed(parts)})`] : []),
        ]
          .join(" ")
          .concat("."),
        advice: adviceOf("Add it to the registry, or drop it and what it holds:", [
          alterTable(table.name, schema, `DROP COLUMN ${quoteIdentifier(column.name)}`),
        ]),
      });
    }),
  );
}

function partsOver(table: CatalogTable, column: string): readonly string[] {
  return [
    ...(table.primaryKey ? [table.primaryKey] : []),
    ...table.uniques,
    ...table.checks,
    ...table.indexes,
    ...table.foreignKeys,
  ]
    .filter(({ columns }) => columns.includes(column))
    .map(({ name }) => name);
}
