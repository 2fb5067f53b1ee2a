import { setTimeout as sleep } from "node:timers/promises";
import { isPassing } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";

const firstPauseMs = 50;
const longestPauseMs = 1000;

/** How long PostgreSQL may be away. */
export interface Persistence {
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does something again, with pauses, while PostgreSQL is away. It must be such that doing it twice is the same as once.
 *
 * @throws what it throws, when that does not pass or lasts longer than the patience.
 */
export async function persistently<T>(
  { patienceMs, signal }: Persistence,
  fn: () => Promise<T>,
): Promise<T> {
  const pauses = new GrowingPause();
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      throwIfStopped(signal);
      return await fn();
    } catch (error) {
      if (!isPassing(error) || performance.now() > end) throw error;
    }
    await pauses.wait(signal);
  }
}

/** Pauses that grow to a second, each somewhat random, so that many runners do not come at once. */
export class GrowingPause {
  #ms = firstPauseMs;

  /** @throws {PipelineError} CANCELLED, or the reason of the signal when it is one. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    const ms = this.#ms * (0.5 + Math.random() / 2);
    this.#ms = Math.min(this.#ms * 1.5, longestPauseMs);
    await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    throwIfStopped(signal);
  }

  /** The next pause is a short one again. */
  reset(): void {
    this.#ms = firstPauseMs;
  }
}

/** @throws {PipelineError} CANCELLED, or the reason of the signal when it is one. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw stopped(signal);
}

/** The error for work that a signal has stopped. */
export function stopped(signal: AbortSignal): PipelineError {
  const reason: unknown = signal.reason;
  if (reason instanceof PipelineError) return reason;
  return new PipelineError("CANCELLED", "The work was stopped; what was done before stays.", {
    cause: reason,
    hint: "Run it again to go on from there.",
  });
}
