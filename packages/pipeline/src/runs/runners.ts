import type { Queryable } from "@ctb-data/postgres";
import { processPlace } from "../process-place.ts";
import type { RunKey } from "./stage-work.ts";
import { runnersTable } from "./work-tables.ts";

/** Who shows life in a run: `host:pid`. */
export async function liveRunners(
  db: Queryable,
  { processes, run }: RunKey,
  except?: string,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ readonly worker: string }>(
    `SELECT worker FROM ${runnersTable}
     WHERE process_table = $1 AND run = $2 AND expires_at > pg_catalog.clock_timestamp() AND id IS DISTINCT FROM $3::pg_catalog.uuid
     ORDER BY started_at, id`,
    [processes, run, except ?? null],
  );
  return rows.map(({ worker }) => worker);
}

/** Enters a runner, or enters it again: the answer to an earlier try may have been lost. */
export async function addRunner(
  tx: Queryable,
  { processes, run }: RunKey,
  runner: { readonly id: string; readonly worker: string; readonly leaseMs: number },
): Promise<void> {
  await tx.query(
    `INSERT INTO ${runnersTable} (id, process_table, run, worker, place, expires_at)
     VALUES ($1, $2, $3, $4, $6, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $5))
     ON CONFLICT (id) DO UPDATE SET run = excluded.run, expires_at = excluded.expires_at`,
    [runner.id, processes, run, runner.worker, runner.leaseMs / 1000, processPlace()],
  );
}

/** Whether a runner is still entered: nobody has begun a stage anew without it. */
export async function isEntered(db: Queryable, id: string): Promise<boolean> {
  const { rows } = await db.query(`SELECT FROM ${runnersTable} WHERE id = $1`, [id]);
  return rows.length > 0;
}

/** Takes a runner out. */
export async function removeRunner(tx: Queryable, id: string): Promise<void> {
  await tx.query(`DELETE FROM ${runnersTable} WHERE id = $1`, [id]);
}

/** Takes out those that show no life any more. */
export async function removeDeadRunners(tx: Queryable, { processes, run }: RunKey): Promise<void> {
  await tx.query(
    `DELETE FROM ${runnersTable} WHERE process_table = $1 AND run = $2 AND expires_at <= pg_catalog.clock_timestamp()`,
    [processes, run],
  );
}
