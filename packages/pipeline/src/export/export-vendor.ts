import type { PipelineStores } from "../work-options.ts";
import type { ExportOptions, ExportReport } from "./export-options.ts";

/** Exports canonical rows in the vendor's columns. */
export declare function exportVendor(
  stores: PipelineStores,
  options: ExportOptions,
): Promise<ExportReport>;
