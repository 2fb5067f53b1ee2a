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
  const all = [...tables];
  const found = new Set<string>();
  // Whoever looks at the partitions of a table locks it.
  for (let from = 0; from < all.length; from += together) {
    await connection.query("SAVEPOINT ctb_task");
    const { rows } = await connection.query<{ table: string }>(
      `SELECT DISTINCT n.name AS "table" FROM pg_catalog.unnest($1::text[]) AS n (name)
    CROSS JOIN LATERAL (SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(n.name)) UNION SELECT pg_catalog.to_regclass(n.name)::pg_catalog.oid) AS p
    JOIN pg_class AS c ON c.oid = p.relid
    WHERE c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)`,
      [all.slice(from, from + together)],
    );
    for (const { table } of rows) found.add(table);
    await connection.query("ROLLBACK TO SAVEPOINT ctb_task; RELEASE SAVEPOINT ctb_task");
  }
  return found;
}

const together = 500;
