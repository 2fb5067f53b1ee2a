import { isPassing } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import { throwIfStopped } from "../runs/persistently.ts";
import type { Lease, SharedWork } from "../runs/work.ts";

/** Ends its lease, or throws. The signal is aborted when another part has failed. */
export type WorkOnLease = (lease: Lease, stop: AbortSignal) => Promise<void>;

/**
 * Works on parts of a step, two at a time while there are so many, until all of it is done. When one fails, the other is stopped and waited for, so
 * that nothing goes on behind the back of the caller.
 *
 * @throws what the first one failed with.
 */
export async function sideBySide(shared: SharedWork, work: WorkOnLease): Promise<void> {
  const stop = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const stoppable = async (lease: Lease): Promise<void> => {
    throwIfStopped(stop.signal);
    await work(lease, stop.signal);
  };
  const watched = async (side: Promise<void>): Promise<void> => {
    try {
      await side;
    } catch (error) {
      failure ??= { error };
      stop.abort(new PipelineError("CANCELLED", "Another part has failed."));
    }
  };
  await Promise.all([watched(shared.each(stoppable)), watched(helpWith(shared, stoppable))]);
  if (failure !== undefined) throw failure.error;
}

/** Takes parts as long as there are free ones. Who works on the others waits for the last, and bears what passes. */
async function helpWith(shared: SharedWork, work: (lease: Lease) => Promise<void>): Promise<void> {
  for (;;) {
    const lease = await shared.claim();
    if (lease === "busy" || lease === "done") return;
    try {
      await work(lease);
    } catch (error) {
      if (isLost(lease) || isPassing(error)) return;
      throw error;
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }
}

function isLost({ signal }: Lease): boolean {
  const reason: unknown = signal.reason;
  return reason instanceof PipelineError && reason.code === "LEASE_LOST";
}
