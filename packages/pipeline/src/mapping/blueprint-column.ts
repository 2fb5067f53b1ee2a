import type { Column, Registry, Table } from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";

/** A table and a column of the registry, by the names of a blueprint. @throws {PipelineError} INVALID_BLUEPRINT when the blueprint is of another registry. */
export function blueprintColumnOf(
  registry: Registry,
  tableName: string,
  columnName: string,
): { readonly table: Table; readonly column: Column } {
  const table = registry.tables.get(tableName);
  const column = table?.columns.get(columnName);
  if (table !== undefined && column !== undefined) return { table, column };
  throw new PipelineError(
    "INVALID_BLUEPRINT",
    `The blueprint names the column "${columnName}" of the table "${tableName}", which the registry does not have.`,
    { hint: "Load the blueprint with the registry that it is used with." },
  );
}
