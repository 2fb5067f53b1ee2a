import { spotOf } from "./check-value-rule.ts";
import type { IntakeChecking } from "./intake-origin.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Column, Table } from "./registry.ts";
import { childOf, isMapAt, textAt, type Located } from "./yaml-node.ts";

/** The column of the referenced table whose values come instead of its key; undefined for none, or after a problem. */
export function lookupOf(
  at: Located,
  column: Column,
  checking: IntakeChecking,
): Column | undefined {
  const name = isMapAt(at) ? textAt(childOf(at, "lookup")) : undefined;
  if (name === undefined) return undefined;
  const spot = spotOf(at, "lookup");
  const { problems } = checking;
  const table = referencedBy(column, spot, checking);
  if (table === undefined) return undefined;
  const found = table.columns.get(name);
  const uniques = uniqueColumnsOf(table);
  if (found === undefined) {
    const message = `the table ${quoted(table.name)} has no column ${quoted(name)}${suggestion(name, table.columns.keys())}`;
    problems.error(spot, "unknown-name", message);
    return undefined;
  }
  const fault = lookupFault(found, uniques);
  if (fault === undefined) return found;
  const others = [...table.columns.values()]
    .filter((other) => other !== found && lookupFault(other, uniques) === undefined)
    .map((other) => other.name);
  problems.error(
    spot,
    "conflict",
    `the column ${quoted(name)} of ${quoted(table.name)} ${fault}, so that no row can be looked up by it`,
    others.length === 0 ? undefined : `it can be by ${others.join(", ")}`,
  );
  return undefined;
}

function referencedBy(
  column: Column,
  spot: Located,
  { table, registry, problems }: IntakeChecking,
): Table | undefined {
  const keys = table.foreignKeys.filter(({ columns }) => columns.includes(column.name));
  const own = keys.filter(({ columns }) => columns.length === 1);
  const tables = new Set(own.map(({ referencedTable }) => referencedTable));
  const [name, ...more] = tables;
  if (name !== undefined && more.length === 0) return registry.tables.get(name);
  problems.error(
    spot,
    "invalid-reference",
    name !== undefined
      ? `the column ${quoted(column.name)} references several tables: ${[...tables].map(quoted).join(", ")}`
      : keys.length > 0
        ? `the foreign key of ${quoted(column.name)} has several columns, so that one value cannot find its row`
        : `the column ${quoted(column.name)} has no foreign key, so that there is nothing to look up`,
  );
  return undefined;
}

/** Columns that tell the rows of a table apart, each for itself. */
function uniqueColumnsOf(table: Table): ReadonlySet<string> {
  const keys = [...(table.primaryKey === undefined ? [] : [table.primaryKey]), ...table.uniques];
  const indexes = table.indexes.filter(({ unique, where }) => unique && where === undefined);
  return new Set([
    ...keys.flatMap(({ columns }) => (columns.length === 1 ? columns : [])),
    ...indexes.flatMap(({ parts: [part, ...others] }) =>
      part !== undefined && others.length === 0 && "column" in part ? [part.column] : [],
    ),
  ]);
}

function lookupFault(
  { name, type, encryption, blindIndexOf }: Column,
  uniques: ReadonlySet<string>,
): string | undefined {
  if (encryption !== undefined) return "is encrypted";
  if (blindIndexOf !== undefined) return "is a blind index";
  if (type.kind === "json" || type.dimensions > 0) return "is no single value";
  return uniques.has(name) ? undefined : "is not unique";
}
