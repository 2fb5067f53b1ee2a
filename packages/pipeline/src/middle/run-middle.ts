import type { BothStores } from "../work-options.ts";
import { allCountsOf, type MiddleOptions, type MiddleReport } from "./middle-options.ts";
import { MiddleSteps } from "./middle-steps.ts";
import { openMiddleContext } from "./open-middle-context.ts";
import { rehearseMiddle } from "./rehearse-middle.ts";
import { toMiddleError } from "./to-middle-error.ts";

/**
 * The middle stage: judges each document of the intake collection, promotes what is valid, and marks what was judged. Any number of
 * runners may do it at the same time; running it again goes on where it was, and writes nothing when all is done.
 *
 * @throws {PipelineError} RUN_CANCELLED, RUN_FAILED, CANCELLED, FIRESTORE_FAILED, DATABASE_FAILED, DENIED, …
 */
export async function runMiddle(stores: BothStores, options: MiddleOptions): Promise<MiddleReport> {
  try {
    const context = await openMiddleContext(stores, options);
    options.onProgress?.({ kind: "step", step: options.promote ? "promote" : "validate" });
    const counts =
      options.dryRun === true
        ? await rehearseMiddle(context)
        : await new MiddleSteps(context, options).run();
    return { counts: allCountsOf(counts), firstErrors: context.errors.list };
  } catch (error) {
    throw toMiddleError(error, options.signal);
  }
}
