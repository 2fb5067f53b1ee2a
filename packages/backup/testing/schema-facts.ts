import type { Queryable } from "@ctb-data/postgres";

/**
 * What the catalog says of everything that users made, without OIDs, by queries that share nothing with the exporter. Two databases
 * of one schema answer the same.
 */
export async function schemaFacts(
  db: Queryable,
): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { rows } = await db.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const facts: Record<string, readonly unknown[]> = {};
  for (const [name, sql] of Object.entries(factQueries(rows[0]?.version ?? 0))) {
    const found = await db.query<{ fact: string }>(
      `SELECT fact FROM (SELECT to_jsonb(f)::text AS fact FROM (${sql}) f) facts ORDER BY fact COLLATE "C"`,
    );
    facts[name] = found.rows.map(({ fact }) => fact);
  }
  return facts;
}

const user = (column: string): string => `${column} >= 16384`;

function factQueries(version: number): Readonly<Record<string, string>> {
  return {
    relations: `SELECT relnamespace::regnamespace, relname, relkind, relpersistence, reloptions, relrowsecurity, relforcerowsecurity, relreplident,
      relispartition, relispopulated, relchecks, relhasrules, relhastriggers, relhassubclass, relnatts - (SELECT count(*) FROM pg_attribute WHERE attrelid = c.oid AND attisdropped) AS natts,
      pg_get_expr(relpartbound, oid) AS bound, pg_get_partkeydef(oid) AS key, reloftype::regtype, (SELECT amname FROM pg_am WHERE oid = relam) AS am,
      (SELECT t.reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid) AS toast FROM pg_class c WHERE ${user("oid")} AND relkind <> 't' AND relnamespace <> 'pg_toast'::regnamespace`,
    columns: `SELECT attrelid::regclass, attname, row_number() OVER (PARTITION BY attrelid ORDER BY attnum) AS place, format_type(atttypid, atttypmod), attndims, attnotnull, atthasdef,
      attidentity, attgenerated, attstorage, attcompression, coalesce(attstattarget, -1) AS target, attoptions, attfdwoptions, attislocal, attinhcount,
      attcollation::regcollation, pg_get_expr(adbin, adrelid) AS value FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      JOIN pg_class c ON c.oid = attrelid WHERE ${user("attrelid")} AND attnum > 0 AND NOT attisdropped AND relkind <> 't' AND relnamespace <> 'pg_toast'::regnamespace`,
    // Triggers of constraints are named after OIDs; what makes them is compared.
    constraints: `SELECT conname, connamespace::regnamespace, contype, conrelid::regclass, contypid::regtype, confrelid::regclass, condeferrable, condeferred, convalidated,
      conislocal, coninhcount, connoinherit AND contype IN ('c', 'n') AS no_inherit, conindid::regclass, pg_get_constraintdef(oid) AS def, conparentid <> 0 AS copy FROM pg_constraint WHERE ${user("oid")}`,
    indexes: `SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) AS def, indisunique, indisprimary, indisexclusion, indimmediate, indisclustered, indisvalid, indisreplident,
      (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = indexrelid) AS parent FROM pg_index WHERE ${user("indrelid")} AND indexrelid::regclass::text !~ '^pg_toast'`,
    inherits: `SELECT inhrelid::regclass, inhparent::regclass, inhseqno FROM pg_inherits`,
    sequences: `SELECT s.*, (SELECT d.deptype::text || ' ' || d.refobjid::regclass || ' ' || (SELECT attname FROM pg_attribute WHERE attrelid = d.refobjid AND attnum = d.refobjsubid) FROM pg_depend d WHERE d.objid = format('%I.%I', schemaname, sequencename)::regclass
      AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')) AS owner FROM (SELECT schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size FROM pg_sequences) s`,
    types: `SELECT typnamespace::regnamespace, typname, typtype, typlen, typbyval, typcategory, typisdefined, typdelim, typalign, typstorage, typnotnull, typbasetype::regtype, typtypmod, typndims, typdefault,
      typcollation::regcollation, typelem::regtype, typinput, typoutput, typarray::regtype FROM pg_type WHERE ${user("oid")} AND typnamespace <> 'pg_toast'::regnamespace`,
    enums: `SELECT enumtypid::regtype, enumlabel, row_number() OVER (PARTITION BY enumtypid ORDER BY enumsortorder) AS place FROM pg_enum`,
    ranges: `SELECT rngtypid::regtype, rngsubtype::regtype, rngmultitypid::regtype, rngcollation::regcollation, rngcanonical, rngsubdiff,
      (SELECT opcname FROM pg_opclass WHERE oid = rngsubopc) AS class FROM pg_range WHERE ${user("rngtypid")}`,
    routines: `SELECT oid::regprocedure, prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, proparallel, procost, prorows, proargnames, proargmodes, proallargtypes::regtype[], prorettype::regtype,
      prosrc, pg_get_function_arguments(oid) AS args, pg_get_function_sqlbody(oid) AS body, proconfig, (SELECT lanname FROM pg_language l WHERE l.oid = prolang) AS language, protrftypes::regtype[] FROM pg_proc WHERE ${user("oid")}`,
    aggregates: `SELECT aggfnoid::regprocedure, aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn, aggfinalextra, aggmfinalextra,
      aggfinalmodify, aggmfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace, aggmtranstype::regtype, agginitval, aggminitval FROM pg_aggregate WHERE ${user("aggfnoid::oid")}`,
    operators: `SELECT oid::regoperator, oprcanmerge, oprcanhash, oprresult::regtype, oprcom::regoperator, oprnegate::regoperator, oprcode, oprrest, oprjoin FROM pg_operator WHERE ${user("oid")}`,
    classes: `SELECT opcname, opcnamespace::regnamespace, (SELECT amname FROM pg_am WHERE oid = opcmethod) AS am, (SELECT opfname FROM pg_opfamily WHERE oid = opcfamily) AS family,
      opcintype::regtype, opcdefault, opckeytype::regtype FROM pg_opclass WHERE ${user("oid")}`,
    operatorMembers: `SELECT (SELECT opfname FROM pg_opfamily WHERE oid = amopfamily) AS family, amoplefttype::regtype, amoprighttype::regtype, amopstrategy, amoppurpose, amopopr::regoperator FROM pg_amop WHERE ${user("amopfamily")}`,
    functionMembers: `SELECT (SELECT opfname FROM pg_opfamily WHERE oid = amprocfamily) AS family, amproclefttype::regtype, amprocrighttype::regtype, amprocnum, amproc FROM pg_amproc WHERE ${user("amprocfamily")}`,
    casts: `SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod FROM pg_cast WHERE ${user("oid")}`,
    views: `SELECT oid::regclass, pg_get_viewdef(oid) AS def FROM pg_class WHERE relkind IN ('v', 'm') AND ${user("oid")}`,
    rules: `SELECT ev_class::regclass, rulename, ev_type, ev_enabled, is_instead, pg_get_ruledef(oid) AS def FROM pg_rewrite WHERE ${user("oid")}`,
    triggers: `SELECT tgrelid::regclass, tgname, tgenabled, tgtype, tgdeferrable, tginitdeferred, pg_get_triggerdef(oid) AS def, tgparentid <> 0 AS copy FROM pg_trigger WHERE NOT tgisinternal`,
    constraintTriggers: `SELECT t.tgrelid::regclass, k.conname, t.tgenabled, t.tgtype, t.tgfoid FROM pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgisinternal`,
    eventTriggers: `SELECT evtname, evtevent, evtfoid::regproc, evtenabled, evttags FROM pg_event_trigger`,
    policies: `SELECT * FROM pg_policies`,
    statistics: `SELECT pg_get_statisticsobjdef(oid) AS def FROM pg_statistic_ext`,
    publications: `SELECT pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot${version >= 180_000 ? ", pubgencols" : ""} FROM pg_publication`,
    publicationTables: `SELECT * FROM pg_publication_tables`,
    foreign: `SELECT ftrelid::regclass, (SELECT srvname FROM pg_foreign_server WHERE oid = ftserver) AS server, ftoptions FROM pg_foreign_table`,
    servers: `SELECT srvname, srvtype, srvversion, srvoptions, (SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid = srvfdw) AS wrapper FROM pg_foreign_server`,
    wrappers: `SELECT fdwname, fdwhandler::regproc, fdwvalidator::regproc, fdwoptions FROM pg_foreign_data_wrapper`,
    mappings: `SELECT srvname, usename, umoptions FROM pg_user_mappings`,
    collations: `SELECT to_jsonb(c) - 'oid' - 'collnamespace' - 'collowner' AS c, collnamespace::regnamespace FROM pg_collation c WHERE ${user("oid")}`,
    conversions: `SELECT conname, connamespace::regnamespace, conforencoding, contoencoding, conproc, condefault FROM pg_conversion WHERE ${user("oid")}`,
    searchConfigurations: `SELECT cfgname, cfgnamespace::regnamespace, maptokentype, mapseqno, mapdict::regdictionary FROM pg_ts_config JOIN pg_ts_config_map ON mapcfg = oid WHERE ${user("oid")}`,
    searchDictionaries: `SELECT dictname, dictnamespace::regnamespace, dictinitoption FROM pg_ts_dict WHERE ${user("oid")}`,
    searchParsers: `SELECT prsname, prsnamespace::regnamespace, prsstart, prstoken, prsend, prsheadline, prslextype FROM pg_ts_parser WHERE ${user("oid")}`,
    schemas: `SELECT nspname, nspacl FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'`,
    extensions: `SELECT extname, extnamespace::regnamespace, extversion FROM pg_extension`,
    languages: `SELECT lanname, lanpltrusted, lanplcallfoid::regproc, laninline::regproc, lanvalidator::regproc FROM pg_language`,
    comments: `SELECT i.type, i.identity, d.description FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i WHERE ${user("d.objoid")} OR i.identity = 'public'`,
    relationPrivileges: `SELECT c.oid::regclass, attname, a.* FROM pg_class c LEFT JOIN pg_attribute at ON at.attrelid = c.oid AND at.attacl IS NOT NULL
      CROSS JOIN LATERAL aclexplode(coalesce(at.attacl, c.relacl)) a WHERE ${user("c.oid")}`,
    otherPrivileges: `SELECT 'r', oid::regprocedure::text, proacl::text FROM pg_proc WHERE proacl IS NOT NULL UNION ALL SELECT 't', oid::regtype::text, typacl::text FROM pg_type WHERE typacl IS NOT NULL`,
    defaultPrivileges: `SELECT defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl`,
    // The catalog's own view of what needs what, by name. Names of internal triggers have OIDs in them.
    dependencies: `SELECT DISTINCT o.type, o.identity, d.deptype, r.type AS on_type, r.identity AS on_identity FROM pg_depend d
      CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) o CROSS JOIN LATERAL pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) r
      WHERE ${user("d.objid")} AND o.type NOT LIKE 'toast%' AND r.type NOT LIKE 'toast%' AND o.identity !~ 'pg_toast|RI_Constraint|PK_Constraint|Unique_Constraint' AND r.identity !~ 'pg_toast|RI_Constraint'`,
  };
}
