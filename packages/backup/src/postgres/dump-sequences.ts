import { quoteLiteral, type Connection } from "@ctb-data/postgres";
import type { PostgresManifest } from "../archive/postgres-manifest.ts";
import { userSchema } from "./list-tables.ts";
import { qualifiedName } from "./qualified-name.ts";

type SequenceManifest = PostgresManifest["sequences"][number];

/** A sequence of the database. */
export interface ListedSequence {
  readonly schema: string;
  readonly name: string;
  readonly readable: boolean;
}

/** What was read of the sequences. */
export interface DumpedSequences {
  readonly sequences: readonly SequenceManifest[];
}

/** Every sequence but temporary ones and those that an extension keeps for itself. @throws {PostgresError} */
export async function listSequences(connection: Connection): Promise<readonly ListedSequence[]> {
  const { rows } = await connection.query<ListedSequence>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
      has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT') AS readable
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${userSchema}
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
            AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND NOT c.oid = ANY (coalesce(e.extconfig, '{}')))
      ORDER BY n.nspname, c.relname`,
  );
  return rows;
}

/**
 * Reads where the sequences are. They are not part of any snapshot: read after the rows, they are never behind them.
 *
 * @throws {PostgresError}
 */
export async function dumpSequences(
  connection: Connection,
  listed: readonly ListedSequence[],
): Promise<DumpedSequences> {
  const sequences: SequenceManifest[] = [];
  for (const sequence of listed) {
    const { schema, name } = sequence;
    const { rows } = await connection.query<{ lastValue: string; isCalled: boolean }>(
      `SELECT last_value::text AS "lastValue", is_called AS "isCalled" FROM ${qualifiedName(sequence)}`,
    );
    const [state] = rows;
    if (!state) throw new Error(`The sequence ${qualifiedName(sequence)} has no row`);
    sequences.push({ schema, name, ...state });
  }
  return { sequences };
}

/** `SELECT setval(…);` */
export function setvalSql(sequence: SequenceManifest): string {
  return `SELECT pg_catalog.setval(${quoteLiteral(qualifiedName(sequence))}, ${sequence.lastValue}, ${sequence.isCalled});`;
}
