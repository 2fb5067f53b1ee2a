import type { CatalogQuery } from "./catalog-query.ts";

const from = `FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace`;
const procName = `quote_ident(n.nspname) || '.' || quote_ident(p.proname)`;
const named = `p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name`;

/** A function whose body PostgreSQL has parsed can need what needs the function: a body of text comes first then. */
const routines = `SELECT 'pg_proc:' || p.oid AS key, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
  n.nspname::text AS schema, ${named}, rtrim(pg_get_functiondef(p.oid), E'\\n') AS sql,
  CASE WHEN p.prosqlbody IS NOT NULL THEN
    'CREATE OR REPLACE ' || CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || ${procName} || '('
    || pg_get_function_arguments(p.oid) || ')' || coalesce(' RETURNS ' || pg_get_function_result(p.oid), '') || ' LANGUAGE sql'
    || CASE WHEN p.prokind = 'p' THEN '' WHEN p.provolatile = 'i' THEN ' IMMUTABLE' WHEN p.provolatile = 's' THEN ' STABLE' ELSE '' END
    || ' AS ''SELECT NULL''' END AS stub
  ${from} WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w')`;

const aggregates = `SELECT 'pg_proc:' || p.oid AS key, 'aggregate' AS kind, n.nspname::text AS schema, ${named},
  'CREATE AGGREGATE ' || ${procName} || '(' || coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*') || ') (SFUNC = ' || a.aggtransfn
    || ', STYPE = ' || format_type(a.aggtranstype, NULL)
    || CASE WHEN a.aggtransspace <> 0 THEN ', SSPACE = ' || a.aggtransspace ELSE '' END
    || CASE WHEN a.aggfinalfn::oid <> 0 THEN ', FINALFUNC = ' || a.aggfinalfn ELSE '' END
    || CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END
    || CASE WHEN a.aggfinalfn::oid <> 0 THEN ', FINALFUNC_MODIFY = '
      || CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END ELSE '' END
    || CASE WHEN a.aggcombinefn::oid <> 0 THEN ', COMBINEFUNC = ' || a.aggcombinefn ELSE '' END
    || CASE WHEN a.aggserialfn::oid <> 0 THEN ', SERIALFUNC = ' || a.aggserialfn ELSE '' END
    || CASE WHEN a.aggdeserialfn::oid <> 0 THEN ', DESERIALFUNC = ' || a.aggdeserialfn ELSE '' END
    || CASE WHEN a.agginitval IS NOT NULL THEN ', INITCOND = ' || quote_literal(a.agginitval) ELSE '' END
    || CASE WHEN a.aggmtransfn::oid <> 0 THEN ', MSFUNC = ' || a.aggmtransfn || ', MINVFUNC = ' || a.aggminvtransfn
      || ', MSTYPE = ' || format_type(a.aggmtranstype, NULL) ELSE '' END
    || CASE WHEN a.aggmtransspace <> 0 THEN ', MSSPACE = ' || a.aggmtransspace ELSE '' END
    || CASE WHEN a.aggmfinalfn::oid <> 0 THEN ', MFINALFUNC = ' || a.aggmfinalfn ELSE '' END
    || CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' ELSE '' END
    || CASE WHEN a.aggmfinalfn::oid <> 0 THEN ', MFINALFUNC_MODIFY = '
      || CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END ELSE '' END
    || CASE WHEN a.aggminitval IS NOT NULL THEN ', MINITCOND = ' || quote_literal(a.aggminitval) ELSE '' END
    || coalesce(', SORTOP = OPERATOR(' || quote_ident(son.nspname) || '.' || so.oprname || ')', '')
    || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END
    || CASE WHEN a.aggkind = 'h' THEN ', HYPOTHETICAL' ELSE '' END || ')' AS sql
  ${from} JOIN pg_aggregate a ON a.aggfnoid = p.oid LEFT JOIN pg_operator so ON so.oid = a.aggsortop
  LEFT JOIN pg_namespace son ON son.oid = so.oprnamespace WHERE p.oid >= 16384`;

const otherOperator = (column: string): string =>
  `(SELECT 'OPERATOR(' || quote_ident(xn.nspname) || '.' || x.oprname || ')'
    FROM pg_operator x JOIN pg_namespace xn ON xn.oid = x.oprnamespace WHERE x.oid = ${column})`;

const operators = `SELECT 'pg_operator:' || o.oid AS key, 'operator' AS kind, n.nspname::text AS schema,
  o.oprname || '(' || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ', ' || format_type(o.oprright, NULL) || ')' AS name,
  'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (FUNCTION = ' || o.oprcode
    || CASE WHEN o.oprleft <> 0 THEN ', LEFTARG = ' || format_type(o.oprleft, NULL) ELSE '' END
    || ', RIGHTARG = ' || format_type(o.oprright, NULL)
    || coalesce(', COMMUTATOR = ' || ${otherOperator("o.oprcom")}, '') || coalesce(', NEGATOR = ' || ${otherOperator("o.oprnegate")}, '')
    || CASE WHEN o.oprrest::oid <> 0 THEN ', RESTRICT = ' || o.oprrest ELSE '' END
    || CASE WHEN o.oprjoin::oid <> 0 THEN ', JOIN = ' || o.oprjoin ELSE '' END
    || CASE WHEN o.oprcanhash THEN ', HASHES' ELSE '' END || CASE WHEN o.oprcanmerge THEN ', MERGES' ELSE '' END || ')' AS sql
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid >= 16384 AND o.oprcode::oid <> 0`;

const casts = `SELECT 'pg_cast:' || c.oid AS key, 'cast' AS kind, NULL AS schema,
  format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL) AS name,
  'CREATE CAST (' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ') '
    || CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END
    || CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END AS sql
  FROM pg_cast c WHERE c.oid >= 16384`;

const transforms = `SELECT 'pg_transform:' || t.oid AS key, 'transform' AS kind, NULL AS schema,
  format_type(t.trftype, NULL) || ' language ' || l.lanname AS name,
  'CREATE TRANSFORM FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) || ' (' || concat_ws(', ',
    CASE WHEN t.trffromsql::oid <> 0 THEN 'FROM SQL WITH FUNCTION ' || t.trffromsql::regprocedure END,
    CASE WHEN t.trftosql::oid <> 0 THEN 'TO SQL WITH FUNCTION ' || t.trftosql::regprocedure END) || ')' AS sql
  FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384`;

/** Functions, procedures, aggregates, operators, casts and transforms. */
export const routineQueries: readonly CatalogQuery[] = [
  routines,
  aggregates,
  operators,
  casts,
  transforms,
].map((sql) => ({ phase: 0, sql }));
