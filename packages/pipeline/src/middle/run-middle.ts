import type { BothStores } from "../work-options.ts";
import type { MiddleOptions, MiddleReport } from "./middle-options.ts";

/**
 * The middle stage: judges each document of the intake collection, promotes what is valid, and marks what was judged. Any number of
 * runners may do it at the same time; running it again goes on where it was, and changes nothing when all is done.
 *
 * @throws {PipelineError} RUN_CANCELLED, CANCELLED, FIRESTORE_FAILED, DATABASE_FAILED, …
 */
export async function runMiddle(stores: BothStores, options: MiddleOptions): Promise<MiddleReport> {
  throw new Error(`not there yet ${stores.postgres.description} ${options.promote}`);
}
