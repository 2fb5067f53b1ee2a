import type { PipelineStep } from "../progress.ts";
import type { StoredBlueprint } from "../runs/run-record.ts";
import type { WorkOptions } from "../work-options.ts";

/** Which part of a run is done, and with what. */
export interface RunOptions extends WorkOptions {
  readonly blueprint: StoredBlueprint;
  /** In any order; they are done in theirs. Default: all that the blueprint has (`intake` only with a `file`). */
  readonly steps?: readonly PipelineStep[] | undefined;
  /** What is taken in. */
  readonly file?: string | undefined;
  readonly rejectsFile?: string | undefined;
  /** Where the export goes. */
  readonly output?: string | undefined;
  /** Goes on with this run instead of the open one of the blueprint: for `retry`. */
  readonly run?: number | undefined;
  readonly dryRun?: boolean | undefined;
  /** Documents per transaction. Default 2,000. */
  readonly batch?: number | undefined;
  /** About how many parts the documents are divided into. Default 16. */
  readonly parts?: number | undefined;
  /** A lease that shows no life for so long is taken over. Default 30,000. */
  readonly leaseMs?: number | undefined;
}
