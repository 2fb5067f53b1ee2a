import { toFirestoreError, type ErrorPlace } from "./classify-error.ts";
import { FirestoreError } from "./firestore-error.ts";

/** How long something may take. */
export interface Limits {
  /** 0 for as long as it takes. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What timers can wait at most: longer, they would not wait at all. */
const longestTimerMs = 2 ** 31 - 1;

/** A time that timers can wait. */
export function timerMs(ms: number): number {
  return Math.min(ms, longestTimerMs);
}

/** The error of an aborted signal. */
export function cancelled(signal: AbortSignal, place: ErrorPlace = {}): FirestoreError {
  return new FirestoreError("CANCELLED", "Stopped by an AbortSignal.", {
    ...place,
    cause: signal.reason,
  });
}

/**
 * Waits for work of the SDK, which knows no signals: what takes too long or is not wanted any more is left alone, and
 * its outcome ignored.
 */
export async function within<T>(
  work: () => Promise<T>,
  { timeoutMs, signal }: Limits,
  place: ErrorPlace,
): Promise<T> {
  if (signal?.aborted === true) throw cancelled(signal, place);
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const end = new Promise<never>((_, reject) => {
    if (timeoutMs > 0)
      timer = setTimeout(() => reject(tooLate(timeoutMs, place)), timerMs(timeoutMs));
    if (signal === undefined) return;
    onAbort = () => reject(cancelled(signal, place));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([started(work), end]);
  } catch (error) {
    throw toFirestoreError(error, place);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
  }
}

/** What the SDK throws before it returns a promise is a refusal, too. */
async function started<T>(work: () => Promise<T>): Promise<T> {
  return await work();
}

function tooLate(timeoutMs: number, place: ErrorPlace): FirestoreError {
  return new FirestoreError("TIMEOUT", `Firestore did not answer within ${timeoutMs} ms.`, {
    ...place,
    hint: "Is the server reachable? A write may have been done all the same. timeoutMs allows more time.",
  });
}
