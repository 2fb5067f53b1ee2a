import { type CatalogQuery, relOptions } from "./catalog-query.ts";

const relName = `quote_ident(n.nspname) || '.' || quote_ident(c.relname)`;
const of = `n.nspname::text AS table_schema, c.relname::text AS table_name`;

/** What says how a sequence counts, for CREATE SEQUENCE and for identity columns. `s` is a row of pg_sequence. */
export const sequenceOptions = `'START WITH ' || s.seqstart || ' INCREMENT BY ' || s.seqincrement || ' MINVALUE ' || s.seqmin
    || ' MAXVALUE ' || s.seqmax || ' CACHE ' || s.seqcache || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END`;

const sequences = `SELECT 'pg_class:' || c.oid AS key, 'sequence' AS kind, n.nspname::text AS schema, c.relname::text AS name,
  'CREATE ' || CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || 'SEQUENCE ' || ${relName} || ' AS '
    || format_type(s.seqtypid, NULL) || ' ' || ${sequenceOptions} AS sql
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  WHERE c.oid >= 16384 AND c.relkind = 'S' AND c.relpersistence <> 't'`;

/** A sequence goes with its column, but the column's default needs the sequence first. */
const sequenceOwners = `SELECT 'owned:' || c.oid AS key, 'sequence owner' AS kind, n.nspname::text AS schema, c.relname::text AS name,
  'ALTER SEQUENCE ' || ${relName} || ' OWNED BY ' || quote_ident(tn.nspname) || '.' || quote_ident(t.relname) || '.' || quote_ident(a.attname) AS sql,
  tn.nspname::text AS table_schema, t.relname::text AS table_name,
  ARRAY['pg_class:' || c.oid, 'pg_class:' || t.oid] AS needs
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
    AND d.refobjsubid > 0 AND d.deptype = 'a'
  JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
  WHERE c.oid >= 16384 AND c.relkind = 'S' AND c.relpersistence <> 't'`;

const viewOptions = `coalesce(' WITH (' || ${relOptions("c.reloptions")} || ')', '')`;

/** The stub has the columns of the view, so that functions and other views can be made on it. */
const views = `SELECT 'pg_class:' || c.oid AS key, 'view' AS kind, n.nspname::text AS schema, c.relname::text AS name,
  'CREATE OR REPLACE VIEW ' || ${relName} || ${viewOptions} || E' AS\\n' || rtrim(pg_get_viewdef(c.oid), ';') || coalesce((
    SELECT string_agg(E';\\nALTER VIEW ' || ${relName} || ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET DEFAULT '
      || pg_get_expr(d.adbin, d.adrelid), '' ORDER BY a.attnum)
    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = c.oid), '') AS sql,
  'CREATE VIEW ' || ${relName} || ' AS SELECT ' || coalesce((
    SELECT string_agg('NULL::' || format_type(a.atttypid, a.atttypmod) || CASE
        WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation
        ELSE '' END || ' AS ' || quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '') AS stub,
  ARRAY(SELECT 'pg_attrdef:' || oid FROM pg_attrdef WHERE adrelid = c.oid) AS aliases
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND c.relkind = 'v' AND c.relpersistence <> 't'`;

const materializedViews = `SELECT 'pg_class:' || c.oid AS key, 'materialized view' AS kind, n.nspname::text AS schema, c.relname::text AS name,
  'CREATE ' || CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || 'MATERIALIZED VIEW ' || ${relName}
    || CASE WHEN am.amname <> 'heap' THEN ' USING ' || quote_ident(am.amname) ELSE '' END
    || coalesce(' WITH (' || nullif(concat_ws(', ', ${relOptions("c.reloptions")}, ${relOptions("toast.reloptions", "toast.")}), '') || ')', '')
    || E' AS\\n' || rtrim(pg_get_viewdef(c.oid), ';') || E'\\nWITH NO DATA' AS sql
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam
  LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid WHERE c.oid >= 16384 AND c.relkind = 'm'`;

const refreshes = `SELECT 'refresh:' || c.oid AS key, 'refresh' AS kind, n.nspname::text AS schema, c.relname::text AS name,
  'REFRESH MATERIALIZED VIEW ' || ${relName} AS sql, ${of}, ARRAY['pg_class:' || c.oid] AS needs
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND c.relkind = 'm' AND c.relispopulated`;

/** A partition is made as a table of its own, so that it keeps the order of its columns. */
const partitions = `SELECT 'attach:' || c.oid AS key, 'partition' AS kind, n.nspname::text AS schema, c.relname::text AS name,
  'ALTER TABLE ONLY ' || quote_ident(pn.nspname) || '.' || quote_ident(p.relname) || ' ATTACH PARTITION ' || ${relName} || ' '
    || pg_get_expr(c.relpartbound, c.oid) AS sql, ${of},
  ARRAY['pg_class:' || c.oid, 'pg_class:' || p.oid] AS needs
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_inherits i ON i.inhrelid = c.oid
  JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE c.oid >= 16384 AND c.relispartition AND c.relkind IN ('r', 'p', 'f')`;

/** Everything in pg_class but tables. */
export const relationQueries: readonly CatalogQuery[] = [
  ...[sequences, sequenceOwners, views, materializedViews, partitions].map((sql): CatalogQuery => ({
    phase: 0,
    sql,
  })),
  { phase: 4, sql: refreshes },
];
