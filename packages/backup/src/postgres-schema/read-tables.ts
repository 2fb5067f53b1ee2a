import { type Catalog, foreignOptions, relOptions } from "./catalog-query.ts";
import { groupBy } from "./group-by.ts";
import { sequenceOptions } from "./relation-queries.ts";

/** A row of pg_class that is a table. */
export interface TableRow {
  readonly key: string;
  readonly schema: string;
  readonly name: string;
  /** Schema and name, quoted. */
  readonly full: string;
  readonly relkind: string;
  readonly unlogged: boolean;
  readonly partition: boolean;
  readonly partition_key: string | null;
  readonly access_method: string | null;
  readonly options: string | null;
  readonly of_type: string | null;
  readonly server: string | null;
  readonly server_options: string;
  /** Keys of the tables it inherits from, in order. Empty for partitions. */
  readonly parents: readonly string[];
}

export interface ColumnRow {
  readonly table: string;
  readonly name: string;
  /** Quoted. */
  readonly column: string;
  readonly type: string;
  readonly collation: string | null;
  readonly not_null: boolean;
  /** From 18 on: the constraint's name, quoted. */
  readonly not_null_name: string | null;
  readonly not_null_local: boolean;
  readonly not_null_no_inherit: boolean;
  readonly not_null_valid: boolean;
  /** `a`, `d` or empty. */
  readonly identity: string;
  readonly identity_options: string | null;
  /** `s`, `v` or empty. */
  readonly generated: string;
  readonly default_key: string | null;
  readonly default_sql: string | null;
  readonly storage: string;
  readonly type_storage: string;
  readonly compression: string;
  readonly statistics: number | null;
  readonly options: string | null;
  readonly foreign_options: string;
  readonly local: boolean;
  readonly inherited: boolean;
}

export interface CheckRow {
  readonly key: string;
  readonly table: string;
  readonly name: string;
  readonly constraint: string;
  readonly definition: string;
  readonly local: boolean;
  readonly valid: boolean;
  /** It calls a function that may read other tables, so it can only hold when all rows are there. */
  readonly calls: boolean;
}

const tablesSql = `SELECT 'pg_class:' || c.oid AS key, n.nspname::text AS schema, c.relname::text AS name,
  quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS full, c.relkind::text, c.relpersistence = 'u' AS unlogged,
  c.relispartition AS partition, CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
  nullif(quote_ident(am.amname), 'heap') AS access_method,
  nullif(concat_ws(', ', ${relOptions("c.reloptions")}, ${relOptions("toast.reloptions", "toast.")}), '') AS options,
  CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type, quote_ident(s.srvname) AS server,
  ${foreignOptions("f.ftoptions")} AS server_options,
  ARRAY(SELECT 'pg_class:' || inhparent FROM pg_inherits WHERE inhrelid = c.oid AND NOT c.relispartition ORDER BY inhseqno) AS parents
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam
  LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
  LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
  WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'`;

/** Before 18 not-null constraints had no names and were not rows. */
function columnsSql(version: number): string {
  const named = version >= 180_000;
  return `SELECT 'pg_class:' || a.attrelid AS table, a.attname::text AS name, quote_ident(a.attname) AS column,
    format_type(a.atttypid, a.atttypmod) || CASE WHEN t.typelem <> 0 THEN repeat('[]', a.attndims - 1) ELSE '' END AS type,
    CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
    a.attnotnull AS not_null, ${named ? "quote_ident(nn.conname)" : "NULL::text"} AS not_null_name,
    ${named ? "coalesce(nn.conislocal, false)" : "true"} AS not_null_local,
    ${named ? "coalesce(nn.connoinherit, false)" : "false"} AS not_null_no_inherit,
    ${named ? "coalesce(nn.convalidated, true)" : "true"} AS not_null_valid,
    a.attidentity::text AS identity, (
      SELECT 'SEQUENCE NAME ' || quote_ident(sn.nspname) || '.' || quote_ident(sc.relname) || ' ' || ${sequenceOptions}
      FROM pg_depend sd JOIN pg_class sc ON sc.oid = sd.objid JOIN pg_namespace sn ON sn.oid = sc.relnamespace
      JOIN pg_sequence s ON s.seqrelid = sc.oid
      WHERE sd.refclassid = 'pg_class'::regclass AND sd.refobjid = a.attrelid AND sd.refobjsubid = a.attnum
        AND sd.classid = 'pg_class'::regclass AND sd.deptype = 'i') AS identity_options,
    a.attgenerated::text AS generated, 'pg_attrdef:' || d.oid AS default_key, pg_get_expr(d.adbin, d.adrelid) AS default_sql,
    a.attstorage::text AS storage, t.typstorage::text AS type_storage, a.attcompression::text AS compression,
    nullif(a.attstattarget, -1)::int AS statistics, ${relOptions("a.attoptions")} AS options,
    ${foreignOptions("a.attfdwoptions")} AS foreign_options, a.attislocal AS local, a.attinhcount > 0 AS inherited
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    ${named ? "LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum" : ""}
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum`;
}

const checksSql = `SELECT 'pg_constraint:' || k.oid AS key, 'pg_class:' || k.conrelid AS table, k.conname::text AS name,
  quote_ident(k.conname) AS constraint, pg_get_constraintdef(k.oid) AS definition, k.conislocal AS local, k.convalidated AS valid,
  EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid AND d.refobjid >= 16384
    AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND NOT EXISTS (
      SELECT 1 FROM pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype IN ('e', 'i'))) AS calls
  FROM pg_constraint k WHERE k.contype = 'c' AND k.conrelid >= 16384 ORDER BY k.conrelid, k.conname COLLATE "C"`;

/** Every table with its columns and checks, by the table's key. */
export interface TableRows {
  readonly tables: readonly TableRow[];
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>;
  readonly checks: ReadonlyMap<string, readonly CheckRow[]>;
}

export async function readTables(catalog: Catalog): Promise<TableRows> {
  const tables = await catalog.rows<TableRow>(tablesSql);
  const columns = await catalog.rows<ColumnRow>(columnsSql(catalog.version));
  const checks = await catalog.rows<CheckRow>(checksSql);
  return {
    tables,
    columns: groupBy(columns, (column) => column.table),
    checks: groupBy(checks, (check) => check.table),
  };
}
