import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import { changeRun } from "./change-run.ts";
import { endIfBegun, withEndedStages } from "./end-stage.ts";
import { readRun } from "./read-runs.ts";
import type { RunRecord } from "./run-record.ts";
import { writeRun } from "./run-rows.ts";
import { findRunTables } from "./run-tables.ts";
import { closeWork } from "./stage-work.ts";
import { ensureWorkTables } from "./work-tables.ts";

/**
 * Cancels an open run. When it returns nothing more of the run's work is committed; its runners stop within a heartbeat. What was
 * committed stays. A run that is cancelled already is left so.
 *
 * @throws {PipelineError} NOT_FOUND; REFUSED for a run that is complete or failed; MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export async function cancelRun(stores: PipelineStores, id: number): Promise<RunRecord> {
  await readRun(stores, id);
  const { postgres } = stores;
  const tables = await findRunTables(stores);
  await ensureWorkTables(postgres);
  const change = { postgres, tables, run: id, failure: `Run ${id} could not be cancelled` };
  await changeRun(change, async (tx, row) => {
    if (row.status === "cancelled") return;
    if (row.status !== "pending" && row.status !== "running") {
      throw new PipelineError("REFUSED", `Run ${id} is ${row.status ?? "no run of a pipeline"}.`, {
        run: id,
        hint: "Only a run that is pending or running can be cancelled.",
      });
    }
    const key = { processes: tables.processes, run: id };
    await closeWork(tx, key, "cancelled");
    const stages = await withEndedStages(tx, row.stages, {
      key,
      end: endIfBegun("cancelled"),
    });
    await writeRun(tx, tables, { id, status: "cancelled", stages });
  });
  return await readRun(stores, id);
}
