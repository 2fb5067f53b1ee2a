import type { CatalogQuery } from "./catalog-query.ts";

const operatorItem = `'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator || CASE WHEN o.amopsortfamily <> 0 THEN (
    SELECT ' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' || quote_ident(sf.opfname)
    FROM pg_opfamily sf JOIN pg_namespace sn ON sn.oid = sf.opfnamespace WHERE sf.oid = o.amopsortfamily) ELSE '' END`;
const functionItem = `'FUNCTION ' || p.amprocnum || ' (' || format_type(p.amproclefttype, NULL) || ', ' || format_type(p.amprocrighttype, NULL)
    || ') ' || p.amproc::regprocedure`;

function isOfExtension(catalog: string, oid: string): string {
  return `EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = '${catalog}'::regclass AND e.objid = ${oid})`;
}

/**
 * What somebody put into a family himself. An extension fills its own families, with what is its own and the server's, and makes
 * them again: pg_depend ties such members to the family only, not to the extension.
 */
function isOwn(family: string, catalog: string, member: string): string {
  return `(NOT ${isOfExtension("pg_opfamily", family)} OR ${member} >= 16384 AND NOT ${isOfExtension(catalog, member)})`;
}

/** The operators and functions that pg_depend ties to a class or a family, in a fixed order. */
function itemsOf(catalog: "pg_opclass" | "pg_opfamily", oid: string): string {
  const tied = (table: string): string =>
    `JOIN pg_depend d ON d.classid = '${table}'::regclass AND d.refclassid = '${catalog}'::regclass AND d.refobjid = ${oid}`;
  // Nobody but its owner puts anything into a class.
  const [operators, functions] =
    catalog === "pg_opclass"
      ? ["true", "true"]
      : [
          isOwn("o.amopfamily", "pg_operator", "o.amopopr"),
          isOwn("p.amprocfamily", "pg_proc", "p.amproc"),
        ];
  return `(SELECT string_agg(item, ', ' ORDER BY item COLLATE "C") FROM (
    SELECT ${operatorItem} AS item FROM pg_amop o ${tied("pg_amop")} AND d.objid = o.oid WHERE ${operators}
    UNION SELECT ${functionItem} FROM pg_amproc p ${tied("pg_amproc")} AND d.objid = p.oid WHERE ${functions}) items)`;
}

const families = `SELECT 'pg_opfamily:' || f.oid AS key, 'operator family' AS kind, n.nspname::text AS schema,
  f.opfname || ' using ' || a.amname AS name,
  'CREATE OPERATOR FAMILY ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname) || ' USING ' || quote_ident(a.amname) AS sql
  FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod WHERE f.oid >= 16384`;

const classes = `SELECT 'pg_opclass:' || c.oid AS key, 'operator class' AS kind, n.nspname::text AS schema,
  c.opcname || ' using ' || a.amname AS name,
  'CREATE OPERATOR CLASS ' || quote_ident(n.nspname) || '.' || quote_ident(c.opcname) || CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END
    || ' FOR TYPE ' || format_type(c.opcintype, NULL) || ' USING ' || quote_ident(a.amname) || ' FAMILY ' || quote_ident(fn.nspname) || '.'
    || quote_ident(f.opfname) || ' AS ' || coalesce(concat_ws(', ',
      CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END, ${itemsOf("pg_opclass", "c.oid")}), '')
    || CASE WHEN c.opckeytype = 0 AND ${itemsOf("pg_opclass", "c.oid")} IS NULL
      THEN 'STORAGE ' || format_type(c.opcintype, NULL) ELSE '' END AS sql
  FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am a ON a.oid = c.opcmethod
  JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace WHERE c.oid >= 16384`;

/** What belongs to a family and to none of its classes. */
const familyMembers = `SELECT 'members:' || f.oid AS key, 'operator family member' AS kind, n.nspname::text AS schema,
  f.opfname || ' using ' || a.amname AS name,
  'ALTER OPERATOR FAMILY ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname) || ' USING ' || quote_ident(a.amname) || ' ADD '
    || ${itemsOf("pg_opfamily", "f.oid")} AS sql,
  ARRAY(SELECT 'pg_opfamily:' || f.oid UNION SELECT 'pg_operator:' || amopopr FROM pg_amop WHERE amopfamily = f.oid
    UNION SELECT 'pg_proc:' || amproc::oid FROM pg_amproc WHERE amprocfamily = f.oid
    UNION SELECT 'pg_opclass:' || oid FROM pg_opclass WHERE opcfamily = f.oid) AS needs
  FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
  WHERE f.oid >= 16384 AND ${itemsOf("pg_opfamily", "f.oid")} IS NOT NULL`;

const accessMethods = `SELECT 'pg_am:' || oid AS key, 'access method' AS kind, NULL AS schema, amname::text AS name,
  'CREATE ACCESS METHOD ' || quote_ident(amname) || ' TYPE ' || CASE amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END || ' HANDLER ' || amhandler AS sql
  FROM pg_am WHERE oid >= 16384`;

/** Access methods and what tells indexes how to work with a type. */
export const operatorClassQueries: readonly CatalogQuery[] = [
  accessMethods,
  families,
  classes,
  familyMembers,
].map((sql) => ({ phase: 0, sql }));
