import type { BlueprintExport } from "@ctb-data/registry";
import type { PlacedFailure } from "../failure.ts";
import type { WorkOptions } from "../work-options.ts";

/** A blueprint that goes out. */
export interface ExportingBlueprint {
  readonly vendor: string;
  readonly version: string;
  readonly export: BlueprintExport;
}

export interface ExportOptions extends WorkOptions {
  readonly blueprint: ExportingBlueprint;
  /**
   * The file. `.gz` and `.zst` are compressed. Needed unless the output is a table. Rejected records go to `<file>.rejected.ndjson` beside it,
   * which is not there when none was.
   */
  readonly file?: string | undefined;
  /** Reads and makes everything, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Called once all is ready, before the file appears (or inside of the transaction of a vendor's table): when it throws, nothing appears. */
  readonly beforeAppearing?: (() => Promise<void>) | undefined;
}

export interface ExportReport {
  /** Rows that were read. */
  readonly read: number;
  /** Records that were written. */
  readonly written: number;
  readonly rejected: number;
  /** SHA-256 of the records as they are in the file before compression; of a table's, as COPY has them. */
  readonly sha256: string;
  /** Of the file as it is. */
  readonly bytes: number;
  /** The file, or the table. Undefined for a dry run. */
  readonly output: string | undefined;
  readonly rejectsFile: string | undefined;
  /** The first 20. */
  readonly firstErrors: readonly PlacedFailure[];
}
