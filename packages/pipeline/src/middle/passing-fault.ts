import { FirestoreError } from "@ctb-data/firestore";
import { isPassing } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import { GrowingPause, stopped } from "../runs/persistently.ts";

/** gRPC's, as the raw access tries them again itself. */
const passingStatuses: ReadonlySet<string> = new Set([
  "CANCELLED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNAVAILABLE",
]); // prettier-ignore

/** How long faults are borne. */
export interface Patience {
  /** Since it was tried first. */
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A mark that could not be written for a reason that passes. */
export class UnfinishedWrite extends PipelineError {
  constructor(path: string, message: string) {
    super("FIRESTORE_FAILED", `A mark could not be written: ${message}`, {
      path,
      hint: "Run it again: it goes on with what is not marked.",
    });
  }
}

/** Whether a status of gRPC is of a failure that passes. */
export function isPassingStatus(status: string): boolean {
  return passingStatuses.has(status);
}

/** Whether the same may do after a pause: a store is being restarted or has too much to do, or a moment became too old to be read. */
export function isPassingFault(error: unknown): boolean {
  if (error instanceof UnfinishedWrite || isPassing(error)) return true;
  if (!(error instanceof FirestoreError)) return false;
  if (error.code === "READ_TIME_UNAVAILABLE") return true;
  return error.status !== undefined && passingStatuses.has(error.status);
}

/** Bears faults that pass, with growing pauses, until patience ends. */
export class FaultPauses {
  readonly #patience: Patience;
  #pause = new GrowingPause();
  #end: number;

  constructor(patience: Patience) {
    this.#patience = patience;
    this.#end = performance.now() + patience.patienceMs;
  }

  /** Waits before another try. @throws `error` when another try is of no use; {PipelineError} CANCELLED, or the signal's own reason */
  async after(error: unknown): Promise<void> {
    const { signal } = this.#patience;
    if (signal?.aborted === true) throw stopped(signal);
    if (!isPassingFault(error) || performance.now() > this.#end) throw error;
    await this.#pause.wait(signal);
  }

  /** Something was done: patience is whole again. */
  reset(): void {
    this.#pause = new GrowingPause();
    this.#end = performance.now() + this.#patience.patienceMs;
  }
}

/**
 * Does something that may be done twice, again and again while it fails for a reason that passes.
 *
 * @throws what it failed with at last; {PipelineError} CANCELLED, or the signal's own reason
 */
export async function throughFaults<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  const pauses = new FaultPauses(patience);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await pauses.after(error);
    }
  }
}
