import type { Queryable } from "@ctb-data/postgres";
import { isGone, processPlace } from "../process-place.ts";
import type { RunKey } from "./stage-work.ts";
import { runnersTable, workTable } from "./work-tables.ts";

/**
 * Runners of this machine whose process is gone need not be waited for: their time is over at once. Should one live all the same, it
 * loses its work as any other that is late.
 *
 * @throws {PostgresError}
 */
export async function expireGoneRunners(db: Queryable, { processes, run }: RunKey): Promise<void> {
  const { rows } = await db.query<{ readonly id: string; readonly worker: string }>(
    `SELECT id, worker FROM ${runnersTable}
     WHERE process_table = $1 AND run = $2 AND place = $3 AND expires_at > pg_catalog.clock_timestamp()`,
    [processes, run, processPlace()],
  );
  const gone = rows
    .filter(({ worker }) => isGone(Number(worker.slice(worker.lastIndexOf(":") + 1))))
    .map(({ id }) => id);
  if (gone.length === 0) return;
  await db.query(
    `UPDATE ${workTable} SET expires_at = '-infinity' WHERE id IN (
       SELECT id FROM ${workTable} WHERE process_table = $1 AND run = $2 AND state = 'held' AND holder = ANY ($3::pg_catalog.uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED)`,
    [processes, run, gone],
  );
  await db.query(
    `UPDATE ${runnersTable} SET expires_at = '-infinity' WHERE id IN (
       SELECT id FROM ${runnersTable} WHERE id = ANY ($1::pg_catalog.uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED)`,
    [gone],
  );
}
