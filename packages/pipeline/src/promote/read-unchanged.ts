import type { Queryable } from "@ctb-data/postgres";
import type { PromotionTarget } from "./promotion-target.ts";
import type { PromotableDocument } from "./promotion.ts";

/**
 * The keys of the rows of documents whose very content was promoted before, by their ids: nothing is to be done for them, so that they
 * need not be sent.
 *
 * @throws {PostgresError}
 */
export async function readUnchanged(
  db: Queryable,
  { target, records }: { readonly target: PromotionTarget; readonly records: string },
  documents: readonly PromotableDocument[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ readonly id: string; readonly key: string }>(
    `SELECT u.id, p.row_key AS key FROM unnest($3::pg_catalog.text[], $4::pg_catalog.text[]) AS u (id, hash)
    CROSS JOIN LATERAL (SELECT * FROM ${records} p WHERE p.collection = $1 AND p.document_id = u.id LIMIT 1) p
    WHERE p.table_name = ANY ($2::pg_catalog.text[]) AND p.content_hash = pg_catalog.decode(u.hash, 'hex')`,
    [
      target.collection,
      target.recordNames,
      documents.map(({ id }) => id),
      documents.map(({ contentHash }) => contentHash),
    ],
  );
  return new Map(rows.map(({ id, key }) => [id, key]));
}
