import type { CatalogForeignKey } from "./catalog.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { qualifiedName } from "./sql-type.ts";
import { columnNames } from "./statements.ts";

/**
 * A foreign key as a live database has it, under another name if one is given: `CONSTRAINT … FOREIGN KEY …`, all that it
 * says among it but whether it is validated and enforced. Names are qualified.
 */
export function catalogForeignKeyClause(key: CatalogForeignKey, name: string = key.name): string {
  const names = (columns: readonly string[]): string => periodNames(columns, key.period === true);
  return [
    `CONSTRAINT ${quoteIdentifier(name)} FOREIGN KEY ${names(key.columns)}`,
    `REFERENCES ${qualifiedName(key.referencedSchema, key.referencedTable)} ${names(key.referencedColumns)}`,
    ...(key.match === "full" ? ["MATCH FULL"] : []),
    ...(key.onDelete === "no action" ? [] : [`ON DELETE ${onDelete(key)}`]),
    ...(key.onUpdate === "no action" ? [] : [`ON UPDATE ${key.onUpdate.toUpperCase()}`]),
    ...(key.deferrable ? ["DEFERRABLE"] : []),
    ...(key.deferred === true ? ["INITIALLY DEFERRED"] : []),
  ].join(" ");
}

function onDelete({ onDelete: action, onDeleteColumns }: CatalogForeignKey): string {
  return `${action.toUpperCase()}${onDeleteColumns === undefined ? "" : ` ${columnNames(onDeleteColumns)}`}`;
}

function periodNames(columns: readonly string[], period: boolean): string {
  if (!period) return columnNames(columns);
  const names = columns.map(quoteIdentifier);
  return `(${names.map((name, index) => (index === names.length - 1 ? `PERIOD ${name}` : name)).join(", ")})`;
}
