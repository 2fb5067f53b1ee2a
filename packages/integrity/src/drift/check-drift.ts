import type { Finding } from "../finding.ts";
import { checkConstraintDrift } from "./check-constraint-drift.ts";
import { columnDrift } from "./column-drift.ts";
import { driftState, type DriftOptions } from "./drift-state.ts";
import { enumDrift } from "./enum-drift.ts";
import { foreignKeyDrift } from "./foreign-key-drift.ts";
import { indexDrift } from "./index-drift.ts";
import { keyDrift } from "./key-drift.ts";
import { tableDrift } from "./table-drift.ts";
import { untrustedConstraints } from "./untrusted-constraints.ts";

/**
 * Compares a live database with what the registry makes: `live` is its catalog, `expected` that of an empty database in which
 * `schemaSql(registry)` ran, so that both speak PostgreSQL's own words. Comments, views, functions and the order of columns are
 * not compared.
 *
 * Findings stand in the order in which what they advise can be run: types, tables, columns, keys, checks, indexes, foreign keys, and
 * last what is not validated or switched off. Statements of a `fix` and of an `advice` name things as migrations do: those of
 * `public` without their schema, so that they run where `search_path` leads there.
 */
export function checkDrift(options: DriftOptions): readonly Finding[] {
  const state = driftState(options);
  const findings = [
    ...enumDrift(state),
    ...tableDrift(state),
    ...columnDrift(state),
    ...keyDrift(state),
    ...checkConstraintDrift(state),
    ...indexDrift(state),
    ...foreignKeyDrift(state),
    ...untrustedConstraints(state),
  ];
  const { tables } = options;
  if (tables === undefined) return findings;
  return findings.filter(({ table }) => table !== undefined && tables.includes(table));
}
