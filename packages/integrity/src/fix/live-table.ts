import { quoteIdentifier, type Queryable } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { groupBy } from "./group-by.ts";

/** What a fix must know of a table of the live database to move its rows and to put them back. */
export interface LiveTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `schema.table`, quoted. */
  readonly place: string;
  /** For FROM and DELETE: `ONLY schema.table`; without ONLY for a partitioned one, whose rows are in its partitions. */
  readonly source: string;
  readonly partitioned: boolean;
  /** Of a partition the oid of the table at the top; its own otherwise. */
  readonly home: number;
  readonly columns: readonly LiveColumn[];
  /** The columns of its primary key; empty where it has none. */
  readonly key: readonly string[];
  /** The operator of each of them: that of a type of an extension is not in `pg_catalog`. */
  readonly keyEquals: readonly string[];
  /** SQL that is false for a row that the server would refuse, in bare column names. */
  readonly checks: readonly string[];
  /** SQL that is true for the rows of this partition, in bare column names; null where it is none. */
  readonly bound: string | null;
}

export interface LiveColumn {
  readonly name: string;
  /** With its schema, where it is not PostgreSQL's own. */
  readonly type: string;
  /** What its type is in the end, when that is a domain: `json` is read in another way than all others. */
  readonly json: boolean;
  readonly nullable: boolean;
  readonly generated: boolean;
}

interface TableRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly home: number;
  readonly key: readonly string[] | null;
  readonly keyEquals: readonly string[] | null;
  readonly checks: readonly string[] | null;
  readonly bound: string | null;
}

interface ColumnRow extends LiveColumn {
  readonly oid: number;
}

/** Of a domain the type that it is made of, through all domains, and whether one of them refuses null. */
const baseType = `WITH RECURSIVE d AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typnotnull FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
    UNION ALL SELECT b.oid, b.typtype, b.typbasetype, b.typnotnull FROM d JOIN pg_catalog.pg_type b ON b.oid = d.typbasetype WHERE d.typtype = 'd')
  SELECT`;

/** SQL for the operators of an index `i` by which its values are the same, in their order. */
export const indexEquals: string = `(SELECT array_agg(COALESCE((SELECT 'OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.' || p.oprname || ')' FROM pg_catalog.pg_opclass s
      JOIN pg_catalog.pg_amop o ON o.amopfamily = s.opcfamily AND o.amoplefttype = s.opcintype AND o.amoprighttype = s.opcintype AND o.amopstrategy = 3
      JOIN pg_catalog.pg_operator p ON p.oid = o.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace WHERE s.oid = e.class), '=') ORDER BY e.place)
    FROM unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY e (class, place))`;

/** `contype = 'n'` has the catalog only since PostgreSQL 18, and `conenforced` too. */
const tablesSql = `
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned,
  COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS home,
  pg_catalog.pg_get_partition_constraintdef(c.oid) AS bound,
  (SELECT array_agg(a.attname ORDER BY k.place) FROM pg_catalog.pg_index i
    CROSS JOIN unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
    WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts) AS key,
  (SELECT ${indexEquals} FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS "keyEquals",
  (SELECT array_agg(CASE o.contype WHEN 'c' THEN pg_catalog.pg_get_expr(o.conbin, o.conrelid)
      ELSE (SELECT pg_catalog.quote_ident(a.attname) || ' IS NOT NULL' FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = o.conkey[1]) END)
    FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND (o.contype = 'c' OR o.contype = 'n' AND NOT o.convalidated)
      AND COALESCE((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true)) AS checks
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind IN ('r', 'p')`;

const columnsSql = `
SELECT a.attrelid AS oid, a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  (${baseType} bool_or(d.oid IN ('pg_catalog.json'::pg_catalog.regtype, 'pg_catalog.jsonb'::pg_catalog.regtype)) FROM d) AS json,
  NOT a.attnotnull AND NOT (${baseType} bool_or(d.typnotnull) FROM d) AS nullable, a.attgenerated <> '' AS generated
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum`;

/**
 * Reads tables by their oids; those that are gone are left out. Names of types come out as the session's `search_path`
 * makes them: {@link withSafeNames} around it makes them safe.
 */
export async function readLiveTables(
  db: Queryable,
  oids: Iterable<number>,
): Promise<ReadonlyMap<number, LiveTable>> {
  const wanted = [...oids];
  const tables = await db.query<TableRow>(tablesSql, [wanted]);
  const columns = await db.query<ColumnRow>(columnsSql, [wanted]);
  const byTable = groupBy(columns.rows, ({ oid }) => oid);
  return new Map(
    tables.rows.map((row) => {
      const place = `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.name)}`;
      return [
        row.oid,
        {
          ...row,
          place,
          source: row.partitioned ? place : `ONLY ${place}`,
          columns: byTable.get(row.oid) ?? [],
          key: row.key ?? [],
          keyEquals: row.keyEquals ?? [],
          checks: row.checks ?? [],
        },
      ];
    }),
  );
}

/** The columns that a fix may set to null: the live database lets it, and so does the registry. */
export function clearableColumns(table: LiveTable, registry: Registry): ReadonlySet<string> {
  const known = table.schema === registry.schema ? registry.tables.get(table.name) : undefined;
  return new Set(
    table.columns
      .filter(({ name, nullable, generated }) => {
        const column = known?.columns.get(name);
        return nullable && !generated && column?.nullable !== false;
      })
      .map(({ name }) => name),
  );
}
