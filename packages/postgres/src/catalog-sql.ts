import { quoteIdentifier, quoteLiteral } from "./quote-identifier.ts";

/**
 * One script that asks for everything: one query per kind of object, in one snapshot, in one round trip. With the schemas in
 * front of the path PostgreSQL prints their names as the registry does, without the schema.
 */
export function catalogSql(schemas: readonly string[]): string {
  const list = `ANY (ARRAY[${schemas.map(quoteLiteral).join(", ")}]::pg_catalog.text[])`;
  const path = schemas.length === 0 ? "''" : schemas.map(quoteIdentifier).join(", ");
  const queries = [tables, columns, constraints, indexes, enums, sequences, views];
  return [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    `SET LOCAL search_path = ${path}`,
    // A role may have it; types and expressions would be printed otherwise than for others.
    "SET LOCAL quote_all_identifiers = off",
    "SELECT pg_catalog.current_setting('server_version') AS version",
    ...queries.map((query) => query.replaceAll("$SCHEMAS", list)),
    "COMMIT",
  ].join(";\n");
}

/** Tables of extensions and partitions of tables belong to something else. */
const tables = `
SELECT n.nspname AS schema, c.relname AS name, c.oid AS oid, c.relkind = 'p' AS partitioned,
  c.reltuples::float8 AS rows, d.description AS comment
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.objoid = c.oid AND d.objsubid = 0
WHERE n.nspname = $SCHEMAS AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
    WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname`;

const columns = `
SELECT a.attrelid AS oid, a.attnum AS number, a.attname AS name,
  pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
  pg_catalog.pg_get_expr(f.adbin, f.adrelid) AS expression, a.attidentity::text AS identity,
  a.attgenerated::text AS generated, d.description AS comment,
  CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::text END AS collation,
  (SELECT o.conname FROM pg_catalog.pg_constraint o WHERE o.conrelid = a.attrelid AND o.contype = 'n'
    AND o.conkey OPERATOR(pg_catalog.=) ARRAY[a.attnum] AND NOT o.convalidated) AS "notNullNotValid",
  EXISTS (SELECT FROM pg_catalog.pg_depend s
    JOIN pg_catalog.pg_depend u ON u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid AND u.objid = f.oid
      AND u.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND u.refobjid = s.objid
    WHERE s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND s.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
      AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum AND s.deptype = 'a') AS serial
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
LEFT JOIN pg_catalog.pg_description d
  ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.objoid = a.attrelid AND d.objsubid = a.attnum
WHERE n.nspname = $SCHEMAS AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum`;

/**
 * What only newer servers have (`conenforced`, `conperiod` since 18, `confdelsetcols` and `indnullsnotdistinct` since 15) is read
 * from the row as JSON, where it is missing on older ones. A foreign key to a partitioned table has further rows, one for each
 * partition, that belong to it; its triggers are spread over them, and over those of the partitions of its own table.
 */
const constraints = `
SELECT o.conrelid AS oid, o.conname AS name, o.contype::text AS type, o.conkey AS columns,
  o.confkey AS "referencedColumns", o.confrelid AS "referencedOid", rn.nspname AS "referencedSchema",
  rc.relname AS "referencedTable", o.confdeltype::text AS "onDelete", o.confupdtype::text AS "onUpdate",
  o.condeferrable AS deferrable, o.condeferred AS deferred, o.convalidated AS validated,
  o.confmatchtype::text AS match,
  COALESCE((pg_catalog.to_jsonb(o) ->> 'conenforced'::pg_catalog.text)::pg_catalog.bool, true) AS enforced,
  COALESCE((pg_catalog.to_jsonb(o) ->> 'conperiod'::pg_catalog.text)::pg_catalog.bool, false) AS period,
  NULLIF(pg_catalog.to_jsonb(o) -> 'confdelsetcols'::pg_catalog.text, 'null') AS "onDeleteColumns",
  COALESCE((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct'::pg_catalog.text)::pg_catalog.bool, false) AS "nullsNotDistinct",
  o.contype <> 'f' OR NOT EXISTS (
    WITH RECURSIVE parts (oid) AS (
      SELECT o.oid UNION ALL SELECT p.oid FROM pg_catalog.pg_constraint p JOIN parts ON p.conparentid = parts.oid)
    SELECT FROM pg_catalog.pg_trigger g JOIN parts ON g.tgconstraint = parts.oid
    WHERE g.tgenabled NOT IN ('O', 'A')) AS "triggersEnabled",
  pg_catalog.pg_get_expr(o.conbin, o.conrelid) AS expression,
  (SELECT pg_catalog.array_agg(ra.attname ORDER BY k.place)
    FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute ra ON ra.attrelid = o.confrelid AND ra.attnum = k.number) AS "referencedNames"
FROM pg_catalog.pg_constraint o
JOIN pg_catalog.pg_class c ON c.oid = o.conrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = o.conindid AND o.contype IN ('p', 'u')
LEFT JOIN pg_catalog.pg_class rc ON rc.oid = o.confrelid
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
WHERE n.nspname = $SCHEMAS AND o.contype IN ('p', 'u', 'f', 'c')
  AND NOT (o.contype = 'f' AND o.conparentid <> 0)
ORDER BY o.conrelid, o.conname`;

const indexes = `
SELECT i.indrelid AS oid, c.relname AS name, i.indisunique AS unique, m.amname AS method,
  pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  i.indisvalid AS valid, i.indnkeyatts AS keys,
  COALESCE((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct'::pg_catalog.text)::pg_catalog.bool, false) AS "nullsNotDistinct",
  (SELECT pg_catalog.array_agg(DISTINCT d.refobjsubid) FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.refobjid = i.indrelid AND d.refobjsubid > 0) AS columns,
  (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'number', i.indkey[k], 'text', pg_catalog.pg_get_indexdef(i.indexrelid, k + 1, true), 'option', i.indoption[k],
      'class', CASE WHEN p.opcdefault THEN NULL ELSE p.opcname END,
      'collation', CASE WHEN i.indcollation[k] <> a.attcollation AND i.indcollation[k] <> 0::pg_catalog.oid
        THEN i.indcollation[k]::pg_catalog.regcollation::pg_catalog.text END) ORDER BY k)
    FROM pg_catalog.generate_series(0, i.indnatts - 1) k
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k] AND a.attnum > 0
    LEFT JOIN pg_catalog.pg_opclass p ON p.oid = i.indclass[k]) AS parts
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = c.relam
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p') AND NOT t.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = $SCHEMAS AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
    WHERE o.conindid = i.indexrelid AND o.conrelid = i.indrelid AND o.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, c.relname`;

const enums = `
SELECT n.nspname AS schema, t.typname AS name, d.description AS comment,
  (SELECT pg_catalog.array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS values
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid AND d.objoid = t.oid AND d.objsubid = 0
WHERE n.nspname = $SCHEMAS AND t.typtype = 'e'
ORDER BY n.nspname, t.typname`;

const sequences = `
SELECT n.nspname AS schema, c.relname AS name, pg_catalog.format_type(s.seqtypid, NULL) AS type,
  t.relname AS table, a.attname AS column
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.objid = c.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE n.nspname = $SCHEMAS
ORDER BY n.nspname, c.relname`;

const views = `
SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS materialized
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $SCHEMAS AND c.relkind IN ('v', 'm')
ORDER BY n.nspname, c.relname`;
