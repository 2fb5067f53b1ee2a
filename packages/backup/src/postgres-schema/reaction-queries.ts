import type { CatalogQuery } from "./catalog-query.ts";

const relName = `quote_ident(n.nspname) || '.' || quote_ident(c.relname)`;
const of = `n.nspname::text AS table_schema, c.relname::text AS table_name`;
const relation = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;

const enabled = (column: string, what: string, name: string): string =>
  `CASE ${column} WHEN 'O' THEN '' ELSE E';\\nALTER TABLE ' || ${relName} || CASE ${column} WHEN 'D' THEN ' DISABLE ' WHEN 'R' THEN ' ENABLE REPLICA '
    ELSE ' ENABLE ALWAYS ' END || '${what} ' || quote_ident(${name}) END`;

const triggers = `SELECT 'pg_trigger:' || t.oid AS key, 'trigger' AS kind, n.nspname::text AS schema, t.tgname::text AS name, ${of},
  pg_get_triggerdef(t.oid) || ${enabled("t.tgenabled", "TRIGGER", "t.tgname")} AS sql
  FROM pg_trigger t JOIN ${relation} ON c.oid = t.tgrelid WHERE t.oid >= 16384 AND NOT t.tgisinternal AND t.tgparentid = 0`;

/** The copies that partitions have of a trigger can be switched by themselves. Before 15 they counted as internal. */
const triggerStates = `SELECT 'state:' || t.oid AS key, 'trigger state' AS kind, n.nspname::text AS schema, t.tgname::text AS name, ${of},
  'ALTER TABLE ONLY ' || ${relName} || CASE t.tgenabled WHEN 'O' THEN ' ENABLE ' WHEN 'D' THEN ' DISABLE ' WHEN 'R' THEN ' ENABLE REPLICA '
    ELSE ' ENABLE ALWAYS ' END || 'TRIGGER ' || quote_ident(t.tgname) AS sql,
  ARRAY(WITH RECURSIVE up AS (SELECT t.tgparentid AS oid UNION SELECT tgparentid FROM pg_trigger u JOIN up ON u.oid = up.oid WHERE tgparentid <> 0)
    SELECT 'pg_trigger:' || oid FROM up UNION SELECT 'state:' || oid FROM up UNION SELECT 'attach:' || c.oid) AS needs
  FROM pg_trigger t JOIN ${relation} ON c.oid = t.tgrelid JOIN pg_trigger p ON p.oid = t.tgparentid
  WHERE t.oid >= 16384 AND t.tgenabled <> p.tgenabled AND NOT EXISTS (
    SELECT 1 FROM pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't')`;

const rules = `SELECT 'pg_rewrite:' || r.oid AS key, 'rule' AS kind, n.nspname::text AS schema, r.rulename::text AS name, ${of},
  rtrim(pg_get_ruledef(r.oid), ';') || ${enabled("r.ev_enabled", "RULE", "r.rulename")} AS sql
  FROM pg_rewrite r JOIN ${relation} ON c.oid = r.ev_class WHERE r.oid >= 16384 AND r.rulename <> '_RETURN'`;

const rowSecurity = `SELECT 'row security:' || c.oid AS key, 'row security' AS kind, n.nspname::text AS schema, c.relname::text AS name, ${of},
  concat_ws(E';\\n', CASE WHEN c.relrowsecurity THEN 'ALTER TABLE ' || ${relName} || ' ENABLE ROW LEVEL SECURITY' END,
    CASE WHEN c.relforcerowsecurity THEN 'ALTER TABLE ONLY ' || ${relName} || ' FORCE ROW LEVEL SECURITY' END) AS sql,
  ARRAY['pg_class:' || c.oid] AS needs
  FROM ${relation} WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND (c.relrowsecurity OR c.relforcerowsecurity)`;

const policies = `SELECT 'pg_policy:' || p.oid AS key, 'policy' AS kind, n.nspname::text AS schema, p.polname::text AS name, ${of},
  'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || ${relName} || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END
    || CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' ELSE '' END
    || CASE WHEN p.polroles = '{0}' THEN '' ELSE ' TO ' || (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END,
      ', ' ORDER BY pg_get_userbyid(role)) FROM unnest(p.polroles) role) END
    || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
    || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS sql,
  ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (p.polroles) ORDER BY 1) AS roles
  FROM pg_policy p JOIN ${relation} ON c.oid = p.polrelid WHERE p.oid >= 16384`;

const eventTriggers = `SELECT 'pg_event_trigger:' || oid AS key, 'event trigger' AS kind, NULL AS schema, evtname::text AS name,
  'CREATE EVENT TRIGGER ' || quote_ident(evtname) || ' ON ' || quote_ident(evtevent) || coalesce(' WHEN TAG IN (' || (
      SELECT string_agg(quote_literal(tag), ', ') FROM unnest(evttags) tag) || ')', '') || ' EXECUTE FUNCTION ' || evtfoid::regproc || '()'
    || CASE evtenabled WHEN 'O' THEN '' ELSE E';\\nALTER EVENT TRIGGER ' || quote_ident(evtname) || CASE evtenabled WHEN 'D' THEN ' DISABLE'
      WHEN 'R' THEN ' ENABLE REPLICA' ELSE ' ENABLE ALWAYS' END END AS sql
  FROM pg_event_trigger WHERE oid >= 16384`;

/** What reacts to statements: triggers, rules, policies. Event triggers come very last. */
export const reactionQueries: readonly CatalogQuery[] = [
  ...[triggers, triggerStates, rules, policies, rowSecurity].map((sql): CatalogQuery => ({
    phase: 3,
    sql,
  })),
  { phase: 5, sql: eventTriggers },
];
