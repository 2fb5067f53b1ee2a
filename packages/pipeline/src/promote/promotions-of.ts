import type { Queryable } from "@ctb-data/postgres";
import { hasPromotionTables, promotionsTable } from "./promotion-tables.ts";

/** Where a document went. */
export interface Promotion {
  readonly id: string;
  /** `schema.table`, quoted as PostgreSQL quotes. */
  readonly table: string;
  /** The primary key as PostgreSQL prints it; of several columns a JSON array of them. */
  readonly rowKey: string;
  /** SHA-256 of the content that was promoted, hexadecimal. */
  readonly contentHash: string;
  /** The run that has written it. */
  readonly run: number;
}

/**
 * The promotions of some documents of a collection by their ids; documents without one are left out. None where nothing was ever
 * promoted.
 *
 * @throws {PostgresError}; {PipelineError} UNKNOWN_FORMAT
 */
export async function promotionsOf(
  db: Queryable,
  collection: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Promotion>> {
  if (ids.length === 0 || !(await hasPromotionTables(db))) return new Map();
  const { rows } = await db.query<Promotion>(
    `SELECT document_id AS id, table_name AS table, row_key AS "rowKey",
      pg_catalog.encode(content_hash, 'hex') AS "contentHash", process_id::pg_catalog.float8 AS run
    FROM ${promotionsTable} WHERE collection = $1 AND document_id = ANY ($2::pg_catalog.text[])`,
    [collection, ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Which of some documents this very run has promoted since a moment of PostgreSQL's clock (ISO 8601).
 *
 * @throws {PostgresError}
 */
export async function promotedSince(
  db: Queryable,
  collection: string,
  {
    ids,
    run,
    since,
  }: { readonly ids: readonly string[]; readonly run: number; readonly since: string },
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ readonly id: string }>(
    `SELECT document_id AS id FROM ${promotionsTable}
    WHERE collection = $1 AND document_id = ANY ($2::pg_catalog.text[]) AND process_id = $3 AND promoted_at >= $4::pg_catalog.timestamptz`,
    [collection, ids, run, since],
  );
  return new Set(rows.map(({ id }) => id));
}
