import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import type { ExportOptions, ExportReport } from "./export-options.ts";
import { exportPlanOf } from "./export-plan.ts";
import { exportToFile } from "./export-to-file.ts";
import { exportToTable } from "./export-to-table.ts";

/**
 * Writes the canonical rows of a blueprint's first table, each with the rows that its foreign keys lead to, as the vendor wants them. All
 * rows are of one moment. The same rows give the same bytes, on any server and in any order in which they were written.
 *
 * A file appears whole or not at all, with the permissions of the file that it replaces or those that the umask leaves; behind a
 * symbolic link it is the target that is replaced. What is neither a file nor nothing (a pipe, a device, `-` for the standard output) gets
 * the records as they come, without a file of rejects. A vendor's table has its new records in one transaction; when `file` is
 * given with it, the rejects go beside that.
 *
 * Values of encrypted columns that the blueprint names leave in clear, for that is what the vendor needs. They are in no message and
 * in no file of rejects. Blind indexes never leave.
 *
 * When each record is rejected nothing appears but the file of rejects.
 *
 * @throws {PipelineError} INVALID_OPTIONS without a file, or without the keyring of encrypted columns; INVALID_BLUEPRINT; REFUSED when the
 * vendor's table is somebody else's, and when each record is rejected (but in a dry run); DENIED, NOT_FOUND, DATABASE_FAILED, FILE_FAILED, CANCELLED: nothing has appeared.
 */
export async function exportVendor(
  stores: PipelineStores,
  options: ExportOptions,
): Promise<ExportReport> {
  const plan = exportPlanOf(stores, options.blueprint);
  options.onProgress?.({ kind: "step", step: "export", detail: options.blueprint.vendor });
  const { output } = options.blueprint.export;
  if (output.format === "table")
    return await exportToTable(stores, plan, { ...options, table: output.table });
  if (options.file === undefined || options.file === "")
    throw new PipelineError(
      "INVALID_OPTIONS",
      `The export of ${plan.vendor} needs a file to go to.`,
      {
        hint: "Name the output.",
      },
    );
  return await exportToFile(stores, plan, { ...options, file: options.file });
}
