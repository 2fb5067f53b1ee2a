import type { Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { changedTable, goneTable } from "./work-tables.ts";

interface WrittenRow {
  readonly rel: number;
  readonly place: string;
  readonly rows: bigint;
}

/** What this transaction has deleted and updated so far, what the server does by itself included; nothing with `track_counts = off`. */
const writtenSql = `
SELECT w.rel, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(w.relname) AS place, w.rows
FROM (SELECT c.oid AS rel, c.relname, c.relnamespace,
    pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS rows
  FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relpersistence <> 't') w JOIN pg_catalog.pg_namespace n ON n.oid = w.relnamespace
WHERE w.rows > 0`;

const meantSql = `
SELECT rel, count(*) AS rows FROM (SELECT rel, tid FROM ${goneTable} UNION SELECT rel, tid FROM ${changedTable}) w GROUP BY rel`;

/**
 * Runs `fn`, which takes away and changes the rows in the work tables, and compares what it did with what the server counts: when more rows
 * went, by an action of a foreign key that was not foreseen for example, they would be in no quarantine.
 *
 * @throws {IntegrityError} REFUSED then
 */
export async function withoutSurprises(
  connection: Connection,
  fn: () => Promise<void>,
): Promise<void> {
  const before = await written(connection);
  await fn();
  const { rows: meant } = await connection.query<{ readonly rel: number; readonly rows: bigint }>(
    meantSql,
  );
  const expected = new Map(meant.map(({ rel, rows }) => [rel, rows]));
  for (const [rel, { place, rows }] of await written(connection)) {
    const more = rows - (before.get(rel)?.rows ?? 0n) - (expected.get(rel) ?? 0n);
    if (more <= 0n) continue;
    throw new IntegrityError(
      "REFUSED",
      `The server would change ${more} rows of ${place} by itself, which would not be kept.`,
      {
        table: place,
        hint: "Nothing was changed. Look at the foreign keys that lead from it, and at their actions.",
      },
    );
  }
}

async function written(connection: Connection): Promise<ReadonlyMap<number, WrittenRow>> {
  const { rows } = await connection.query<WrittenRow>(writtenSql);
  return new Map(rows.map((row) => [row.rel, row]));
}
