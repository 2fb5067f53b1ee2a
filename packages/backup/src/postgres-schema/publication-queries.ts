import type { CatalogQuery } from "./catalog-query.ts";

function publications(version: number): string {
  const generated =
    version >= 180_000
      ? `|| CASE WHEN pubgencols = 's' THEN ', publish_generated_columns = stored' ELSE '' END`
      : "";
  return `SELECT 'pg_publication:' || oid AS key, 'publication' AS kind, NULL AS schema, pubname::text AS name,
    'CREATE PUBLICATION ' || quote_ident(pubname) || CASE WHEN puballtables THEN ' FOR ALL TABLES' ELSE '' END || ' WITH (publish = '
      || quote_literal(concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
        CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END))
      || CASE WHEN pubviaroot THEN ', publish_via_partition_root = true' ELSE '' END ${generated} || ')' AS sql
    FROM pg_publication WHERE oid >= 16384`;
}

/** Column lists and row filters came with 15. */
function publicationTables(version: number): string {
  const details =
    version >= 150_000
      ? `|| coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
          WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])) || ')', '')
         || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')`
      : "";
  return `SELECT 'pg_publication_rel:' || r.oid AS key, 'publication table' AS kind, n.nspname::text AS schema, p.pubname::text AS name,
    n.nspname::text AS table_schema, c.relname::text AS table_name,
    'ALTER PUBLICATION ' || quote_ident(p.pubname) || ' ADD TABLE ONLY ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) ${details} AS sql,
    ARRAY['pg_publication:' || p.oid, 'pg_class:' || c.oid] AS needs
    FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.oid >= 16384`;
}

const publicationSchemas = `SELECT 'pg_publication_namespace:' || s.oid AS key, 'publication schema' AS kind, n.nspname::text AS schema, p.pubname::text AS name,
  'ALTER PUBLICATION ' || quote_ident(p.pubname) || ' ADD TABLES IN SCHEMA ' || quote_ident(n.nspname) AS sql,
  ARRAY['pg_publication:' || p.oid, 'pg_namespace:' || n.oid] AS needs
  FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = s.pnpubid JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.oid >= 16384`;

/** What logical replication sends. */
export function publicationQueries(version: number): readonly CatalogQuery[] {
  return [
    publications(version),
    publicationTables(version),
    ...(version >= 150_000 ? [publicationSchemas] : []),
  ].map((sql) => ({ phase: 3, sql }));
}
