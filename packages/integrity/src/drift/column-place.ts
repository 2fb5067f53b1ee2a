import { quoteIdentifier, type CatalogColumn } from "@ctb-data/postgres";
import { alterTable } from "@ctb-data/postgres/statements";
import type { Column } from "@ctb-data/registry";
import { columnPlace } from "./drift-finding.ts";
import type { DriftState, TablePair } from "./drift-state.ts";

/** One column that is there and should be. */
export interface ColumnPlace {
  readonly state: DriftState;
  readonly pair: TablePair;
  readonly column: Column;
  readonly expected: CatalogColumn;
  readonly live: CatalogColumn;
}

/** What is said of a column whatever is wrong with it. */
export function columnSubject(
  { pair, column }: ColumnPlace,
  what: string,
): { readonly id: string; readonly table: string; readonly columns: readonly string[] } {
  const table = pair.table.name;
  return {
    id: `drift:${columnPlace(table, column.name)}:${what}`,
    table,
    columns: [column.name],
  };
}

/** `ALTER TABLE … ALTER COLUMN … action` */
export function alterColumn({ state, pair, column }: ColumnPlace, action: string): string {
  const name = quoteIdentifier(column.name);
  return alterTable(pair.table.name, state.schema, `ALTER COLUMN ${name} ${action}`);
}
