/** One privilege of one role on one object, where it differs from what the object has when it is made. */
export interface PrivilegeRow {
  /** The key of the object; null for what the server brought, and for default privileges. */
  readonly key: string | null;
  /** `TABLE public.x`, or what stands behind ON. */
  readonly target: string;
  /** What stands before GRANT: `ALTER DEFAULT PRIVILEGES …`, or nothing. */
  readonly prefix: string;
  readonly column: string | null;
  /** Quoted; `PUBLIC`, or `CURRENT_USER` in the place of the owner. */
  readonly grantee: string;
  /** Names of roles, unquoted, that it needs. */
  readonly roles: readonly string[];
  readonly privilege: string;
  readonly now: boolean;
  readonly now_grantable: boolean;
  readonly before_grantable: boolean;
}

const named = (classid: string, alias: string): string =>
  `'${classid}'::regclass AS classid, ${alias}.oid`;

/**
 * What has privileges, with those of a new one. Extensions and initdb leave what they gave in pg_init_privs; but for information_schema,
 * which belongs to the server, and is left out as pg_dump leaves it out.
 */
const objects = `SELECT ${named("pg_class", "c")}, 0 AS subid, c.relacl AS acl, c.relowner AS owner, NULL::text AS "column",
    acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS initial,
    CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS target
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relacl IS NOT NULL AND c.relpersistence <> 't' AND c.relkind <> 'c'
    AND n.nspname <> 'information_schema'
  UNION ALL SELECT ${named("pg_class", "c")}, a.attnum, a.attacl, c.relowner, quote_ident(a.attname), acldefault('c', c.relowner),
    'TABLE ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
  UNION ALL SELECT ${named("pg_proc", "p")}, 0, p.proacl, p.proowner, NULL, acldefault('f', p.proowner), 'ROUTINE ' || p.oid::regprocedure
  FROM pg_proc p WHERE p.proacl IS NOT NULL
  UNION ALL SELECT ${named("pg_type", "t")}, 0, t.typacl, t.typowner, NULL, acldefault('T', t.typowner), 'TYPE ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL
  UNION ALL SELECT ${named("pg_namespace", "n")}, 0, n.nspacl, n.nspowner, NULL, acldefault('n', n.nspowner), 'SCHEMA ' || quote_ident(n.nspname)
  FROM pg_namespace n WHERE n.nspacl IS NOT NULL AND n.nspname !~ '^(pg_temp|pg_toast|information_schema$)'
  UNION ALL SELECT ${named("pg_language", "l")}, 0, l.lanacl, l.lanowner, NULL, acldefault('l', l.lanowner), 'LANGUAGE ' || quote_ident(l.lanname)
  FROM pg_language l WHERE l.lanacl IS NOT NULL
  UNION ALL SELECT ${named("pg_foreign_data_wrapper", "w")}, 0, w.fdwacl, w.fdwowner, NULL, acldefault('F', w.fdwowner), 'FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname)
  FROM pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL
  UNION ALL SELECT ${named("pg_foreign_server", "s")}, 0, s.srvacl, s.srvowner, NULL, acldefault('S', s.srvowner), 'FOREIGN SERVER ' || quote_ident(s.srvname)
  FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL`;

const role = (oid: string, owner: string): string =>
  `CASE WHEN ${oid} = 0 THEN 'PUBLIC' WHEN ${oid} = ${owner} THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(${oid})) END`;

const differences = `SELECT grantee, privilege_type, bool_or(now) AS now, bool_or(now AND is_grantable) AS now_grantable,
    bool_or(NOT now) AS before, bool_or(NOT now AND is_grantable) AS before_grantable
  FROM (SELECT true AS now, grantee, privilege_type, is_grantable FROM aclexplode(o.acl)
    UNION ALL SELECT false, grantee, privilege_type, is_grantable FROM aclexplode(o.initial)) entry GROUP BY grantee, privilege_type`;
const differs = `d.now <> d.before OR d.now_grantable <> d.before_grantable`;

/** What was granted or revoked on objects. */
export const privilegesSql = `WITH objects AS (${objects}), o AS (
    SELECT o.classid, o.oid, o.subid, o.acl, o.owner, o."column", o.target, coalesce(i.initprivs, o.initial) AS initial
    FROM objects o LEFT JOIN pg_init_privs i ON i.classoid = o.classid AND i.objoid = o.oid AND i.objsubid = o.subid)
  SELECT CASE WHEN o.oid >= 16384 OR o.target = 'SCHEMA public' THEN o.classid || ':' || o.oid END AS key, o.target, '' AS prefix, o."column",
    ${role("d.grantee", "o.owner")} AS grantee,
    CASE WHEN d.grantee IN (0, o.owner) THEN '{}' ELSE ARRAY[pg_get_userbyid(d.grantee)::text] END AS roles,
    d.privilege_type AS privilege, d.now, d.now_grantable, d.before_grantable
  FROM o CROSS JOIN LATERAL (${differences}) d WHERE ${differs} ORDER BY o.target COLLATE "C", o.subid, 5, 7`;

/** Default privileges of a whole database start from PostgreSQL's own; those of a schema are additions. */
export const defaultPrivilegesSql = `WITH o AS (
    SELECT a.defaclacl AS acl, a.defaclrole AS owner, CASE WHEN a.defaclnamespace = 0 THEN acldefault(
        CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END::"char", a.defaclrole) ELSE acldefault('c', a.defaclrole) END AS initial,
      'ALTER DEFAULT PRIVILEGES FOR ROLE ' || quote_ident(pg_get_userbyid(a.defaclrole)) || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ' AS prefix,
      CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS'
        ELSE 'LARGE OBJECTS' END AS target
    FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace)
  SELECT NULL AS key, o.target, o.prefix, NULL AS "column",
    CASE WHEN d.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(d.grantee)) END AS grantee,
    ARRAY(SELECT DISTINCT pg_get_userbyid(r)::text FROM unnest(ARRAY[o.owner, d.grantee]) r WHERE r <> 0) AS roles,
    d.privilege_type AS privilege, d.now, d.now_grantable, d.before_grantable
  FROM o CROSS JOIN LATERAL (${differences}) d WHERE ${differs} ORDER BY o.prefix COLLATE "C", o.target, 5, 7`;

/** Settings of this database, and of roles in it; `SET` with lists as they are, because these are quoted already. */
export const settingsSql = `SELECT coalesce(r.rolname::text, '') AS role, split_part(c, '=', 1) AS name,
    CASE WHEN lower(split_part(c, '=', 1)) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
      THEN coalesce(nullif(replace(substr(c, strpos(c, '=') + 1), '""', ''''''), ''), '''''')
      ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END AS value
  FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c LEFT JOIN pg_roles r ON r.oid = s.setrole
  WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1, 2`;

/** Options are null for those who may not see them. */
export const userMappingsSql = `SELECT s.srvname::text AS server, CASE WHEN m.umuser = 0 THEN '' ELSE m.usename::text END AS role,
    'pg_foreign_server:' || m.srvid AS key,
    coalesce((SELECT ' OPTIONS (' || string_agg(quote_ident(option_name) || ' ' || quote_literal(option_value), ', ') || ')'
      FROM pg_options_to_table(m.umoptions)), '') AS options
  FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid ORDER BY 1, 2`;
