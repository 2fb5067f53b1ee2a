import { formatColumnType } from "./column-type.ts";
import type { Column, ForeignKey, Registry, Table } from "./registry.ts";

/**
 * A Mermaid `erDiagram`: an entity per table, with its columns, keys (PK, FK, UK) and descriptions, and a line per
 * foreign key. Names that Mermaid cannot spell get `_` for what it refuses, and their real name beside them.
 */
export function renderErd(registry: Registry): string {
  const entities = entityNames(registry.tables.keys());
  const nameOf = (table: string) => entities.get(table) ?? table;
  const lines = ["erDiagram"];
  for (const table of registry.tables.values()) {
    lines.push(`  ${nameOf(table.name)} {`);
    for (const column of table.columns.values()) lines.push(`    ${attribute(table, column)}`);
    lines.push("  }");
  }
  for (const table of registry.tables.values()) {
    for (const key of table.foreignKeys) {
      lines.push(
        `  ${nameOf(key.referencedTable)} ${relationship(table, key, nameOf(table.name))}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Words of Mermaid's own, in any case: as the name of an entity they need quotes. */
const keywords =
  /^(?:acc(?:title|descr)|class(?:def)?|default|direction|end|erdiagram|many|md|more|o|one|only|optionally|or|style|subgraph|title|to|u|zero)$/i;

/** What each table is called in the diagram. Mermaid's quoted names may have anything but quotes, `%` and backslashes. */
function entityNames(tables: Iterable<string>): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const table of tables) {
    let safe = table.replaceAll(/["%\\]/g, "_");
    while (taken.has(safe)) safe += "_";
    taken.add(safe);
    const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(safe) && !keywords.test(safe);
    names.set(table, isPlain ? safe : `"${safe}"`);
  }
  return names;
}

/** Mermaid's attribute words: no commas, dots or quotes, and none that begins like a key. */
function word(text: string): string {
  const safe = text.replaceAll(",", "-").replaceAll(/[^A-Za-z0-9\-_[\]()\u00C0-\uFFFF*]/g, "_");
  const isWord = /^[A-Za-z_\u00C0-\uFFFF]/.test(safe) && !/^[PFU]K(?![A-Za-z0-9_])/i.test(safe);
  return isWord ? safe : `_${safe}`;
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

/** The line from the referenced table, whose name stands before it, to the table. */
function relationship(table: Table, key: ForeignKey, entity: string): string {
  const isRequired = key.columns.every((name) => table.columns.get(name)?.nullable === false);
  const same = (columns: readonly string[]) =>
    columns.toSorted().join("\0") === key.columns.toSorted().join("\0");
  const isUnique = [table.primaryKey, ...table.uniques].some(
    (other) => other !== undefined && same(other.columns),
  );
  const line = `${isRequired ? "||" : "|o"}--${isUnique ? "o|" : "o{"}`;
  const label = key.columns.join(", ").replaceAll(/["\s]+/g, " ");
  return `${line} ${entity} : "${label}"`;
}
