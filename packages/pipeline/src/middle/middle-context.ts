import type { RawWriteOptions } from "@ctb-data/firestore";
import type { FailureDocuments } from "../documents/failure-documents.ts";
import type { IntakeDocuments } from "../documents/intake-document.ts";
import type { OnPipelineProgress } from "../progress.ts";
import type { Promoter } from "../promote/promotion.ts";
import type { BothStores } from "../work-options.ts";
import type { FirstErrors } from "./first-errors.ts";
import type { MiddleOptions } from "./middle-options.ts";

/** What all parts of the middle stage work with. */
export interface MiddleContext {
  readonly stores: BothStores;
  readonly documents: IntakeDocuments;
  /** What is in `validation_failed` of them. */
  readonly failures: FailureDocuments;
  /** Undefined when documents are only judged. */
  readonly promoter: Promoter | undefined;
  /** When the stage was begun: see {@link MiddleOptions.begunAt}. */
  readonly begunAt: MiddleOptions["begunAt"];
  /** Documents per transaction. */
  readonly batch: number;
  /** How long a store may be away, or have too much to do. */
  readonly patienceMs: number;
  /** At which rate Firestore may be written to by now. */
  readonly writeOptions: () => Pick<RawWriteOptions, "ramp" | "retries">;
  readonly errors: FirstErrors;
  readonly onProgress: OnPipelineProgress | undefined;
  readonly signal: AbortSignal | undefined;
}
