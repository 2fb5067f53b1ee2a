import type { PipelineStep, RunRecord, StageName } from "@ctb-data/pipeline";
import type { CommandContext } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { openWorkProgress } from "../progress/work-progress.ts";
import { type MeantBlueprint, needsFirestore } from "./chosen-blueprints.ts";
import { standardOutput } from "./export-file.ts";
import { imoProgress } from "./imo-progress.ts";
import { nextOfRun } from "./next-of-run.ts";
import type { ImoStores } from "./open-imo-stores.ts";
import { refusedBy, stageNames, writtenBy } from "./run-counts.ts";
import { sayOutcome } from "./say-outcome.ts";
import { sayRun } from "./say-run.ts";

/** The flags of everything that works at a run. */
export interface WorkFlags {
  readonly dryRun?: true | undefined;
  readonly batch?: number | undefined;
  /** In milliseconds. */
  readonly lease?: number | undefined;
}

/** What is done with a blueprint. */
export interface Work {
  /** Undefined: all that it has. */
  readonly steps: readonly PipelineStep[] | undefined;
  readonly file?: string | undefined;
  readonly rejects?: string | undefined;
  readonly output?: string | undefined;
  /** Goes on with this run. */
  readonly run?: number | undefined;
}

/** What became of it. */
export interface Performed {
  readonly record: RunRecord;
  readonly refused: number;
  readonly dryRun: boolean;
  /** The command that comes next. */
  readonly next: string | undefined;
  readonly stages: readonly StageName[];
  readonly rejects: string | undefined;
  /** Whether its records went to stdout. */
  readonly isPiped: boolean;
}

interface Performance {
  readonly meant: MeantBlueprint;
  readonly work: Work;
  readonly flags: WorkFlags;
  /** The command of this, which comes after a dry run of it. */
  readonly command: string;
  /** Whether several blueprints follow each other. */
  readonly isOneOfMany?: boolean;
}

/**
 * Does the work in the open run of a blueprint, or in a new one.
 *
 * @throws {PipelineError} as `runPipeline`.
 */
export async function performRun(
  context: CommandContext,
  opened: ImoStores,
  { meant, work, flags, command, isOneOfMany = false }: Performance,
): Promise<Performed> {
  const { blueprint } = meant.stored;
  const { steps, file, rejects, output, run } = work;
  const stores = needsFirestore(blueprint, steps) ? await opened.withFirestore() : opened.stores;
  const dryRun = flags.dryRun === true;
  const { runPipeline } = await import("@ctb-data/pipeline");
  using progress = openWorkProgress(context);
  const record = await runPipeline(stores, {
    blueprint: meant.stored,
    steps,
    file,
    rejectsFile: rejects,
    output,
    run,
    dryRun,
    batch: flags.batch,
    leaseMs: flags.lease,
    onProgress: imoProgress(progress.onProgress, isOneOfMany ? blueprint.vendor : undefined),
    signal: context.signal,
  });
  const stages = steps === undefined ? stageNames : steps.map(stageOf);
  return {
    record,
    stages,
    dryRun,
    rejects,
    isPiped: output === standardOutput,
    refused: refusedBy(record, stages),
    next: dryRun
      ? command
      : nextOfRun(record, {
          has: { intake: blueprint.intake !== undefined, export: blueprint.export !== undefined },
          flags: meant.flags,
        }),
  };
}

/** Says it to people. */
export function sayPerformed({ terminal }: CommandContext, performed: Performed): void {
  const { record, stages, rejects, next, isPiped } = performed;
  const out = isPiped ? terminal.err : terminal.out;
  sayRun(out, record, { isFull: false, stages, rejects });
  sayOutcome(out, record, { stages, next });
}

/** The same as one JSON value. */
export function performedJson({ record, refused, dryRun, next }: Performed): object {
  return { ...record, dryRun, refused, next: next ?? null };
}

/** 3 when records were refused, or a dry run would write something. */
export function codeOfPerformed({ record, refused, dryRun }: Performed): ExitCode {
  return refused > 0 || (dryRun && writtenBy(record) > 0) ? exitCode.different : exitCode.done;
}

function stageOf(step: PipelineStep): StageName {
  if (step === "intake") return "input";
  return step === "export" ? "output" : "middle";
}
