import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Transaction } from "@ctb-data/postgres";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import { noRun } from "./change-run.ts";
import { cleanUpWork } from "./clean-up-work.ts";
import { decideStages, type WantedStage } from "./decide-stages.ts";
import { expireGoneRunners } from "./expire-gone-runners.ts";
import { lockBlueprint } from "./lock-blueprint.ts";
import { persistently } from "./persistently.ts";
import type { OpenRunOptions, RunHandle } from "./run-handle.ts";
import { insertRun, lockOpenRuns, lockRun, writeRun, type RunRow } from "./run-rows.ts";
import { findRunTables, type RunTables } from "./run-tables.ts";
import { Runner } from "./runner.ts";
import { addRunner, liveRunners, removeDeadRunners } from "./runners.ts";
import { stageNames, stageOfStep } from "./stage-record.ts";
import { forgetWork } from "./stage-work.ts";
import { ensureWorkTables } from "./work-tables.ts";

const defaultLeaseMs = 30_000;
const defaultPatienceMs = 120_000;

interface Opening {
  readonly options: OpenRunOptions;
  readonly wanted: readonly WantedStage[];
  readonly tables: RunTables;
  readonly runner: { readonly id: string; readonly worker: string; readonly leaseMs: number };
}

interface OpenedRow {
  readonly run: number;
  readonly joined: boolean;
}

/**
 * Joins the open run of a blueprint, or makes one. Any number of runners on any number of machines share it.
 *
 * @throws {PipelineError} INVALID_OPTIONS; NOT_FOUND for a `run` that is not there; REFUSED for one that is not open, or of
 * another blueprint; MISSING_TABLES; DENIED; RUN_UNDER_WAY when the open run has another input or output, or others do something else
 * in it; DATABASE_FAILED.
 */
export async function openRun(stores: PipelineStores, options: OpenRunOptions): Promise<RunHandle> {
  const { leaseMs = defaultLeaseMs, patienceMs = defaultPatienceMs, signal } = options;
  const wanted = wantedStages(options);
  checkTimes({ leaseMs, patienceMs });
  const { postgres } = stores;
  const runner = { id: randomUUID(), worker: `${hostname()}:${process.pid}`, leaseMs };
  const { tables, opened } = await persistently({ patienceMs, signal }, async () => {
    const found = await findRunTables(stores);
    await ensureWorkTables(postgres);
    const opening = { options, wanted, tables: found, runner };
    return { tables: found, opened: await openRow(stores, opening) };
  });
  // What is left over does no harm.
  await cleanUpWork(postgres, tables).catch(() => undefined);
  return new Runner({
    stores,
    blueprint: options.blueprint,
    joined: opened.joined,
    signal,
    context: {
      postgres,
      tables,
      key: { processes: tables.processes, run: opened.run },
      holder: runner.id,
      worker: runner.worker,
      leaseMs,
      patienceMs,
    },
  });
}

async function openRow({ postgres }: PipelineStores, opening: Opening): Promise<OpenedRow> {
  const { blueprint } = opening.options;
  try {
    return await postgres.transaction(
      async (tx) => {
        await lockBlueprint(tx, opening.tables, blueprint.id);
        const row = await openRowOf(tx, opening);
        return row === undefined ? await newRow(tx, opening) : await joinRow(tx, row, opening);
      },
      { isolation: "read committed" },
    );
  } catch (error) {
    throw databaseError(error, `A run of the blueprint ${blueprint.id} could not be opened`, {
      table: opening.tables.processes,
    });
  }
}

async function openRowOf(
  tx: Transaction,
  { options, tables }: Opening,
): Promise<RunRow | undefined> {
  const { run, blueprint } = options;
  if (run === undefined) return (await lockOpenRuns(tx, tables, blueprint.id))[0];
  const row = await lockRun(tx, tables, run);
  if (row === undefined) throw noRun(run);
  if (row.blueprintId !== blueprint.id) {
    throw new PipelineError(
      "REFUSED",
      `Run ${run} is of the blueprint ${row.blueprintId ?? "nobody knows which"}, not of ${blueprint.id}.`,
      { run },
    );
  }
  if (row.status === "pending" || row.status === "running") return row;
  throw new PipelineError("REFUSED", `Run ${run} is ${row.status ?? "in a state of its own"}.`, {
    run,
    hint:
      row.status === "complete"
        ? "Leave the run out to begin a new one."
        : `ctb-data imo retry ${run} opens it again.`,
  });
}

async function newRow(
  tx: Transaction,
  { options, wanted, tables, runner }: Opening,
): Promise<OpenedRow> {
  const decision = decideStages({}, wanted, { live: false, interrupted: false });
  const stages = "stages" in decision ? decision.stages : {};
  const run = await insertRun(tx, tables, { blueprint: options.blueprint.id, stages });
  const key = { processes: tables.processes, run };
  // A sequence that was set back gives ids again.
  await forgetWork(tx, key, stageNames);
  await addRunner(tx, key, runner);
  return { run, joined: false };
}

async function joinRow(
  tx: Transaction,
  row: RunRow,
  { options, wanted, tables, runner }: Opening,
): Promise<OpenedRow> {
  const key = { processes: tables.processes, run: row.id };
  await expireGoneRunners(tx, key);
  const others = await liveRunners(tx, key, runner.id);
  const decision = decideStages(row.stages, wanted, {
    live: others.length > 0,
    interrupted: row.status === "running",
  });
  if ("conflict" in decision) throw underWay(row, others, { options, why: decision.conflict });
  const { stages, anew } = decision;
  if (anew !== undefined) {
    await forgetWork(tx, key, stageNames.slice(stageNames.indexOf(anew)));
    await removeDeadRunners(tx, key);
  }
  await writeRun(tx, tables, { id: row.id, status: "running", stages });
  await addRunner(tx, key, runner);
  return { run: row.id, joined: true };
}

function underWay(
  { id, stages }: RunRow,
  others: readonly string[],
  { options, why }: { readonly options: OpenRunOptions; readonly why: string },
): PipelineError {
  const { vendor, version } = options.blueprint.blueprint;
  const last = stageNames.flatMap((name) => stages[name]?.workers ?? []).at(-1);
  const who =
    others.length > 0
      ? `by ${others.join(", ")}`
      : `and nobody is at it${last === undefined ? "" : ` (${last} was)`}`;
  return new PipelineError(
    "RUN_UNDER_WAY",
    `Run ${id} of ${vendor} ${version} is under way, ${who}: ${why}.`,
    {
      run: id,
      hint:
        others.length > 0
          ? `Wait for it, or end it with ctb-data imo cancel ${id}.`
          : `Finish it with what it was begun with, or end it with ctb-data imo cancel ${id}.`,
    },
  );
}

function wantedStages({ steps, input, output }: OpenRunOptions): readonly WantedStage[] {
  const wanted = stageNames.flatMap((stage): readonly WantedStage[] => {
    const own = steps.filter((step) => stageOfStep(step) === stage);
    const step = own.find((one) => one !== "validate") ?? own[0];
    if (step === undefined) return [];
    return [{ stage, step, target: { input, middle: undefined, output }[stage] }];
  });
  if (wanted.length > 0) return wanted;
  throw new PipelineError("INVALID_OPTIONS", "A run needs at least one step.");
}

function checkTimes(times: { readonly leaseMs: number; readonly patienceMs: number }): void {
  const limits = [
    ["leaseMs", times.leaseMs, 100],
    ["patienceMs", times.patienceMs, 0],
  ] as const;
  for (const [name, value, least] of limits) {
    if (Number.isInteger(value) && value >= least && value <= 86_400_000) continue;
    throw new PipelineError(
      "INVALID_OPTIONS",
      `${name} is ${value}: it must be a whole number from ${least} to 86,400,000.`,
    );
  }
}
