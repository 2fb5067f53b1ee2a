import { checkClause } from "@ctb-data/postgres/statements";
import type { Finding } from "../finding.ts";
import { addValidated, dropConstraint, renameConstraint } from "./constraint-statements.ts";
import { adviceOf, driftFinding, partPlace } from "./drift-finding.ts";
import type { DriftState, TablePair } from "./drift-state.ts";

/** Check constraints that are missing, unknown or others. */
export function checkConstraintDrift(state: DriftState): readonly Finding[] {
  return state.pairs.flatMap((pair) => [
    ...missing(state, pair),
    ...different(state, pair),
    ...renamed(state, pair),
    ...unknown(state, pair),
  ]);
}

function missing(state: DriftState, pair: TablePair): readonly Finding[] {
  const table = pair.table.name;
  return pair.checks.missing.flatMap(({ name, columns }) => {
    const check = pair.table.checks.find((candidate) => candidate.name === name);
    if (!check) return [];
    return [
      driftFinding({
        id: `constraint_missing:${partPlace(table, name)}`,
        kind: "constraint_missing",
        table,
        columns,
        constraint: name,
        message: `${table} has no check ${name}: ${check.expression}.`,
        fix: {
          summary: `Adds the check ${name} to ${table}.`,
          statements: addValidated(
            { state, table: pair.live },
            { name, clause: checkClause(check) },
          ),
        },
      }),
    ];
  });
}

function different(state: DriftState, pair: TablePair): readonly Finding[] {
  const table = pair.table.name;
  return pair.checks.different.flatMap(({ expected, live }) => {
    const check = pair.table.checks.find(({ name }) => name === expected.name);
    if (!check) return [];
    const place = { state, table: pair.live };
    return [
      driftFinding({
        id: `drift:${partPlace(table, expected.name)}:different`,
        table,
        columns: expected.columns,
        constraint: live.name,
        message: `The check ${live.name} of ${table} is ${live.expression}; the registry says ${expected.expression}.`,
        advice: adviceOf("Write a migration:", [
          dropConstraint(place, live.name),
          ...addValidated(place, { name: check.name, clause: checkClause(check) }),
        ]),
      }),
    ];
  });
}

function renamed(state: DriftState, pair: TablePair): readonly Finding[] {
  const table = pair.table.name;
  return pair.checks.renamed.map(({ expected, live }) =>
    driftFinding({
      id: `drift:${partPlace(table, expected.name)}:name`,
      severity: "note",
      table,
      columns: expected.columns,
      constraint: live.name,
      message: `The check ${expected.name} of ${table} is called ${live.name}.`,
      advice: adviceOf("Write a migration:", [
        renameConstraint({ state, table: pair.live }, { from: live.name, to: expected.name }),
      ]),
    }),
  );
}

function unknown(state: DriftState, pair: TablePair): readonly Finding[] {
  const table = pair.table.name;
  return pair.checks.unknown.map(({ name, columns, expression }) =>
    driftFinding({
      id: `drift:${partPlace(table, name)}:unknown`,
      table,
      columns,
      constraint: name,
      message: `${table} has a check ${name} that is not in the registry: ${expression}.`,
      advice: adviceOf("Add it to the registry, or drop it:", [
        dropConstraint({ state, table: pair.live }, name),
      ]),
    }),
  );
}
