import { type CatalogQuery, relOptions } from "./catalog-query.ts";

const relName = `quote_ident(n.nspname) || '.' || quote_ident(c.relname)`;
const of = `n.nspname::text AS table_schema, c.relname::text AS table_name`;
const indexName = `quote_ident(n.nspname) || '.' || quote_ident(ic.relname)`;

/** Options that pg_get_constraintdef does not say, and statistics targets of expressions. */
const indexDetails = `coalesce((SELECT string_agg(E';\\nALTER INDEX ' || ${indexName} || ' ALTER COLUMN ' || ia.attnum
      || ' SET STATISTICS ' || ia.attstattarget, '' ORDER BY ia.attnum)
    FROM pg_attribute ia WHERE ia.attrelid = ic.oid AND ia.attstattarget >= 0), '')
    || CASE WHEN i.indisclustered THEN E';\\nALTER TABLE ' || ${relName} || ' CLUSTER ON ' || quote_ident(ic.relname) ELSE '' END
    || CASE WHEN i.indisreplident THEN E';\\nALTER TABLE ONLY ' || ${relName} || ' REPLICA IDENTITY USING INDEX ' || quote_ident(ic.relname) ELSE '' END`;

const keys = `SELECT 'pg_constraint:' || k.oid AS key,
  CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' ELSE 'exclusion constraint' END AS kind,
  n.nspname::text AS schema, k.conname::text AS name, ${of},
  'ALTER TABLE ONLY ' || ${relName} || ' ADD CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
    || coalesce(E';\\nALTER INDEX ' || ${indexName} || ' SET (' || ${relOptions("ic.reloptions")} || ')', '') || ${indexDetails} AS sql
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class ic ON ic.oid = k.conindid JOIN pg_index i ON i.indexrelid = ic.oid
  WHERE k.contype IN ('p', 'u', 'x') AND c.oid >= 16384`;

/** Indexes that are nobody's constraint. An index of a plain table that is not valid is no use; see what is uncovered. */
const indexes = `SELECT 'pg_class:' || ic.oid AS key, 'index' AS kind, n.nspname::text AS schema, ic.relname::text AS name, ${of},
  pg_get_indexdef(ic.oid) || ${indexDetails} AS sql
  FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = ic.relnamespace
  WHERE ic.oid >= 16384 AND c.relkind IN ('r', 'p', 'm') AND (i.indisvalid OR c.relkind = 'p')
    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = ic.oid AND k.contype IN ('p', 'u', 'x'))`;

const attachments = `SELECT 'attach:' || ic.oid AS key, 'index attachment' AS kind, n.nspname::text AS schema, ic.relname::text AS name, ${of},
  'ALTER INDEX ' || quote_ident(pn.nspname) || '.' || quote_ident(p.relname) || ' ATTACH PARTITION ' || ${indexName} AS sql,
  ARRAY(SELECT 'pg_class:' || x FROM unnest(ARRAY[ic.oid, p.oid]) x
    UNION SELECT 'pg_constraint:' || k.oid FROM pg_constraint k WHERE k.conindid IN (ic.oid, p.oid) AND k.contype IN ('p', 'u', 'x')) AS needs
  FROM pg_inherits h JOIN pg_class ic ON ic.oid = h.inhrelid AND ic.relkind IN ('i', 'I') JOIN pg_index i ON i.indexrelid = ic.oid
  JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = ic.relnamespace
  JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE ic.oid >= 16384`;

const foreignKeys = `SELECT 'pg_constraint:' || k.oid AS key, 'foreign key' AS kind, n.nspname::text AS schema, k.conname::text AS name, ${of},
  'ALTER TABLE ' || CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END || ${relName} || ' ADD CONSTRAINT ' || quote_ident(k.conname) || ' '
    || pg_get_constraintdef(k.oid) AS sql, ARRAY['pg_class:' || k.confrelid] AS needs
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype = 'f' AND k.conparentid = 0 AND c.oid >= 16384`;

/** Not-null constraints that rows may violate. Before 18 there were none. */
const looseNotNulls = `SELECT 'pg_constraint:' || k.oid AS key, 'not-null constraint' AS kind, n.nspname::text AS schema, k.conname::text AS name, ${of},
  'ALTER TABLE ' || ${relName} || ' ADD CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) AS sql
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype = 'n' AND NOT k.convalidated AND (k.conislocal OR k.coninhcount = 0) AND c.oid >= 16384`;

/** A child or partition can have validated what its parent has not. */
const validated = (
  version: number,
): string => `SELECT 'state:' || k.oid AS key, 'constraint state' AS kind, n.nspname::text AS schema, k.conname::text AS name, ${of},
  'ALTER TABLE ' || ${relName} || ' VALIDATE CONSTRAINT ' || quote_ident(k.conname) AS sql, ARRAY(
    WITH RECURSIVE up AS (SELECT c.oid UNION SELECT inhparent FROM pg_inherits JOIN up ON inhrelid = up.oid)
    SELECT 'pg_constraint:' || a.oid FROM up JOIN pg_constraint a ON a.conrelid = up.oid AND a.conname = k.conname AND a.contype = k.contype
    UNION SELECT unnest(ARRAY['pg_class:' || c.oid, 'attach:' || c.oid, 'pg_constraint:' || k.conparentid])) AS needs
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.convalidated AND NOT k.conislocal AND c.oid >= 16384 AND EXISTS (
    SELECT 1 FROM pg_inherits i JOIN pg_constraint p ON p.conrelid = i.inhparent AND p.contype = k.contype
    WHERE i.inhrelid = k.conrelid AND NOT p.convalidated ${version >= 180_000 ? "AND p.conenforced" : ""}
      AND (k.contype IN ('c', 'n') AND p.conname = k.conname OR k.contype = 'f' AND p.oid = k.conparentid))`;

const statistics = (
  version: number,
): string => `SELECT 'pg_statistic_ext:' || s.oid AS key, 'statistics object' AS kind,
  n.nspname::text AS schema, s.stxname::text AS name, cn.nspname::text AS table_schema, c.relname::text AS table_name,
  pg_get_statisticsobjdef(s.oid) || coalesce(E';\\nALTER STATISTICS ' || quote_ident(n.nspname) || '.' || quote_ident(s.stxname)
    || ' SET STATISTICS ' || ${version >= 170_000 ? "s.stxstattarget" : "nullif(s.stxstattarget, -1)"}, '') AS sql
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN pg_class c ON c.oid = s.stxrelid
  JOIN pg_namespace cn ON cn.oid = c.relnamespace WHERE s.oid >= 16384`;

const replicaIdentities = `SELECT 'replica identity:' || c.oid AS key, 'replica identity' AS kind, n.nspname::text AS schema, c.relname::text AS name, ${of},
  'ALTER TABLE ONLY ' || ${relName} || ' REPLICA IDENTITY ' || CASE c.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END AS sql,
  ARRAY['pg_class:' || c.oid] AS needs
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.relreplident IN ('f', 'n')`;

/** Indexes and constraints that come after the rows. Checks are with the tables. */
export function constraintQueries(version: number): readonly CatalogQuery[] {
  const first = [keys, indexes, attachments, statistics(version), replicaIdentities];
  return [
    ...[...first, ...(version >= 180_000 ? [looseNotNulls] : [])].map((sql): CatalogQuery => ({
      phase: 1,
      sql,
    })),
    { phase: 2, sql: foreignKeys },
    { phase: 3, sql: validated(version) },
  ];
}
