import { type CatalogQuery, foreignOptions } from "./catalog-query.ts";

/** `public` is in every new database, so it may be there already. */
const schemas = `SELECT 'pg_namespace:' || oid AS key, 'schema' AS kind, NULL AS schema, nspname::text AS name,
  'CREATE SCHEMA ' || CASE nspname WHEN 'public' THEN 'IF NOT EXISTS ' ELSE '' END || quote_ident(nspname) AS sql
  FROM pg_namespace WHERE (oid >= 16384 OR nspname = 'public') AND nspname !~ '^pg_'`;

const extensions = `SELECT 'pg_extension:' || e.oid AS key, 'extension' AS kind, NULL AS schema, e.extname::text AS name,
  'CREATE EXTENSION IF NOT EXISTS ' || quote_ident(e.extname) || ' WITH SCHEMA ' || quote_ident(n.nspname) AS sql
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.oid >= 16384`;

const languages = `SELECT 'pg_language:' || oid AS key, 'language' AS kind, NULL AS schema, lanname::text AS name,
  'CREATE ' || CASE WHEN lanpltrusted THEN 'TRUSTED ' ELSE '' END || 'LANGUAGE ' || quote_ident(lanname)
    || ' HANDLER ' || lanplcallfoid::regproc
    || CASE WHEN laninline <> 0 THEN ' INLINE ' || laninline::regproc ELSE '' END
    || CASE WHEN lanvalidator <> 0 THEN ' VALIDATOR ' || lanvalidator::regproc ELSE '' END AS sql
  FROM pg_language WHERE oid >= 16384 AND lanplcallfoid <> 0`;

/** The column that holds the locale of ICU (and, from 17 on, of the built-in provider) was renamed twice. */
function collations(version: number): string {
  const locale =
    version >= 170_000 ? "c.colllocale" : version >= 150_000 ? "c.colliculocale" : "c.collcollate";
  const rules =
    version >= 160_000 ? "coalesce(', rules = ' || quote_literal(c.collicurules), '')" : "''";
  return `SELECT 'pg_collation:' || c.oid AS key, 'collation' AS kind, n.nspname::text AS schema, c.collname::text AS name,
    'CREATE COLLATION ' || quote_ident(n.nspname) || '.' || quote_ident(c.collname) || ' (provider = '
      || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' ELSE 'default' END
      || CASE WHEN NOT c.collisdeterministic THEN ', deterministic = false' ELSE '' END
      || CASE WHEN c.collprovider = 'c' THEN ', lc_collate = ' || quote_literal(c.collcollate) || ', lc_ctype = ' || quote_literal(c.collctype)
        ELSE ', locale = ' || quote_literal(${locale}) || ${rules} END || ')' AS sql
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid >= 16384`;
}

const conversions = `SELECT 'pg_conversion:' || c.oid AS key, 'conversion' AS kind, n.nspname::text AS schema, c.conname::text AS name,
  'CREATE ' || CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END || 'CONVERSION ' || quote_ident(n.nspname) || '.' || quote_ident(c.conname)
    || ' FOR ' || quote_literal(pg_encoding_to_char(c.conforencoding)) || ' TO ' || quote_literal(pg_encoding_to_char(c.contoencoding))
    || ' FROM ' || c.conproc AS sql
  FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.oid >= 16384`;

const tsParsers = `SELECT 'pg_ts_parser:' || p.oid AS key, 'text search parser' AS kind, n.nspname::text AS schema, p.prsname::text AS name,
  'CREATE TEXT SEARCH PARSER ' || quote_ident(n.nspname) || '.' || quote_ident(p.prsname) || ' (START = ' || p.prsstart || ', GETTOKEN = '
    || p.prstoken || ', END = ' || p.prsend || CASE WHEN p.prsheadline::oid <> 0 THEN ', HEADLINE = ' || p.prsheadline ELSE '' END
    || ', LEXTYPES = ' || p.prslextype || ')' AS sql
  FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid >= 16384`;

const tsTemplates = `SELECT 'pg_ts_template:' || t.oid AS key, 'text search template' AS kind, n.nspname::text AS schema, t.tmplname::text AS name,
  'CREATE TEXT SEARCH TEMPLATE ' || quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) || ' ('
    || CASE WHEN t.tmplinit::oid <> 0 THEN 'INIT = ' || t.tmplinit || ', ' ELSE '' END || 'LEXIZE = ' || t.tmpllexize || ')' AS sql
  FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.oid >= 16384`;

const tsDictionaries = `SELECT 'pg_ts_dict:' || d.oid AS key, 'text search dictionary' AS kind, n.nspname::text AS schema, d.dictname::text AS name,
  'CREATE TEXT SEARCH DICTIONARY ' || quote_ident(n.nspname) || '.' || quote_ident(d.dictname) || ' (TEMPLATE = ' || quote_ident(tn.nspname) || '.'
    || quote_ident(t.tmplname) || coalesce(', ' || d.dictinitoption, '') || ')' AS sql
  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
  JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE d.oid >= 16384`;

const tsConfigurations = `SELECT 'pg_ts_config:' || c.oid AS key, 'text search configuration' AS kind, n.nspname::text AS schema, c.cfgname::text AS name,
  'CREATE TEXT SEARCH CONFIGURATION ' || quote_ident(n.nspname) || '.' || quote_ident(c.cfgname) || ' (PARSER = ' || quote_ident(pn.nspname) || '.'
    || quote_ident(p.prsname) || ')' || coalesce((
      SELECT string_agg(E';\\nALTER TEXT SEARCH CONFIGURATION ' || quote_ident(n.nspname) || '.' || quote_ident(c.cfgname)
        || ' ADD MAPPING FOR ' || quote_ident(k.alias) || ' WITH ' || m.dictionaries, '' ORDER BY m.maptokentype)
      FROM (SELECT maptokentype, string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno) AS dictionaries
        FROM pg_ts_config_map WHERE mapcfg = c.oid GROUP BY maptokentype) m
      JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype), '') AS sql
  FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
  JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE c.oid >= 16384`;

const foreignDataWrappers = `SELECT 'pg_foreign_data_wrapper:' || oid AS key, 'foreign-data wrapper' AS kind, NULL AS schema, fdwname::text AS name,
  'CREATE FOREIGN DATA WRAPPER ' || quote_ident(fdwname) || CASE WHEN fdwhandler <> 0 THEN ' HANDLER ' || fdwhandler::regproc ELSE '' END
    || CASE WHEN fdwvalidator <> 0 THEN ' VALIDATOR ' || fdwvalidator::regproc ELSE '' END || ${foreignOptions("fdwoptions")} AS sql
  FROM pg_foreign_data_wrapper WHERE oid >= 16384`;

const servers = `SELECT 'pg_foreign_server:' || s.oid AS key, 'server' AS kind, NULL AS schema, s.srvname::text AS name,
  'CREATE SERVER ' || quote_ident(s.srvname) || coalesce(' TYPE ' || quote_literal(s.srvtype), '')
    || coalesce(' VERSION ' || quote_literal(s.srvversion), '') || ' FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname)
    || ${foreignOptions("s.srvoptions")} AS sql
  FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE s.oid >= 16384`;

/** What everything else stands on. */
export function namespaceQueries(version: number): readonly CatalogQuery[] {
  return [
    schemas,
    extensions,
    languages,
    collations(version),
    conversions,
    tsParsers,
    tsTemplates,
    tsDictionaries,
    tsConfigurations,
    foreignDataWrappers,
    servers,
  ].map((sql) => ({ phase: 0, sql }));
}
