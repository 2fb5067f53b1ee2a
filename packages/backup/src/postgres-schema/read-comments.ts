import type { Catalog } from "./catalog-query.ts";

/** `COMMENT ON`, with the key of what it is about. */
export interface CommentRow {
  readonly key: string;
  /** Where it belongs when nothing has that key: a constraint's table, say. */
  readonly home: string | null;
  readonly sql: string | null;
}

const columnTypes = `('table column', 'view column', 'materialized view column', 'foreign table column', 'composite type column')`;

/**
 * `pg_identify_object` names each kind as COMMENT does, but for some. A comment that template1 has for its own `public`
 * is none.
 */
const sql = `WITH found AS (
  SELECT d.*, o.type, o.identity FROM pg_description d
  CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) o
  WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid = 'public'::regnamespace
    AND d.description <> 'standard public schema')
)
SELECT CASE WHEN f.classoid = 'pg_class'::regclass AND c.relkind = 'c' THEN 'pg_type:' || c.reltype ELSE f.classoid::regclass || ':' || f.objoid END AS key,
  CASE WHEN k.conparentid <> 0 THEN 'pg_constraint:' || k.conparentid WHEN k.conrelid <> 0 THEN 'pg_class:' || k.conrelid
    WHEN k.contypid <> 0 THEN 'pg_type:' || k.contypid WHEN t.tgparentid <> 0 THEN 'pg_trigger:' || t.tgparentid
    WHEN i.indexrelid IS NOT NULL THEN 'pg_constraint:' || (SELECT min(ik.oid::int8) FROM pg_constraint ik WHERE ik.conindid = i.indexrelid AND ik.contype IN ('p', 'u', 'x'))
    END AS home,
  'COMMENT ON ' || CASE
    WHEN f.type IN ${columnTypes} THEN 'COLUMN ' || f.identity
    WHEN f.type = 'table constraint' THEN 'CONSTRAINT ' || f.identity
    WHEN f.type = 'domain constraint' THEN 'CONSTRAINT ' || quote_ident(k.conname) || ' ON DOMAIN ' || k.contypid::regtype
    WHEN f.type = 'aggregate' THEN 'AGGREGATE ' || quote_ident(pn.nspname) || '.' || quote_ident(p.proname) || '('
      || coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*') || ')'
    WHEN f.type = 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER ' || f.identity
    WHEN f.type = 'statistics object' THEN 'STATISTICS ' || f.identity
    WHEN f.type = 'composite type' THEN 'TYPE ' || f.identity
    WHEN f.type = 'toast table' THEN NULL
    ELSE upper(f.type) || ' ' || f.identity END || ' IS ' || quote_literal(f.description) AS sql
FROM found f LEFT JOIN pg_constraint k ON f.classoid = 'pg_constraint'::regclass AND k.oid = f.objoid
LEFT JOIN pg_class c ON f.classoid = 'pg_class'::regclass AND c.oid = f.objoid
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_trigger t ON f.classoid = 'pg_trigger'::regclass AND t.oid = f.objoid
LEFT JOIN pg_proc p ON f.classoid = 'pg_proc'::regclass AND p.oid = f.objoid LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace
ORDER BY f.objsubid, f.type COLLATE "C", f.identity COLLATE "C"`;

/** The comments of everything but the database itself, and of what belongs to extensions. */
export async function readComments(catalog: Catalog): Promise<readonly CommentRow[]> {
  return await catalog.rows<CommentRow>(sql);
}
