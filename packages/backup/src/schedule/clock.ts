import { setTimeout as wait } from "node:timers/promises";

/** The time, and waiting for it: a test has its own. */
export interface Clock {
  now(): Date;
  /** Waits, or until the signal aborts; then it is fulfilled, too. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
