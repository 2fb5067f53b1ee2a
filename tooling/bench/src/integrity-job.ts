import type { CheckPart } from "@ctb-data/integrity";
import type { BenchTable } from "./integrity-data.ts";

/** What the process under test does. */
export interface IntegrityJob {
  readonly url: string;
  readonly table: BenchTable;
  readonly parts: readonly CheckPart[];
}
