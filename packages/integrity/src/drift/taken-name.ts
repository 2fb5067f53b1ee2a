import type { CatalogTable } from "@ctb-data/postgres";
import type { PlannedFix } from "../finding.ts";
import { adviceOf } from "./drift-finding.ts";
import type { DriftState } from "./drift-state.ts";

/** What would add a key or an index. */
interface Addition {
  readonly table: CatalogTable;
  readonly name: string;
  readonly summary: string;
  readonly statements: readonly string[];
}

/** The fix that adds it, or, where something else has its name, what a person has to do first. */
export function fixUnlessTaken(
  state: DriftState,
  { table, name, summary, statements }: Addition,
): { readonly fix: PlannedFix } | { readonly advice: string } {
  const holder = holderOf(state, table, name);
  if (holder === undefined) return { fix: { summary, statements } };
  return { advice: adviceOf(`Rename or drop ${holder} of that name first, then:`, statements) };
}

/** Relations have one namespace in a schema, constraints one in a table. */
function holderOf(state: DriftState, table: CatalogTable, name: string): string | undefined {
  const { live, liveTables, schema } = state;
  const has = (parts: readonly { readonly name: string }[]): boolean =>
    parts.some((part) => part.name === name);
  for (const other of liveTables) {
    const keys = [...(other.primaryKey ? [other.primaryKey] : []), ...other.uniques];
    if (has(other.indexes)) return `the index of ${other.name}`;
    if (has(keys)) return `the constraint of ${other.name}`;
  }
  if (has(table.checks)) return "the check";
  if (has(table.foreignKeys)) return "the foreign key";
  if (has(liveTables)) return "the table";
  if (has(live.views.filter((view) => view.schema === schema))) return "the view";
  if (has(live.sequences.filter((sequence) => sequence.schema === schema))) return "the sequence";
  return undefined;
}
