import { intakeFile } from "../intake/intake-file.ts";
import type { IntakeReport, TakingBlueprint } from "../intake/intake-options.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { BothStores, PipelineStores } from "../work-options.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunContext } from "./run-pipeline.ts";

/** Takes the file in: by one runner, while the others wait. */
export async function shareIntake({ stores, options, handle }: RunContext): Promise<void> {
  const work = handle.work("input", "intake");
  await work.plan(async () => await Promise.resolve([undefined]));
  await work.each(async (lease) => {
    let records = 0;
    const report = await intakeFile(bothOf(stores), {
      ...intakeOptionsOf(options),
      signal: lease.signal,
      // It is counted when all of it is done: who takes over begins the file again.
      onWritten: async (counts) => {
        records += counts["read"] ?? 0;
        await lease.report(stores.postgres, { position: `${records} records`, counts: {} });
      },
    });
    await lease.finish({
      counts: countsOfIntake(report),
      files: [{ file: options.file ?? "", bytes: report.bytes, sha256: report.sha256 }],
      errors: report.firstErrors,
    });
  });
}

/** Both stores, where it was checked before that both are there. */
export function bothOf({ firestore, ...stores }: PipelineStores): BothStores {
  if (firestore !== undefined) return { ...stores, firestore };
  throw new PipelineError("INVALID_OPTIONS", "Firestore is not open.", {
    hint: "Open both stores.",
  });
}

/** The blueprint's way in, where it was checked before that it has one. */
export function takingOf({ blueprint: { blueprint } }: RunOptions): TakingBlueprint {
  const { vendor, version, intake } = blueprint;
  if (intake !== undefined) return { vendor, version, intake };
  throw new PipelineError("INVALID_BLUEPRINT", `The blueprint of ${vendor} has no intake.`);
}

/** What the intake takes of a run's options. */
export function intakeOptionsOf(
  options: RunOptions,
): Omit<Parameters<typeof intakeFile>[1], "signal" | "onWritten"> {
  return {
    blueprint: takingOf(options),
    file: options.file ?? "",
    rejectsFile: options.rejectsFile,
    onProgress: options.onProgress,
  };
}

/** The counts of the stage's record. */
export function countsOfIntake(report: IntakeReport): Readonly<Record<string, number>> {
  const { read, created, changed, unchanged, repeated, rejected, doubtful } = report;
  return { read, created, changed, unchanged, repeated, rejected, doubtful };
}
