import type { Postgres, Queryable } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import type { RunTables } from "./run-tables.ts";
import type { RunKey } from "./stage-work.ts";

/** What all parts of one runner know. */
export interface RunnerContext {
  readonly postgres: Postgres;
  readonly tables: RunTables;
  readonly key: RunKey;
  /** The runner's own id, which no other ever has. */
  readonly holder: string;
  readonly worker: string;
  readonly leaseMs: number;
  readonly patienceMs: number;
  /** Of the whole runner. */
  readonly signal: AbortSignal;
}

/** Why nobody may work at the run, as its status says. Undefined while it is open. */
export function closedRun(
  status: string | null | undefined,
  run: number,
): PipelineError | undefined {
  switch (status) {
    case "cancelled":
      return new PipelineError("RUN_CANCELLED", `Run ${run} was cancelled.`, {
        run,
        hint: `What was done before stays. To go on with it: ctb-data imo retry ${run}.`,
      });
    case "failed":
      return new PipelineError("RUN_FAILED", `Run ${run} has failed, by another runner.`, {
        run,
        hint: `ctb-data imo status ${run} says why. To go on with it: ctb-data imo retry ${run}.`,
      });
    case undefined:
    case null:
      return new PipelineError("NOT_FOUND", `There is no run ${run} any more.`, {
        run,
        hint: "Somebody has deleted its row. Begin a new one.",
      });
    default:
      return undefined;
  }
}

/** The same by what the database says now. */
export async function whyClosed(
  db: Queryable,
  { tables, key }: RunnerContext,
): Promise<PipelineError | undefined> {
  const { rows } = await db.query<{ readonly status: string | null }>(
    `SELECT COALESCE(p.status, 'pending') AS status FROM ${tables.processes} p WHERE p.id = $1`,
    [key.run],
  );
  return closedRun(rows[0]?.status, key.run);
}

/** Others took this runner for dead. */
export function takenForDead(run: number): PipelineError {
  return new PipelineError(
    "LEASE_LOST",
    `This runner of run ${run} showed no life for longer than its lease, and others have begun anew without it.`,
    { run, hint: "Nothing that others do was touched. Run it again to join them." },
  );
}
