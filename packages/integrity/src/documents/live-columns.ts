import type { Queryable } from "@ctb-data/postgres";

/** The columns that a live table has: by their names the built-in type below them, empty for any other. */
export type LiveColumns = ReadonlyMap<string, string>;

/** The columns of every table of a schema. Domains count as what they are made of. @throws {PostgresError} */
export async function readLiveColumns(
  db: Queryable,
  schema: string,
): Promise<ReadonlyMap<string, LiveColumns>> {
  const { rows } = await db.query<{
    readonly table: string;
    readonly column: string;
    readonly type: string | null;
  }>(
    `SELECT c.relname::text AS "table", a.attname::text AS "column", (
       WITH RECURSIVE base AS (
         SELECT t.typname, t.typtype, t.typbasetype, t.typnamespace FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
         UNION ALL
         SELECT t.typname, t.typtype, t.typbasetype, t.typnamespace FROM base b
           JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
       )
       SELECT b.typname::text FROM base b
         WHERE b.typtype = 'b' AND b.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
     ) AS "type"
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [schema],
  );
  const tables = new Map<string, Map<string, string>>();
  for (const { table, column, type } of rows) {
    const columns = tables.get(table) ?? new Map<string, string>();
    tables.set(table, columns.set(column, type ?? ""));
  }
  return tables;
}
