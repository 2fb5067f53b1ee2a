import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import type { LiveTable } from "./live-table.ts";

interface ConstraintRow {
  readonly place: string;
  readonly name: string;
  readonly definition: string;
}

const notValidSql = `
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS place, o.conname AS name,
  pg_catalog.pg_get_constraintdef(o.oid) AS definition
FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE o.conrelid = ANY ($1::pg_catalog.oid[]) AND NOT o.convalidated AND o.contype IN ('c', 'f', 'n') AND o.coninhcount = 0
  AND COALESCE((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true)
ORDER BY o.conname`;

/**
 * Runs `fn`, in a transaction, without the constraints of these tables that are `NOT VALID`, and makes them again: rows from before
 * them may break them, and the server would refuse them as new rows.
 */
export async function withoutNotValid<T>(
  connection: Connection,
  tables: readonly LiveTable[],
  fn: () => Promise<T>,
): Promise<T> {
  const { rows } = await connection.query<ConstraintRow>(notValidSql, [
    tables.map(({ oid }) => oid),
  ]);
  for (const { place, name } of rows)
    await connection.query(`ALTER TABLE ${place} DROP CONSTRAINT ${quoteIdentifier(name)}`);
  const result = await fn();
  for (const { place, name, definition } of rows) {
    await connection.query(
      `ALTER TABLE ${place} ADD CONSTRAINT ${quoteIdentifier(name)} ${definition}`,
    );
  }
  return result;
}
