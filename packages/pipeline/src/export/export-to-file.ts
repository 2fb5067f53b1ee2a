import type { PipelineStores } from "../work-options.ts";
import { DraftFile, OpenStream, syncFolder, type ByteTarget } from "./draft-file.ts";
import { removeLeftDrafts } from "./draft-name.ts";
import type { ExportOptions, ExportReport } from "./export-options.ts";
import type { ExportPlan } from "./export-plan.ts";
import {
  exportRecords,
  noRecords,
  refuseNothing,
  takeRecords,
  tellTotal,
  type RecordCounts,
} from "./export-records.ts";
import { inSession } from "./export-snapshot.ts";
import { outputPlaceOf, type OutputPlace } from "./output-place.ts";
import { compressionOf, OutputStage } from "./output-stage.ts";
import { RejectsFile } from "./rejects-file.ts";

type FileOptions = ExportOptions & { readonly file: string };

/** Writes the records into a file that appears whole, or into a pipe. */
export async function exportToFile(
  { postgres }: PipelineStores,
  plan: ExportPlan,
  options: FileOptions,
): Promise<ExportReport> {
  const place = await outputPlaceOf(options.file);
  if (options.dryRun === true) {
    const { counts, sha256 } = await writeRecords({ postgres, plan, options }, undefined);
    return { ...reportOf(counts, sha256), bytes: 0, output: undefined, rejectsFile: undefined };
  }
  if (place.kind === "stream") {
    await using stream = await OpenStream.open(place.target);
    const { counts, sha256 } = await writeRecords({ postgres, plan, options }, stream);
    refuseNothing(counts, plan, undefined);
    await options.beforeAppearing?.();
    return {
      ...reportOf(counts, sha256),
      bytes: stream.bytes,
      output: options.file,
      rejectsFile: undefined,
    };
  }
  return await exportWhole({ postgres, plan, options }, place);
}

interface FileWork {
  readonly postgres: PipelineStores["postgres"];
  readonly plan: ExportPlan;
  readonly options: FileOptions;
}

async function exportWhole(
  work: FileWork,
  place: Extract<OutputPlace, { readonly kind: "file" }>,
): Promise<ExportReport> {
  const { options } = work;
  const { file, folder } = place;
  await removeLeftDrafts(folder);
  await using draft = await DraftFile.open(file, folder);
  await using rejects = new RejectsFile(place);
  const { counts, sha256 } = await writeRecords(work, draft, rejects);
  await rejects.finish();
  if (counts.rejected === counts.read) refuseNothing(counts, work.plan, await rejects.appear());
  await draft.finish();
  await options.beforeAppearing?.();
  // Rejects without the file that they belong to harm nobody; the other way round nobody would look for them.
  const rejectsFile = await rejects.appear();
  await draft.appear();
  await rejects.removeOld();
  await syncFolder(folder);
  return { ...reportOf(counts, sha256), bytes: draft.bytes, output: options.file, rejectsFile };
}

/** Reads all rows in one snapshot, which is over when it returns. */
async function writeRecords(
  { postgres, plan, options }: FileWork,
  target: ByteTarget | undefined,
  rejects?: RejectsFile,
): Promise<{ readonly counts: RecordCounts; readonly sha256: string }> {
  const { onProgress, signal } = options;
  const stage = new OutputStage(target, compressionOf(options.file));
  const counts = await inSession(postgres, "read", {
    doing: "Reading the rows",
    signal,
    fn: async (connection) => {
      await tellTotal(connection, plan, onProgress);
      const records = exportRecords(connection, {
        plan,
        onProgress,
        signal,
        onRejected: (rejected) => rejects?.add(rejected),
      });
      return await takeRecords(records, async (part) => {
        await stage.write(part);
        await rejects?.flush();
        return true;
      });
    },
  });
  return { counts: counts ?? noRecords, sha256: await stage.end() };
}

/** What a report says of the rows. */
export function reportOf(
  { read, rejected, firstErrors }: RecordCounts,
  sha256: string,
): Pick<ExportReport, "read" | "written" | "rejected" | "firstErrors" | "sha256"> {
  return { read, written: read - rejected, rejected, firstErrors, sha256 };
}
