import type { Queryable } from "@ctb-data/postgres";
import type { RunTables } from "./run-tables.ts";
import { runnersTable, workTable } from "./work-tables.ts";

const keptDays = 30;
/** In one go, so that nobody waits for it. */
const mostRows = 10_000;

/**
 * Forgets the work of runs that have ended a month ago, or whose row is gone, and runners that were last seen a day ago. A run that is retried later begins
 * its stages from the start.
 *
 * @throws {PostgresError}
 */
export async function cleanUpWork(db: Queryable, { processes }: RunTables): Promise<void> {
  await db.query(
    `DELETE FROM ${workTable} WHERE id IN (
       SELECT w.id FROM ${workTable} w LEFT JOIN ${processes} p ON p.id = w.run
       WHERE w.process_table = $1 AND (p.id IS NULL
         OR p.status NOT IN ('pending', 'running') AND w.updated_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(days => $2))
       LIMIT $3)`,
    [processes, keptDays, mostRows],
  );
  await db.query(
    `DELETE FROM ${runnersTable} WHERE expires_at < pg_catalog.clock_timestamp() - interval '1 day'`,
  );
}
