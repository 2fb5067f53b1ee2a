import type { Transaction } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import { changeRun } from "./change-run.ts";
import type { Stages } from "./decide-stages.ts";
import { expireGoneRunners } from "./expire-gone-runners.ts";
import { lockBlueprint } from "./lock-blueprint.ts";
import { readRun } from "./read-runs.ts";
import type { RunRecord } from "./run-record.ts";
import { lockOpenRuns, writeRun } from "./run-rows.ts";
import { findRunTables } from "./run-tables.ts";
import { liveRunners } from "./runners.ts";
import { stageNames } from "./stage-record.ts";
import { reopenWork } from "./stage-work.ts";
import { ensureWorkTables } from "./work-tables.ts";

/**
 * Opens a run that has failed or was cancelled again, at its positions: `openRun` with its id then goes on with it. One that is open and has no runner
 * is left as it is.
 *
 * @throws {PipelineError} NOT_FOUND; REFUSED for a run that is complete; RUN_UNDER_WAY when it has runners, or another run of its blueprint is open;
 * MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export async function retryRun(stores: PipelineStores, id: number): Promise<RunRecord> {
  const { blueprintId } = await readRun(stores, id);
  const { postgres } = stores;
  const tables = await findRunTables(stores);
  await ensureWorkTables(postgres);
  const key = { processes: tables.processes, run: id };
  const change = {
    postgres,
    tables,
    run: id,
    failure: `Run ${id} could not be opened again`,
    first: async (tx: Transaction) => await lockBlueprint(tx, tables, blueprintId),
  };
  await changeRun(change, async (tx, row) => {
    await expireGoneRunners(tx, key);
    const others = await liveRunners(tx, key);
    if (others.length > 0) throw isRunning(id, others);
    if (row.status === "complete") {
      throw new PipelineError("REFUSED", `Run ${id} is complete.`, {
        run: id,
        hint: "There is nothing to try again; run the blueprint to begin a new run.",
      });
    }
    const all = await lockOpenRuns(tx, tables, blueprintId);
    const open = all.find((other) => other.id !== id);
    if (open !== undefined) throw anotherIsOpen(id, open.id);
    await reopenWork(tx, key);
    if (row.status === "pending" || row.status === "running") return;
    await writeRun(tx, tables, { id, status: "running", stages: reopened(row.stages) });
  });
  return await readRun(stores, id);
}

function reopened(stages: Stages): Stages {
  return Object.fromEntries(
    stageNames.flatMap((name) => {
      const stage = stages[name];
      if (stage === undefined) return [];
      if (stage.state === "done") return [[name, stage] as const];
      const { finishedAt: _finishedAt, ms: _ms, failure: _failure, ...rest } = stage;
      return [[name, { ...rest, state: "pending" as const }] as const];
    }),
  );
}

function isRunning(run: number, others: readonly string[]): PipelineError {
  return new PipelineError(
    "RUN_UNDER_WAY",
    `Run ${run} is being worked at by ${others.join(", ")}.`,
    {
      run,
      hint: "Wait until they show no life any more, or cancel the run.",
    },
  );
}

function anotherIsOpen(run: number, other: number): PipelineError {
  return new PipelineError(
    "RUN_UNDER_WAY",
    `Run ${run} cannot be opened again: run ${other} of its blueprint is open.`,
    { run: other, hint: `Finish run ${other}, or cancel it, first.` },
  );
}
