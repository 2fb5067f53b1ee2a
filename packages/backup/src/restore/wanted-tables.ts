import type { TableManifest } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import { objectsForTable } from "../postgres-schema/objects-for-table.ts";
import type { SchemaExport } from "../postgres-schema/schema-object.ts";
import { qualifiedName } from "../postgres/qualified-name.ts";
import type { PostgresPart } from "./restore-options.ts";

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** A table with rows that is to be restored. */
export interface WantedTable {
  /** What was asked for: itself, or the partitioned table that it is a part of. */
  readonly root: TableName;
  readonly table: TableManifest;
}

/**
 * The tables with rows that names mean: `schema.table`, or `table` alone where only one schema has it. All of them when no names are
 * given. A partitioned table means its partitions.
 *
 * @throws {BackupError} NOT_FOUND for a name that the backup does not have; INVALID_OPTIONS for one that several schemas have.
 */
export function wantedTables(
  manifest: PostgresPart,
  schema: SchemaExport,
  names: readonly string[] | undefined,
): readonly WantedTable[] {
  if (names === undefined) return manifest.tables.map((table) => ({ root: table, table }));
  const rows = new Map(manifest.tables.map((table) => [qualifiedName(table), table]));
  const known = tablesOf(schema);
  const wanted = new Map<string, WantedTable>();
  for (const name of names) {
    const root = tableOf(known, name);
    for (const part of objectsForTable(schema, root.schema, root.name).tables) {
      const key = qualifiedName(part);
      const table = rows.get(key);
      if (table !== undefined && !wanted.has(key)) wanted.set(key, { root, table });
    }
  }
  return [...wanted.values()];
}

function tablesOf({ preData }: SchemaExport): readonly TableName[] {
  return preData
    .filter(({ kind }) => kind === "table")
    .map(({ schema, name }) => ({ schema: schema ?? "", name }));
}

function tableOf(known: readonly TableName[], text: string): TableName {
  const found = known.filter(({ schema, name }) => name === text || `${schema}.${name}` === text);
  const [only, second] = found;
  if (only === undefined) {
    const shown = known.slice(0, 20).map(({ schema, name }) => `${schema}.${name}`);
    throw new BackupError("NOT_FOUND", `The backup has no table ${text}.`, {
      table: text,
      hint: `It has: ${shown.join(", ") || "none"}${known.length > 20 ? ", …" : ""}`,
    });
  }
  if (second === undefined) return only;
  throw new BackupError("INVALID_OPTIONS", `Several schemas have a table ${text}.`, {
    table: text,
    hint: `Write one of ${found.map(({ schema, name }) => `${schema}.${name}`).join(", ")}.`,
  });
}
