import { quoteIdentifier, quoteLiteral, type Queryable } from "@ctb-data/postgres";
import type { Finding } from "../finding.ts";
import { columnPlace, driftFinding } from "./drift-finding.ts";

/** Which sequences are looked at. */
export interface SequenceOptions {
  /** The schema of the tables. */
  readonly schema: string;
  /** Only those of these tables. Default: all. */
  readonly tables?: readonly string[] | undefined;
}

/**
 * The sequences whose next value is one that the column that counts by them already has, so that the next row is refused: those of
 * `serial` and identity columns, and all others that are a default. What is written at the same time may be missed, as
 * sequences belong to no snapshot. Sequences that begin again at their end are left out.
 *
 * @throws {PostgresError} as `db.query` does, DENIED among them where the largest value may not be read.
 */
export async function checkSequences(
  db: Queryable,
  options: SequenceOptions,
): Promise<readonly Finding[]> {
  const { rows } = await db.query<SequenceUse>(usesSql, [options.schema]);
  const uses = rows.filter(({ table }) => options.tables?.includes(table) ?? true);
  const findings: Finding[] = [];
  for (const use of uses) {
    const finding = await checkUse(db, use);
    if (finding) findings.push(finding);
  }
  return findings;
}

interface SequenceUse {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly sequenceSchema: string;
  readonly sequence: string;
  readonly increment: bigint;
}

/** An identity column owns its sequence ('i'); any other counts by the sequences that its default needs. */
const usesSql = `
SELECT n.nspname AS schema, t.relname AS table, a.attname AS column, sn.nspname AS "sequenceSchema", s.relname AS sequence,
  q.seqincrement AS increment
FROM (
  SELECT d.refobjid AS relid, d.refobjsubid AS number, d.objid AS sequence
  FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
    AND d.refobjsubid > 0 AND d.deptype = 'i'
  UNION
  SELECT f.adrelid, f.adnum, d.refobjid
  FROM pg_catalog.pg_attrdef f
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid AND d.objid = f.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
) u
JOIN pg_catalog.pg_sequence q ON q.seqrelid = u.sequence AND NOT q.seqcycle
JOIN pg_catalog.pg_class s ON s.oid = u.sequence
JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_catalog.pg_class t ON t.oid = u.relid AND t.relkind IN ('r', 'p') AND NOT t.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace AND n.nspname = $1
JOIN pg_catalog.pg_attribute a ON a.attrelid = u.relid AND a.attnum = u.number
  AND a.atttypid IN ('int2'::pg_catalog.regtype::pg_catalog.oid, 'int4'::pg_catalog.regtype::pg_catalog.oid, 'int8'::pg_catalog.regtype::pg_catalog.oid, 'numeric'::pg_catalog.regtype::pg_catalog.oid)
ORDER BY t.relname, a.attnum, s.relname`;

async function checkUse(db: Queryable, use: SequenceUse): Promise<Finding | undefined> {
  const column = quoteIdentifier(use.column);
  const table = `${quoteIdentifier(use.schema)}.${quoteIdentifier(use.table)}`;
  const sequence = `${quoteIdentifier(use.sequenceSchema)}.${quoteIdentifier(use.sequence)}`;
  const isDown = use.increment < 0n;
  const farthest = isDown ? "min" : "max";
  const next = `CASE WHEN s.is_called THEN s.last_value::numeric + ${use.increment}::numeric ELSE s.last_value::numeric END`;
  const { rows } = await db.query<{ readonly farthest: string; readonly next: string }>(
    `SELECT m.farthest::text AS farthest, (${next})::text AS next
     FROM (SELECT pg_catalog.${farthest}(${column}) AS farthest FROM ${table}) m, ${sequence} s
     WHERE m.farthest::numeric ${isDown ? "<=" : ">="} ${next}`,
  );
  const [row] = rows;
  if (!row) return undefined;
  const name = `${use.table}.${use.column}`;
  return driftFinding({
    id: `drift:${columnPlace(use.table, use.column)}:sequence`,
    table: use.table,
    columns: [use.column],
    message: `The sequence ${use.sequence} is behind: its next value is ${row.next}, and ${name} already reaches ${row.farthest}.`,
    fix: {
      summary: `Lets ${use.sequence} count on from what ${name} has.`,
      // It never takes back what others have counted meanwhile.
      statements: [
        `SELECT pg_catalog.setval(${quoteLiteral(sequence)}, ${farthest}(${column})::bigint) FROM ${table} HAVING ${farthest}(${column}) ${isDown ? "<=" : ">="} (SELECT last_value FROM ${sequence})`,
      ],
    },
  });
}
