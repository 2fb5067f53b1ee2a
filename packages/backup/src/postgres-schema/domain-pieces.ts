import type { Catalog } from "./catalog-query.ts";
import type { Piece } from "./draft.ts";
import { groupBy } from "./group-by.ts";

const sql = `SELECT 'pg_constraint:' || k.oid AS key, 'pg_type:' || k.contypid AS owner, 'domain constraint' AS kind,
  t.typname || '.' || k.conname AS name, ' CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) AS inline,
  'ALTER DOMAIN ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname) || ' ADD CONSTRAINT ' || quote_ident(k.conname) || ' '
    || pg_get_constraintdef(k.oid) AS separate, NOT k.convalidated AS late
  FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE k.contypid >= 16384 ORDER BY k.conname COLLATE "C"`;

/** The constraints of all domains, by the domain's key. */
export async function readDomainPieces(
  catalog: Catalog,
): Promise<ReadonlyMap<string, readonly Piece[]>> {
  return groupBy(await catalog.rows<Piece>(sql), (piece) => piece.owner);
}
