import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import type { RowReference, TableScan } from "./row-rule.ts";

/** What the live catalog says of a table that is scanned or referenced. */
export interface TableFacts {
  readonly oid: string;
  readonly partitioned: boolean;
  /** The planner's estimate; of a partitioned table of all partitions together. At least 0. */
  readonly estimatedRows: number;
  /** By name: the type without domains, as `format_type` prints it (`bigint`). */
  readonly types: ReadonlyMap<string, string>;
  /** By name, of columns of texts. */
  readonly collations: ReadonlyMap<string, Collation>;
  /** By name, of types that have an `=` of their own outside of pg_catalog: its schema, quoted. */
  readonly equalities: ReadonlyMap<string, string>;
}

export interface Collation {
  /** Quoted, with its schema. */
  readonly name: string;
  /** Texts are equal only when their bytes are. */
  readonly deterministic: boolean;
}

/** Where some rows of a table lie. */
export interface TablePiece {
  /** Quoted, with its schema: the table or one of its partitions. */
  readonly table: string;
  readonly pages: number;
  readonly estimatedRows: number;
  /** It has pages that a range of ctids can be read of. */
  readonly heap: boolean;
}

/** The facts of the tables of a scan, by their quoted names. @throws {PostgresError} */
export async function readTableFacts(
  connection: Connection,
  tables: readonly string[],
): Promise<ReadonlyMap<string, TableFacts>> {
  const facts = new Map<string, TableFacts>();
  const found = await withIndexes(connection, async () => {
    const all: (readonly [string, FactsRow | undefined])[] = [];
    for (const table of new Set(tables))
      all.push([table, (await connection.query<FactsRow>(factsSql, [table])).rows[0]]);
    return all;
  });
  for (const [table, row] of found) {
    if (!row) continue;
    facts.set(table, {
      oid: row.oid,
      partitioned: row.partitioned,
      estimatedRows: row.rows,
      types: new Map(row.columns.map(({ name, type }) => [name, type])),
      collations: new Map(
        row.columns.flatMap(({ name, collation }) => (collation ? [[name, collation]] : [])),
      ),
      equalities: new Map(
        row.columns.flatMap(({ name, equality }) => (equality === null ? [] : [[name, equality]])),
      ),
    });
  }
  return facts;
}

/**
 * The indexes of the catalog are what the server itself goes by. Without them each look at it is one at all tables, which of
 * thousands takes longer than reading their rows. What is set, and locked, is as before when `read` has ended.
 */
async function withIndexes<T>(connection: Connection, read: () => Promise<T>): Promise<T> {
  await connection.query(
    "SAVEPOINT ctb_facts; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = on",
  );
  const found = await read();
  await connection.query("ROLLBACK TO SAVEPOINT ctb_facts; RELEASE SAVEPOINT ctb_facts");
  return found;
}

interface FactsRow {
  readonly oid: string;
  readonly partitioned: boolean;
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly collation: Collation | null;
    readonly equality: string | null;
  }[];
}

const pageCount = `(pg_catalog.pg_relation_size(l.oid)::float8 / pg_catalog.current_setting('block_size')::float8)`;

/** Rows: what is known of pages that were read is taken for all pages that there are now; without that, 100 a page. */
const estimate = `CASE WHEN l.relkind NOT IN ('r', 'm') THEN greatest(l.reltuples::float8, 0) WHEN l.reltuples::float8 < 0::float8 OR l.relpages = 0
    THEN ${pageCount} * 100::float8
  ELSE l.reltuples::float8 / l.relpages::float8 * ${pageCount} END`;

const leaves =
  "(SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf UNION SELECT c.oid)";

/** The schema of the `=` by which the type's default class of btree or hash compares: that of `citext` is where the extension is. */
const equality = `SELECT pg_catalog.format('%I', n.nspname) FROM pg_opclass k
      JOIN pg_amop m ON m.amopfamily = k.opcfamily AND m.amoplefttype = k.opcintype AND m.amoprighttype = k.opcintype
      JOIN pg_am h ON h.oid = k.opcmethod AND (h.amname, m.amopstrategy) IN (('btree', 3), ('hash', 1))
      JOIN pg_operator p ON p.oid = m.amopopr AND p.oprname = '='
      JOIN pg_namespace n ON n.oid = p.oprnamespace AND n.nspname <> 'pg_catalog'
    WHERE k.opcdefault AND k.opcintype = coalesce(b.base, a.atttypid) LIMIT 1`;

const factsSql = `SELECT c.oid::text AS oid, c.relkind = 'p' AS partitioned,
  coalesce((SELECT pg_catalog.sum(${estimate}) FROM pg_class l WHERE l.oid IN ${leaves}), 0)::float8 AS rows,
  (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname,
      'type', pg_catalog.format_type(coalesce(b.base, a.atttypid), NULL), 'collation', CASE WHEN o.oid IS NOT NULL THEN
        pg_catalog.jsonb_build_object('name', pg_catalog.format('%I.%I', (SELECT nspname FROM pg_namespace WHERE oid = o.collnamespace), o.collname),
          'deterministic', o.collisdeterministic) END,
      'equality', (${equality}))), '[]')
    FROM pg_attribute a
    LEFT JOIN pg_collation o ON o.oid = a.attcollation
    LEFT JOIN LATERAL (WITH RECURSIVE d (base, kind) AS (
        SELECT y.typbasetype, (SELECT z.typtype FROM pg_type z WHERE z.oid = y.typbasetype) FROM pg_type y
          WHERE y.oid = a.atttypid AND y.typtype = 'd'
        UNION ALL SELECT y.typbasetype, (SELECT z.typtype FROM pg_type z WHERE z.oid = y.typbasetype)
          FROM d JOIN pg_type y ON y.oid = d.base AND d.kind = 'd')
      SELECT base FROM d WHERE kind <> 'd') b ON true
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class c WHERE c.oid = pg_catalog.to_regclass($1)::pg_catalog.oid`;

/** The parts that a table consists of: itself, or its partitions. @throws {PostgresError} */
export async function readPieces(
  connection: Connection,
  table: string,
): Promise<readonly TablePiece[]> {
  const { rows } = await withIndexes(
    connection,
    async () =>
      await connection.query<TablePiece>(
        `SELECT pg_catalog.format('%I.%I', n.nspname, l.relname) AS "table", (${estimate})::float8 AS "estimatedRows",
      l.relkind = 'r' AND coalesce(m.amname = 'heap', true) AS heap,
      CASE WHEN l.relkind = 'f' THEN 0 ELSE (${pageCount})::int END AS pages
    FROM pg_class c JOIN pg_class l ON l.oid IN ${leaves}
    JOIN pg_namespace n ON n.oid = l.relnamespace
    LEFT JOIN pg_am m ON m.oid = l.relam
    WHERE c.oid = pg_catalog.to_regclass($1)::pg_catalog.oid AND l.relkind <> 'p' ORDER BY l.oid`,
        [table],
      ),
  );
  return rows;
}

/** `FROM` of all rows that belong to a table: those of its partitions, but not of tables that inherit from it. */
export function fromTable(table: string, facts: TableFacts | undefined): string {
  return facts?.partitioned === true ? table : `ONLY ${table}`;
}

/** Columns of a reference in pairs. */
export function columnPairs(
  reference: RowReference,
): readonly { readonly from: string; readonly to: string }[] {
  return reference.columns.map((from, index) => ({
    from,
    to: reference.referencedColumns[index] ?? "",
  }));
}

/** All tables that a scan reads. */
export function tablesOf(scan: TableScan): readonly string[] {
  return [scan.table, ...scan.references.map(({ referencedTable }) => referencedTable)];
}

/** A column of an alias: `t."a b"`. */
export function columnOf(alias: string, name: string): string {
  return `${alias}.${quoteIdentifier(name)}`;
}

/** A name that no column of anybody has. */
export function ownName(name: string): string {
  return quoteIdentifier(`ctb ${name}`);
}

/** An int8 that is exact whatever its size. */
export function int8Literal(value: bigint): string {
  return `${quoteLiteral(String(value))}::pg_catalog.int8`;
}
