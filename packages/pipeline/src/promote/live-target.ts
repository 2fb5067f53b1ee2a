import type { Queryable } from "@ctb-data/postgres";

/** A table of the live database, as far as promotion must know it. */
export interface LiveTarget {
  readonly oid: number;
  /** `schema.table`, quoted as PostgreSQL quotes. */
  readonly place: string;
  readonly kind: "table" | "other";
  readonly unlogged: boolean;
  /** Rules on INSERT or UPDATE. */
  readonly rules: readonly string[];
  /** The names under which errors tell of its rows: its own, and those of its partitions. */
  readonly names: readonly string[];
  /** Triggers look at new rows before they are stored, and may change them. */
  readonly changesRows: boolean;
  /** Row-level security holds for this user. */
  readonly rowSecurity: boolean;
  readonly mayRead: boolean;
  readonly mayInsert: boolean;
  readonly mayUpdate: boolean;
  readonly columns: ReadonlyMap<string, LiveColumn>;
  /** The primary key is the first of them. */
  readonly uniques: readonly LiveUnique[];
  readonly foreignKeys: readonly LiveForeignKey[];
  /** Of each constraint the columns that it is about. */
  readonly constraints: ReadonlyMap<string, readonly string[]>;
}

export interface LiveColumn {
  readonly name: string;
  /** Of a domain the type that it is made of; with its schema, and without length and precision. */
  readonly type: string;
  /** In characters, of `varchar(n)` and `char(n)`. */
  readonly maxLength: number | null;
  /** A row that leaves it out gets a value all the same. */
  readonly hasDefault: boolean;
  /** That value is the next one of a sequence. */
  readonly fromSequence: boolean;
  /** PostgreSQL computes it. */
  readonly generated: boolean;
  readonly identityAlways: boolean;
}

export interface LiveUnique {
  readonly name: string;
  readonly columns: readonly string[];
  readonly primary: boolean;
  /** Checked at once, so that ON CONFLICT can use it. */
  readonly immediate: boolean;
  readonly nullsNotDistinct: boolean;
  /** Its columns are compared as their types are everywhere. */
  readonly usual: boolean;
}

export interface LiveForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly referencedOid: number;
  /** `schema.table`, quoted. */
  readonly place: string;
  readonly table: string;
  readonly referencedColumns: readonly string[];
  /** This user can look whether the row is there. */
  readonly readable: boolean;
}

type TableRow = Omit<LiveTarget, "columns" | "uniques" | "foreignKeys" | "constraints">;

const tableSql = `
SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS place, CASE WHEN c.relkind IN ('r', 'p') THEN 'table' ELSE 'other' END AS kind, c.relpersistence = 'u' AS unlogged,
  ARRAY(SELECT r.rulename::pg_catalog.text FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3') ORDER BY 1) AS rules,
  c.relname::pg_catalog.text || ARRAY(SELECT p.relname::pg_catalog.text FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class p ON p.oid = t.relid WHERE p.oid <> c.oid) AS names,
  EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE (g.tgrelid = c.oid OR g.tgrelid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) p))
    AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 7 = 7) AS "changesRows",
  pg_catalog.row_security_active(c.oid) AS "rowSecurity",
  pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS "mayRead",
  pg_catalog.has_any_column_privilege(c.oid, 'INSERT') AS "mayInsert",
  pg_catalog.has_any_column_privilege(c.oid, 'UPDATE') AS "mayUpdate"
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`;

/** The type behind all domains, and whether one of them has a default. */
const columnsSql = `
WITH RECURSIVE bases AS (
  SELECT a.attnum, t.oid, t.typtype, t.typbasetype, a.atttypmod AS mod, t.typdefault IS NOT NULL AS preset
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, t.oid, t.typtype, t.typbasetype, d.typtypmod, b.preset OR t.typdefault IS NOT NULL
    FROM bases b JOIN pg_catalog.pg_type d ON d.oid = b.oid JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
)
SELECT a.attname AS name, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname) AS type,
  CASE WHEN b.oid IN ('pg_catalog.varchar'::pg_catalog.regtype, 'pg_catalog.bpchar'::pg_catalog.regtype) AND b.mod > 4 THEN b.mod - 4 END AS "maxLength",
  a.attgenerated = '' AND (a.atthasdef OR a.attidentity <> '' OR b.preset) AS "hasDefault",
  a.attidentity <> '' OR a.attgenerated = '' AND COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval(%' AS "fromSequence",
  a.attgenerated <> '' AS generated, a.attidentity = 'a' AS "identityAlways"
FROM bases b JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attnum = b.attnum
  JOIN pg_catalog.pg_type t ON t.oid = b.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE b.typtype <> 'd' ORDER BY a.attnum`;

const uniquesSql = `
SELECT x.relname AS name, i.indisprimary AS primary, i.indimmediate AS immediate,
  COALESCE((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false) AS "nullsNotDistinct",
  (SELECT bool_and(o.opcdefault) FROM unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY k (class, place)
    JOIN pg_catalog.pg_opclass o ON o.oid = k.class WHERE k.place <= i.indnkeyatts) AS usual,
  ARRAY(SELECT a.attname::pg_catalog.text FROM unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC, x.relname`;

/** `conenforced` has the catalog only since PostgreSQL 18. */
const foreignKeysSql = `
SELECT o.conname AS name, o.confrelid AS "referencedOid", c.relname AS table,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS place,
  ARRAY(SELECT a.attname::pg_catalog.text FROM unnest(o.conkey) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number ORDER BY k.place) AS columns,
  ARRAY(SELECT a.attname::pg_catalog.text FROM unnest(o.confkey) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.number ORDER BY k.place) AS "referencedColumns",
  NOT pg_catalog.row_security_active(o.confrelid) AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AND
    (SELECT bool_and(pg_catalog.has_column_privilege(o.confrelid, k.number, 'SELECT')) FROM unnest(o.confkey) k (number)) AS readable
FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.confrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE o.conrelid = $1 AND o.contype = 'f' AND COALESCE((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true)
  AND NOT COALESCE((pg_catalog.to_jsonb(o) ->> 'conperiod')::pg_catalog.bool, false)
ORDER BY o.conname`;

const constraintsSql = `
SELECT o.conname AS name, ARRAY(SELECT a.attname::pg_catalog.text FROM unnest(o.conkey) WITH ORDINALITY k (number, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number ORDER BY k.place) AS columns
FROM pg_catalog.pg_constraint o WHERE o.conrelid = $1`;

/** Reads a table; undefined when there is none. @throws {PostgresError} */
export async function readLiveTarget(
  db: Queryable,
  place: { readonly schema: string; readonly table: string },
): Promise<LiveTarget | undefined> {
  const { rows } = await db.query<TableRow>(tableSql, [place.schema, place.table]);
  const [table] = rows;
  if (table === undefined) return undefined;
  const oid = [table.oid];
  const columns = await db.query<LiveColumn>(columnsSql, oid);
  const uniques = await db.query<LiveUnique>(uniquesSql, oid);
  const foreignKeys = await db.query<LiveForeignKey>(foreignKeysSql, oid);
  const constraints = await db.query<{
    readonly name: string;
    readonly columns: readonly string[];
  }>(constraintsSql, oid);
  return {
    ...table,
    columns: new Map(columns.rows.map((column) => [column.name, column])),
    uniques: uniques.rows,
    foreignKeys: foreignKeys.rows,
    constraints: new Map(constraints.rows.map(({ name, columns: names }) => [name, names])),
  };
}
