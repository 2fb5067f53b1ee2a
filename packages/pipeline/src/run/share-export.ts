import type { ExportingBlueprint, ExportReport } from "../export/export-options.ts";
import { exportVendor } from "../export/export-vendor.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { StageFile } from "../runs/run-record.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunContext } from "./run-pipeline.ts";

/** Exports: by one runner, while the others wait. */
export async function shareExport({ stores, options, handle }: RunContext): Promise<void> {
  const work = handle.work("output", "export");
  await work.plan(async () => await Promise.resolve([undefined]));
  await work.each(async (lease) => {
    const report = await exportVendor(stores, {
      blueprint: exportingOf(options),
      file: options.output,
      onProgress: options.onProgress,
      signal: lease.signal,
      beforeAppearing: async () => {
        await lease.report(stores.postgres, { counts: {} });
      },
    });
    await lease.finish({
      counts: countsOfExport(report),
      files: filesOfExport(report),
      errors: report.firstErrors,
    });
  });
}

/** The blueprint's way out, where it was checked before that it has one. */
export function exportingOf({ blueprint: { blueprint } }: RunOptions): ExportingBlueprint {
  const { vendor, version, export: exporting } = blueprint;
  if (exporting !== undefined) return { vendor, version, export: exporting };
  throw new PipelineError("INVALID_BLUEPRINT", `The blueprint of ${vendor} has no export.`);
}

/** The counts of the stage's record. */
export function countsOfExport(report: ExportReport): Readonly<Record<string, number>> {
  return { read: report.read, written: report.written, rejected: report.rejected };
}

/** What was written, with the hash of its content. */
export function filesOfExport({ output, bytes, sha256 }: ExportReport): readonly StageFile[] {
  return output === undefined ? [] : [{ file: output, bytes, sha256 }];
}
