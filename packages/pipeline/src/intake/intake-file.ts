import type { BothStores } from "../work-options.ts";
import type { IntakeOptions, IntakeReport } from "./intake-options.ts";

/** Takes a file in. */
export declare function intakeFile(
  stores: BothStores,
  options: IntakeOptions,
): Promise<IntakeReport>;
