import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { VendorBlueprint } from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStep } from "../progress.ts";
import type { StageName, StageTarget } from "../runs/run-record.ts";
import type { PipelineStores } from "../work-options.ts";
import type { RunOptions } from "./run-options.ts";

/** What a run is going to do, checked. */
export interface RunPlan {
  /** In the order in which they are done. */
  readonly steps: readonly PipelineStep[];
  readonly input: StageTarget | undefined;
  readonly output: StageTarget | undefined;
}

/** The stage of `imo_processes` that a step belongs to. */
export function stageOf(step: PipelineStep): StageName {
  if (step === "intake") return "input";
  return step === "export" ? "output" : "middle";
}

/**
 * Which steps are done, and with what; nothing is touched but the input file, which is read for its hash.
 *
 * @throws {PipelineError} INVALID_OPTIONS, INVALID_BLUEPRINT, FILE_FAILED, CANCELLED
 */
export async function planRun(stores: PipelineStores, options: RunOptions): Promise<RunPlan> {
  const { blueprint } = options.blueprint;
  checkNumbers(options);
  if (options.steps === undefined) checkFiles(blueprint, options);
  const steps = stepsOf(blueprint, options);
  if (steps.length === 0) {
    throw new PipelineError("INVALID_OPTIONS", `There is nothing to do for ${blueprint.vendor}.`, {
      hint: "Name a step, a file to take in, or a file to export to.",
    });
  }
  for (const step of steps) checkStep(step, stores, options);
  return {
    steps,
    input:
      steps.includes("intake") && options.file !== undefined
        ? await targetOf(options.file, options.signal)
        : undefined,
    output: steps.includes("export") ? outputOf(blueprint, options) : undefined,
  };
}

const order: readonly PipelineStep[] = ["intake", "validate", "promote", "export"];

function stepsOf(
  { intake, export: exporting }: VendorBlueprint,
  { steps, file, output }: RunOptions,
): readonly PipelineStep[] {
  const wanted = new Set<PipelineStep>(
    steps ?? [
      ...(intake !== undefined && file !== undefined ? ["intake" as const] : []),
      ...(intake === undefined ? [] : ["promote" as const]),
      ...(exporting !== undefined && (output !== undefined || exporting.output.format === "table")
        ? ["export" as const]
        : []),
    ],
  );
  // To promote is to validate first.
  if (wanted.has("promote")) wanted.delete("validate");
  return order.filter((step) => wanted.has(step));
}

function checkNumbers({ batch = 1, parts = 1 }: RunOptions): void {
  for (const [name, value] of Object.entries({ batch, parts })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw invalid(`${name} is ${value}: it must be a whole number from 1.`, "Leave it out.");
  }
}

/** A file that nothing would be done with is a mistake. */
function checkFiles(
  { vendor, intake, export: exporting }: VendorBlueprint,
  { file, output }: RunOptions,
): void {
  if (file !== undefined && intake === undefined) throw noDirection(vendor, "intake", "comes in");
  if (output !== undefined && exporting === undefined)
    throw noDirection(vendor, "export", "goes out");
}

function checkStep(step: PipelineStep, stores: PipelineStores, options: RunOptions): void {
  const { vendor, intake, export: exporting } = options.blueprint.blueprint;
  if (step === "export") {
    if (exporting === undefined) throw noDirection(vendor, "export", "goes out");
    if (exporting.output.format !== "table" && options.output === undefined)
      throw invalid(`The export of ${vendor} needs a file to go to.`, "Name the output.");
    return;
  }
  if (intake === undefined) throw noDirection(vendor, "intake", "comes in");
  if (stores.firestore === undefined)
    throw invalid(`The step ${step} of ${vendor} needs Firestore.`, "Open both stores.");
  if (step === "intake" && options.file === undefined)
    throw invalid(`The intake of ${vendor} needs a file to read.`, "Name the file.");
}

function invalid(message: string, hint: string): PipelineError {
  return new PipelineError("INVALID_OPTIONS", message, { hint });
}

function noDirection(vendor: string, section: string, what: string): PipelineError {
  return new PipelineError(
    "INVALID_BLUEPRINT",
    `The blueprint of ${vendor} has no ${section}: nothing of it ${what}.`,
    { hint: `Add the section ${section}, or name another vendor.` },
  );
}

function outputOf(
  { export: exporting }: VendorBlueprint,
  { output }: RunOptions,
): StageTarget | undefined {
  if (exporting?.output.format === "table") return { file: `table ${exporting.output.table}` };
  return output === undefined ? undefined : { file: resolve(output) };
}

async function targetOf(file: string, signal: AbortSignal | undefined): Promise<StageTarget> {
  const hash = createHash("sha256");
  try {
    // Of a pipe nobody may ever write the end, and what was read of it is gone.
    if (!(await stat(file)).isFile()) throw new Error("it is not a file");
    await pipeline(createReadStream(file), hash, { ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted === true)
      throw new PipelineError("CANCELLED", "The run was stopped.", { cause: error });
    throw new PipelineError("FILE_FAILED", `The file ${file} cannot be read: ${reasonOf(error)}.`, {
      file,
      cause: error,
      hint: "Look whether it is there, is a file, and may be read.",
    });
  }
  return { file: resolve(file), sha256: hash.digest("hex") };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "it is not there";
  if (code === "EACCES") return "reading it is not allowed";
  return error instanceof Error ? error.message : String(error);
}
