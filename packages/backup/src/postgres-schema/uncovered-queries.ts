/** What initdb writes on the databases that every server has: nobody's own words, and nothing that could be lost. */
const initdbComments = [
  "'default administrative connection database'",
  "'default template for new databases'",
];

/** What {@link exportSchema} leaves out: statements that answer the kind, the name, and why. */
export function uncoveredQueries(version: number): readonly string[] {
  return [
    `SELECT 'large object', count(*)::text || ' objects', 'the data of large objects are in no table'
      FROM pg_largeobject_metadata HAVING count(*) > 0`,
    `SELECT 'subscription', subname::text, 'it holds the password of another server, and would begin to write at once'
      FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    `SELECT 'security label', pg_identify.type || ' ' || pg_identify.identity, 'the label provider ' || l.provider || ' must be loaded'
      FROM pg_seclabel l CROSS JOIN LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) pg_identify`,
    `SELECT 'index', i.indexrelid::regclass::text, 'it is invalid: a CREATE INDEX CONCURRENTLY failed'
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      WHERE NOT i.indisvalid AND c.relkind IN ('r', 'm') AND i.indexrelid >= 16384`,
    `SELECT 'tablespace', c.oid::regclass::text || ' in ' || t.spcname, 'tablespaces are folders of one server; it is restored into the default one'
      FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE c.oid >= 16384 AND c.relkind <> 't'`,
    `SELECT 'trigger state', tgrelid::regclass::text || ' ' || quote_ident(t.tgname), 'a trigger of a foreign key is switched off; it is restored switched on'
      FROM pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint AND k.contype <> 't'
      WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.oid >= 16384`,
    `SELECT 'operator', o.oid::regoperator::text, 'it is only a name: it has no function' FROM pg_operator o WHERE o.oid >= 16384 AND o.oprcode = 0`,
    `SELECT 'comment', 'database ' || quote_ident(current_database()), 'it belongs to the database, which is made before the restore'
      FROM pg_shdescription WHERE classoid = 'pg_database'::regclass AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND description NOT IN (${initdbComments.join(", ")})`,
    `SELECT 'index', i.indexrelid::regclass::text, 'an index on a system catalog'
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      WHERE i.indexrelid >= 16384 AND c.oid < 16384 AND c.relnamespace = 'pg_catalog'::regnamespace`,
    `SELECT 'extension dependency', i.type || ' ' || i.identity, 'DEPENDS ON EXTENSION is left out: the object outlives the extension'
      FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i WHERE d.deptype = 'x' AND d.objid >= 16384`,
    ...(version >= 180_000
      ? [
          `SELECT 'constraint state', k.conrelid::regclass::text || ' ' || quote_ident(k.conname), 'a partition enforces what its parent does not'
            FROM pg_constraint k JOIN pg_constraint p ON p.oid = k.conparentid WHERE k.conenforced <> p.conenforced`,
        ]
      : []),
  ];
}

/**
 * Every object of the database that is the users' own: what an export must know of. `home` is the key of what it is made
 * with, or `internal`.
 */
export const inventorySql = `WITH own AS (
    SELECT 'pg_class'::regclass AS class, oid FROM pg_class WHERE relkind NOT IN ('t', 'c') AND relpersistence <> 't'
      AND relnamespace <> 'pg_toast'::regnamespace
    UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE typnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(temp|toast)')
    ${[
      "pg_proc",
      "pg_operator",
      "pg_opclass",
      "pg_opfamily",
      "pg_cast",
      "pg_conversion",
      "pg_collation",
      "pg_ts_parser",
      "pg_ts_template",
      "pg_ts_dict",
      "pg_ts_config",
      "pg_foreign_data_wrapper",
      "pg_foreign_server",
      "pg_transform",
      "pg_language",
      "pg_am",
      "pg_event_trigger",
      "pg_extension",
      "pg_statistic_ext",
      "pg_policy",
      "pg_publication",
      "pg_publication_rel",
      "pg_constraint",
      "pg_trigger",
      "pg_rewrite",
      "pg_attrdef",
    ]
      .map((table) => `UNION ALL SELECT '${table}'::regclass, oid FROM ${table}`)
      .join("\n    ")}
    UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
  )
  SELECT o.class || ':' || o.oid AS key, i.type AS kind, i.identity AS name, CASE o.class
      WHEN 'pg_constraint'::regclass THEN (SELECT CASE WHEN t.relpersistence = 't' THEN 'internal' WHEN conparentid <> 0 THEN 'pg_constraint:' || conparentid WHEN contypid <> 0
        THEN 'pg_type:' || contypid WHEN contype IN ('c', 'n') THEN 'pg_class:' || conrelid END
        FROM pg_constraint LEFT JOIN pg_class t ON t.oid = conrelid WHERE pg_constraint.oid = o.oid)
      WHEN 'pg_trigger'::regclass THEN (SELECT CASE WHEN tgisinternal OR t.relpersistence = 't' THEN 'internal' WHEN tgparentid <> 0 THEN 'pg_trigger:' || tgparentid END
        FROM pg_trigger JOIN pg_class t ON t.oid = tgrelid WHERE pg_trigger.oid = o.oid)
      WHEN 'pg_class'::regclass THEN (SELECT CASE WHEN NOT indisvalid THEN 'internal' END FROM pg_index WHERE indexrelid = o.oid)
      WHEN 'pg_operator'::regclass THEN (SELECT CASE WHEN oprcode = 0 THEN 'internal' END FROM pg_operator WHERE oid = o.oid)
      WHEN 'pg_attrdef'::regclass THEN (SELECT CASE WHEN t.relpersistence = 't' THEN 'internal' ELSE 'pg_class:' || adrelid END
        FROM pg_attrdef JOIN pg_class t ON t.oid = adrelid WHERE pg_attrdef.oid = o.oid) END AS home
  FROM own o CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, 0) i
  WHERE o.oid >= 16384 AND i.identity !~ '(^| )pg_temp(_[0-9]+)?[.]'`;
