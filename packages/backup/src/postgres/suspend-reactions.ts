import type { Connection } from "@ctb-data/postgres";

/** What takes something away, and what brings it back as it was. */
interface Reaction {
  readonly suspend: string;
  readonly resume: string;
}

/**
 * Foreign keys from and to the tables, by the one that the user made: those of partitions follow it. Made again, the server looks at
 * every row, which setting triggers aside would not do.
 */
const foreignKeys = `WITH RECURSIVE up AS (
    SELECT k.oid, k.conparentid FROM pg_catalog.pg_constraint AS k
      WHERE k.contype = 'f' AND (k.conrelid = ANY ($1::oid[]) OR k.confrelid = ANY ($1::oid[]))
    UNION
    SELECT k.oid, k.conparentid FROM up JOIN pg_catalog.pg_constraint AS k ON k.oid = up.conparentid
  )
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname) AS suspend,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
      || coalesce(format('; COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, k.conrelid::regclass,
        obj_description(k.oid, 'pg_constraint')), '') AS resume
    FROM pg_catalog.pg_constraint AS k WHERE k.oid IN (SELECT oid FROM up WHERE conparentid = 0) ORDER BY k.oid`;

const triggers = `SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname) AS suspend,
    format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', t.tgrelid::regclass,
      CASE t.tgenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, t.tgname) AS resume
    FROM pg_catalog.pg_trigger AS t
    WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY t.oid`;

/**
 * Takes triggers and foreign keys off tables, inside the caller's transaction. The returned function puts them back: it throws when
 * a row breaks a foreign key. Needs to be their owner.
 *
 * @throws {PostgresError}
 */
export async function suspendReactions(
  connection: Connection,
  oids: readonly string[],
): Promise<() => Promise<void>> {
  const reactions: Reaction[] = [];
  for (const sql of [foreignKeys, triggers])
    reactions.push(...(await connection.query<Reaction>(sql, [oids])).rows);
  for (const { suspend } of reactions) await connection.query(suspend);
  return async () => {
    for (const { resume } of reactions) await connection.query(resume);
  };
}
