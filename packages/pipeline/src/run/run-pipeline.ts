import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStep } from "../progress.ts";
import { openRun } from "../runs/open-run.ts";
import type { RunHandle } from "../runs/run-handle.ts";
import type { RunRecord, StageName } from "../runs/run-record.ts";
import type { PipelineStores } from "../work-options.ts";
import { planRun, stageOf, type RunPlan } from "./plan-run.ts";
import { rehearseRun } from "./rehearse-run.ts";
import type { RunOptions } from "./run-options.ts";
import { shareExport } from "./share-export.ts";
import { shareIntake } from "./share-intake.ts";
import { shareMiddle } from "./share-middle.ts";

/**
 * Does some steps of the open run of a blueprint, or of a new one, and gives what is kept of it. Any number of processes on any number of
 * machines may do the same at the same time: they share the work, and each returns when all of it is done. Run again after a crash it
 * goes on where it was.
 *
 * Records that are wrong do not end it: they are counted, in `firstErrors`, in the file of rejects or in `validation_failed`.
 *
 * @returns the run; of a dry run one with the id 0, that nobody keeps.
 * @throws {PipelineError} INVALID_OPTIONS; INVALID_BLUEPRINT when the blueprint has no such direction; RUN_UNDER_WAY, RUN_CANCELLED,
 * RUN_FAILED; FILE_FAILED; MISSING_TABLES, DENIED, DATABASE_FAILED, FIRESTORE_FAILED; CANCELLED. The run is then failed, unless it is
 * something that passes.
 */
export async function runPipeline(stores: PipelineStores, options: RunOptions): Promise<RunRecord> {
  const plan = await planRun(stores, options);
  if (options.dryRun === true) return await rehearseRun(stores, plan, options);
  await using handle = await openRun(stores, {
    blueprint: options.blueprint,
    steps: plan.steps,
    input: plan.input,
    output: plan.output,
    run: options.run,
    leaseMs: options.leaseMs,
    signal: options.signal,
  });
  for (const step of plan.steps) {
    await doStep(step, { stores, plan, options, handle });
  }
  return await handle.endRun();
}

/** What the steps of a shared run work with. */
export interface RunContext {
  readonly stores: PipelineStores;
  readonly plan: RunPlan;
  readonly options: RunOptions;
  readonly handle: RunHandle;
}

async function doStep(step: PipelineStep, context: RunContext): Promise<void> {
  const { handle, options } = context;
  const stage = stageOf(step);
  if ((await handle.begin(stage)) === "done") return;
  options.onProgress?.({ kind: "step", step });
  try {
    await share(step, context);
    await handle.end(stage);
  } catch (error) {
    throw await failed(error, stage, handle);
  }
}

async function share(step: PipelineStep, context: RunContext): Promise<void> {
  if (step === "intake") await shareIntake(context);
  else if (step === "export") await shareExport(context);
  else await shareMiddle(context, step === "promote");
}

/** What the run was stopped by counts, not what that led to. */
async function failed(error: unknown, stage: StageName, handle: RunHandle): Promise<unknown> {
  const told: unknown =
    handle.signal.aborted && handle.signal.reason instanceof PipelineError
      ? handle.signal.reason
      : error;
  await handle.failRun(told, stage);
  return told;
}
