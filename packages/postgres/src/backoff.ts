import { setTimeout } from "node:timers/promises";

/** How the pauses between tries grow. */
export interface Backoff {
  /** The longest first pause. */
  readonly baseMs: number;
  /** The longest pause ever. */
  readonly maxMs: number;
}

/** A random pause below a ceiling that doubles with every try ("full jitter"), so that many clients do not come back at once. */
export function backoffMs(attempt: number, { baseMs, maxMs }: Backoff): number {
  return Math.round(Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)));
}

/** Waits. Rejects with the signal's reason when it is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal ? { signal } : undefined);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
