import { quoteIdentifier, type Queryable } from "@ctb-data/postgres";
import type { Pairing } from "../archive/backup-manifest.ts";

/** The rows that were written between two snapshots: what the manifest says of them. */
export type ChangedRows = Pairing["changedRows"];

/** Between which two moments, and where to look. */
export interface ChangedRowsQuery {
  /** `pg_current_snapshot()` of both moments. */
  readonly from: string;
  readonly to: string;
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  /** Larger tables are not read through: the answer is then unknown. Default 1 GiB. */
  readonly maxTableBytes?: number;
}

/** Counters of writes per table (`schema.table` quoted), for telling which tables need not be looked at. */
export type WriteCounters = ReadonlyMap<string, string>;

const defaultMaxTableBytes = 2 ** 30;

/** What the server counts of each table's writes. They may be late by a second or more. */
export async function readWriteCounters(connection: Queryable): Promise<WriteCounters> {
  const { rows } = await connection.query<{ schema: string; name: string; writes: string }>(
    `SELECT schemaname AS schema, relname AS name, concat_ws('/', n_tup_ins, n_tup_upd, n_tup_del) AS writes
     FROM pg_catalog.pg_stat_user_tables`,
  );
  return new Map(rows.map(({ schema, name, writes }) => [qualified({ schema, name }), writes]));
}

/**
 * Counts the rows that a snapshot `to` sees as written by transactions that a snapshot `from` does not see. It looks at the rows as
 * they are now: one that was changed again since is not counted, and a row that was deleted is not seen at all. When no
 * transaction wrote anything, nothing is read.
 *
 * A row says which transaction wrote it in 32 bits (`xmin`); the snapshots say which 2³² of them are meant.
 */
export async function countChangedRows(
  connection: Queryable,
  query: ChangedRowsQuery,
  moved: (table: string) => boolean,
): Promise<ChangedRows> {
  const { from, to, maxTableBytes = defaultMaxTableBytes } = query;
  if (from === to) return { count: 0, tables: {}, why: null };
  const counted: Record<string, number> = {};
  const tooLarge: string[] = [];
  let count = 0;
  for (const table of query.tables) {
    const name = qualified(table);
    if (!moved(name)) continue;
    if ((await sizeOf(connection, name)) > maxTableBytes) {
      tooLarge.push(name);
      continue;
    }
    const rows = await countIn(connection, name, { from, to });
    if (rows > 0) counted[name] = rows;
    count += rows;
  }
  if (tooLarge.length === 0) return { count, tables: counted, why: null };
  return {
    count: null,
    tables: counted,
    why: `${tooLarge.join(", ")} had writes during the run and ${tooLarge.length === 1 ? "is" : "are"} too large to be searched for them.`,
  };
}

async function sizeOf(connection: Queryable, name: string): Promise<number> {
  const { rows } = await connection.query<{ size: bigint }>(
    "SELECT coalesce(pg_catalog.pg_relation_size(pg_catalog.to_regclass($1)), 0) AS size",
    [name],
  );
  return Number(rows[0]?.size ?? 0);
}

async function countIn(
  connection: Queryable,
  name: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<number> {
  const { rows } = await connection.query<{ count: bigint }>(
    `SELECT count(*) AS count
     FROM (SELECT pg_catalog.pg_snapshot_xmin($1::pg_snapshot)::text::numeric AS base) AS since,
          ONLY ${name} AS rows,
          LATERAL (SELECT base + mod(rows.xmin::text::numeric - mod(base, 4294967296) + 4294967296, 4294967296) AS writer) AS writers
     WHERE writer < pg_catalog.pg_snapshot_xmax($2::pg_snapshot)::text::numeric
       AND pg_catalog.pg_visible_in_snapshot(writer::text::xid8, $2::pg_snapshot)
       AND NOT pg_catalog.pg_visible_in_snapshot(writer::text::xid8, $1::pg_snapshot)`,
    [from, to],
  );
  return Number(rows[0]?.count ?? 0);
}

function qualified({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
