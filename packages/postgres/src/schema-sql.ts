import { generatedHeader } from "@ctb-data/models";
import type { ForeignKey, Registry, Table } from "@ctb-data/registry";
import { quoteIdentifier } from "./quote-identifier.ts";
import {
  alterTable,
  commentOnEnum,
  createEnum,
  createIndex,
  createTable,
  foreignKeyClause,
  script,
  tableComments,
} from "./statements.ts";

/**
 * The whole schema as SQL that runs on an empty database: types, tables (those that are referenced first), indexes, what
 * closes circles of foreign keys, comments. The same registry gives the same text.
 */
export function schemaSql(registry: Registry): string {
  const { schema } = registry;
  const tables = creationOrder(registry);
  const early = earlyForeignKeys(tables);
  const sections = [
    schema === "public" ? [] : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`],
    [...registry.enums.values()].flatMap((type) => [
      createEnum(type, schema),
      ...(type.description ? [commentOnEnum(type, schema)] : []),
    ]),
    ...tables.map((table) => [
      createTable(
        table,
        schema,
        table.foreignKeys.filter((key) => early.has(key)),
      ),
      ...table.indexes.map((index) => createIndex(index, table.name, schema)),
      ...tableComments(table, schema),
    ]),
    tables.flatMap((table) =>
      table.foreignKeys
        .filter((key) => !early.has(key))
        .map((key) => alterTable(table.name, schema, `ADD ${foreignKeyClause(key, schema)}`)),
    ),
  ];
  const header = `${generatedHeader("postgres", "--")}\n`;
  return [header, ...sections.filter((section) => section.length > 0).map(script)].join("\n");
}

/** Referenced tables before those that refer to them, otherwise in the order of the registry. */
export function creationOrder(registry: Registry): readonly Table[] {
  const ordered = new Set<Table>();
  const visiting = new Set<Table>();
  // A stack of its own: a chain of thousands of tables must not end the program.
  const stack = [...registry.tables.values()].toReversed();
  while (stack.length > 0) {
    const table = stack.at(-1);
    if (!table || ordered.has(table) || visiting.has(table)) {
      stack.pop();
      if (table) ordered.add(table);
      continue;
    }
    visiting.add(table);
    const referenced = table.foreignKeys
      .map((key) => registry.tables.get(key.referencedTable))
      .filter((target) => target !== undefined)
      .filter((target) => !ordered.has(target) && !visiting.has(target));
    stack.push(...referenced.toReversed());
  }
  return [...ordered];
}

/** Those that can stand in CREATE TABLE: what they refer to exists by then, with its key. */
function earlyForeignKeys(tables: readonly Table[]): ReadonlySet<ForeignKey> {
  const early = new Set<ForeignKey>();
  const created = new Map<string, Table>();
  for (const table of tables) {
    created.set(table.name, table);
    for (const key of table.foreignKeys) {
      const target = created.get(key.referencedTable);
      if (target && hasConstraintOn(target, key.referencedColumns)) early.add(key);
    }
  }
  return early;
}

/** A unique index will do for a foreign key, too, but it is made after its table. */
function hasConstraintOn(table: Table, columns: readonly string[]): boolean {
  const wanted = columns.toSorted().join("\0");
  return [table.primaryKey, ...table.uniques].some(
    (key) => key?.columns.toSorted().join("\0") === wanted,
  );
}
