import type { Connection } from "@ctb-data/postgres";
import type { TableManifest } from "../archive/postgres-manifest.ts";

/** A table that rows are restored into, as it is. */
export interface TargetTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** In the order of the key; empty without one. */
  readonly primaryKey: readonly string[];
  /** Neither foreign keys from or to it, nor triggers. */
  readonly isPlain: boolean;
  /** It belongs to an extension, which has filled it. */
  readonly isOfExtension: boolean;
  /** Which of its rows are the user's, as the extension says: `WHERE …`, or empty. */
  readonly extensionCondition: string;
}

/** Looks up tables by name. Those that are not there are left out. @throws {PostgresError} */
export async function readTargetTables(
  connection: Connection,
  tables: readonly TableManifest[],
): Promise<readonly TargetTable[]> {
  const { rows } = await connection.query<TargetTable>(
    `SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name,
      ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
      ARRAY(SELECT a.attname::text FROM pg_catalog.pg_constraint AS k,
          unnest(k.conkey) WITH ORDINALITY AS part (attnum, place)
          JOIN pg_catalog.pg_attribute AS a ON a.attnum = part.attnum
        WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attrelid = c.oid ORDER BY part.place) AS "primaryKey",
      NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid) AS "isPlain",
      e.oid IS NOT NULL AS "isOfExtension",
      coalesce(e.extcondition[array_position(e.extconfig, c.oid)], '') AS "extensionCondition"
      FROM unnest($1::text[], $2::text[]) AS wanted (schema, name)
      JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted.schema
      JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind = 'r'
      LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
        AND d.objsubid = 0 AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  );
  return rows;
}
