import { formatColumnType } from "./column-type.ts";
import type { Column, ForeignKey, Registry, Table } from "./registry.ts";

/**
 * A Mermaid `erDiagram`: an entity per table, with its columns, keys (PK, FK, UK) and descriptions, and a line per
 * foreign key. Names that Mermaid cannot spell get `_` for what it refuses, and their real name beside them.
 */
export function renderErd(registry: Registry): string {
  const lines = ["erDiagram"];
  for (const table of registry.tables.values()) {
    lines.push(`  ${entityName(table.name)} {`);
    for (const column of table.columns.values()) lines.push(`    ${attribute(table, column)}`);
    lines.push("  }");
  }
  for (const table of registry.tables.values()) {
    for (const key of table.foreignKeys) lines.push(`  ${relationship(table, key)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Mermaid's quoted entity names may have anything but these. */
function entityName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  return `"${name.replaceAll(/["%\\\s]/g, "_")}"`;
}

/** Mermaid's attribute words: no commas, dots or quotes. */
function word(text: string): string {
  const safe = text.replaceAll(",", "-").replaceAll(/[^A-Za-z0-9\-_[\]()\u00C0-\uFFFF*]/g, "_");
  return /^[A-Za-z_\u00C0-\uFFFF]/.test(safe) ? safe : `_${safe}`;
}

function attribute(table: Table, column: Column): string {
  const type = word(formatColumnType(column.type));
  const name = word(column.name);
  const keys = keysOf(table, column.name);
  const notes = [
    ...(name === column.name ? [] : [column.name]),
    ...(column.nullable ? [] : ["required"]),
    ...(column.encryption === undefined ? [] : ["encrypted"]),
    ...(column.description === undefined ? [] : [column.description]),
  ];
  const comment = notes.join("; ").replaceAll(/\s+/g, " ").replaceAll('"', "'");
  const parts = [type, name, keys.join(", "), comment === "" ? "" : `"${comment}"`];
  return parts.filter((part) => part !== "").join(" ");
}

function keysOf(table: Table, column: string): readonly string[] {
  const isAlone = (columns: readonly string[]) => columns.length === 1 && columns[0] === column;
  return [
    ...(table.primaryKey?.columns.includes(column) === true ? ["PK"] : []),
    ...(table.foreignKeys.some(({ columns }) => columns.includes(column)) ? ["FK"] : []),
    ...(table.uniques.some(({ columns }) => isAlone(columns)) ? ["UK"] : []),
  ];
}

function relationship(table: Table, key: ForeignKey): string {
  const isRequired = key.columns.every((name) => table.columns.get(name)?.nullable === false);
  const same = (columns: readonly string[]) =>
    columns.toSorted().join("\0") === key.columns.toSorted().join("\0");
  const isUnique = [table.primaryKey, ...table.uniques].some(
    (other) => other !== undefined && same(other.columns),
  );
  const line = `${isRequired ? "||" : "|o"}--${isUnique ? "o|" : "o{"}`;
  const label = key.columns.join(", ").replaceAll(/["\s]+/g, " ");
  return `${entityName(key.referencedTable)} ${line} ${entityName(table.name)} : "${label}"`;
}
