import type { CatalogQuery } from "./catalog-query.ts";

const from = `FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace`;

/** `schema.name` even of a type whose short name is another's, as `"char"`. */
const typeName = `quote_ident(n.nspname) || '.' || quote_ident(t.typname)`;

function head(kind: string): string {
  return `SELECT 'pg_type:' || t.oid AS key, '${kind}' AS kind, n.nspname::text AS schema, t.typname::text AS name`;
}

const enums = `${head("enum")},
  'CREATE TYPE ' || ${typeName} || ' AS ENUM (' || coalesce((
    SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '') || ')' AS sql
  ${from} WHERE t.oid >= 16384 AND t.typtype = 'e'`;

const composites = `${head("composite type")},
  'CREATE TYPE ' || ${typeName} || ' AS (' || coalesce((
    SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) || CASE
        WHEN a.attcollation <> 0 AND a.attcollation <> at.typcollation THEN ' COLLATE ' || a.attcollation::regcollation
        ELSE '' END, ', ' ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid
    WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')' AS sql
  ${from} JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' WHERE t.oid >= 16384`;

const domains = (version: number): string => `${head("domain")},
  'CREATE DOMAIN ' || ${typeName} || ' AS ' || format_type(t.typbasetype, t.typtypmod) || CASE
      WHEN t.typcollation <> 0 AND t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation
      ELSE '' END
    || coalesce(' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), ' DEFAULT ' || quote_literal(t.typdefault), '')
    ${version < 170_000 ? "|| CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END" : ""} AS sql
  ${from} JOIN pg_type b ON b.oid = t.typbasetype WHERE t.oid >= 16384 AND t.typtype = 'd'`;

const ranges = `${head("range")}, 'CREATE TYPE ' || ${typeName} AS stub,
  'CREATE TYPE ' || ${typeName} || ' AS RANGE (SUBTYPE = ' || format_type(r.rngsubtype, NULL) || CASE
      WHEN o.opcdefault THEN '' ELSE ', SUBTYPE_OPCLASS = ' || quote_ident(opn.nspname) || '.' || quote_ident(o.opcname) END
    || CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> s.typcollation
      THEN ', COLLATION = ' || r.rngcollation::regcollation ELSE '' END
    || CASE WHEN r.rngcanonical::oid <> 0 THEN ', CANONICAL = ' || r.rngcanonical ELSE '' END
    || CASE WHEN r.rngsubdiff::oid <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff ELSE '' END
    || ', MULTIRANGE_TYPE_NAME = ' || quote_ident(mn.nspname) || '.' || quote_ident(m.typname) || ')' AS sql
  ${from} JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_type s ON s.oid = r.rngsubtype
  JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace opn ON opn.oid = o.opcnamespace
  JOIN pg_type m ON m.oid = r.rngmultitypid JOIN pg_namespace mn ON mn.oid = m.typnamespace WHERE t.oid >= 16384`;

/** Types in C, with the functions that read and write them. */
const bases = `${head("base type")}, 'CREATE TYPE ' || ${typeName} AS stub,
  'CREATE TYPE ' || ${typeName} || CASE WHEN NOT t.typisdefined THEN '' ELSE ' (INPUT = ' || t.typinput || ', OUTPUT = ' || t.typoutput
    || CASE WHEN t.typreceive::oid <> 0 THEN ', RECEIVE = ' || t.typreceive ELSE '' END
    || CASE WHEN t.typsend::oid <> 0 THEN ', SEND = ' || t.typsend ELSE '' END
    || CASE WHEN t.typmodin::oid <> 0 THEN ', TYPMOD_IN = ' || t.typmodin ELSE '' END
    || CASE WHEN t.typmodout::oid <> 0 THEN ', TYPMOD_OUT = ' || t.typmodout ELSE '' END
    || CASE WHEN t.typanalyze::oid <> 0 THEN ', ANALYZE = ' || t.typanalyze ELSE '' END
    || CASE WHEN t.typsubscript::oid <> 0 THEN ', SUBSCRIPT = ' || t.typsubscript ELSE '' END
    || ', INTERNALLENGTH = ' || CASE WHEN t.typlen = -1 THEN 'VARIABLE' ELSE t.typlen::text END
    || CASE WHEN t.typbyval THEN ', PASSEDBYVALUE' ELSE '' END
    || ', ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END
    || ', STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END
    || ', CATEGORY = ' || quote_literal(t.typcategory::text) || CASE WHEN t.typispreferred THEN ', PREFERRED = true' ELSE '' END
    || CASE WHEN t.typdefault IS NOT NULL THEN ', DEFAULT = ' || quote_literal(t.typdefault) ELSE '' END
    || CASE WHEN t.typelem <> 0 THEN ', ELEMENT = ' || format_type(t.typelem, NULL) ELSE '' END
    || ', DELIMITER = ' || quote_literal(t.typdelim::text) || CASE WHEN t.typcollation <> 0 THEN ', COLLATABLE = true' ELSE '' END || ')'
    END AS sql
  ${from} WHERE t.oid >= 16384 AND (t.typtype = 'b' OR NOT t.typisdefined) AND t.typrelid = 0
    AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = t.oid)`;

/** Every type but those that come with tables and with other types. */
export function typeQueries(version: number): readonly CatalogQuery[] {
  return [enums, composites, domains(version), ranges, bases].map((sql) => ({ phase: 0, sql }));
}
