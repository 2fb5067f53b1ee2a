import type { Connection } from "@ctb-data/postgres";

/**
 * Which of some tables (or of their partitions) were emptied or rewritten between the snapshot and the first look at them: TRUNCATE and
 * some kinds of ALTER TABLE leave nothing that an older snapshot sees. The catalog of the snapshot then knows another file than the
 * table has. Asked when all was read: from the first look on our lock keeps everybody from doing so.
 *
 * @throws {PostgresError}
 */
export async function rewrittenTables(
  connection: Connection,
  tables: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const { rows } = await connection.query<{ table: string }>(
    `SELECT DISTINCT n.name AS "table" FROM pg_catalog.unnest($1::text[]) AS n (name)
    CROSS JOIN LATERAL (SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(n.name)) UNION SELECT pg_catalog.to_regclass(n.name)::pg_catalog.oid) AS p
    JOIN pg_class AS c ON c.oid = p.relid
    WHERE c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)`,
    [[...tables]],
  );
  return new Set(rows.map(({ table }) => table));
}
