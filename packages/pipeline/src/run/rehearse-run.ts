import { exportVendor } from "../export/export-vendor.ts";
import { intakeFile } from "../intake/intake-file.ts";
import { runMiddle } from "../middle/run-middle.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStep } from "../progress.ts";
import type { RunRecord, StageRecord } from "../runs/run-record.ts";
import type { PipelineStores } from "../work-options.ts";
import type { RunPlan } from "./plan-run.ts";
import type { RunOptions } from "./run-options.ts";
import { countsOfExport, exportingOf } from "./share-export.ts";
import { bothOf, countsOfIntake, intakeOptionsOf, takingOf } from "./share-intake.ts";

type Done = Pick<StageRecord, "counts" | "firstErrors" | "files">;

/**
 * Does each step without writing anything. A later step sees the stores as they are: not what an earlier one would have written.
 *
 * @returns a run that nobody keeps, with the id 0.
 */
export async function rehearseRun(
  stores: PipelineStores,
  plan: RunPlan,
  options: RunOptions,
): Promise<RunRecord> {
  const { id: blueprintId, blueprint } = options.blueprint;
  const records = new Map<PipelineStep, StageRecord>();
  for (const step of plan.steps) {
    options.onProgress?.({ kind: "step", step });
    const started = performance.now();
    const done = await rehearse(step, stores, options);
    const ms = Math.round(performance.now() - started);
    records.set(step, { state: "done", step, ms, ...done });
  }
  return {
    id: 0,
    blueprintId,
    vendor: blueprint.vendor,
    version: blueprint.version,
    status: "complete",
    input: records.get("intake"),
    middle: records.get("promote") ?? records.get("validate"),
    output: records.get("export"),
    createdAt: undefined,
    runners: [],
  };
}

async function rehearse(
  step: PipelineStep,
  stores: PipelineStores,
  options: RunOptions,
): Promise<Done> {
  const { onProgress, signal, batch, parts } = options;
  if (step === "intake") {
    const report = await intakeFile(bothOf(stores), {
      ...intakeOptionsOf(options),
      signal,
      dryRun: true,
    });
    const { bytes, sha256, firstErrors } = report;
    const files = [{ file: options.file ?? "", bytes, sha256 }];
    return { counts: countsOfIntake(report), files, firstErrors };
  }
  if (step === "export") {
    const report = await exportVendor(stores, {
      blueprint: exportingOf(options),
      file: options.output,
      onProgress,
      signal,
      dryRun: true,
    });
    return { counts: countsOfExport(report), firstErrors: report.firstErrors };
  }
  return await runMiddle(bothOf(stores), {
    blueprint: takingOf(options),
    work: () => {
      throw new PipelineError("INVALID_OPTIONS", "A dry run shares no work.");
    },
    promote: step === "promote",
    batch,
    parts,
    onProgress,
    signal,
    dryRun: true,
  });
}
