import { setTimeout } from "node:timers/promises";
import { FirestoreError } from "../firestore-error.ts";
import { cancelled } from "../limits.ts";
import type { RawWriteOptions } from "../raw.ts";

const stepMs = 5 * 60_000;

/** How many writes per second Firestore takes when they began so long ago: half more every five minutes. */
export function writesPerSecond(
  elapsedMs: number,
  { start, max }: { readonly start: number; readonly max: number },
): number {
  return Math.min(max, start * 1.5 ** Math.floor(elapsedMs / stepMs));
}

/** Holds writes back as Firestore asks for: 500 a second at first, and half more every five minutes. */
export class WriteRamp {
  readonly #limits: { readonly start: number; readonly max: number } | undefined;
  readonly #beganAt = performance.now();
  /** When the next write may go. */
  #freeAt = 0;

  /** @throws {FirestoreError} INVALID_OPTIONS */
  constructor(ramp: RawWriteOptions["ramp"] = {}) {
    if (ramp === false) return;
    const { start = 500, max = Math.max(10_000, start) } = ramp;
    for (const [name, value] of Object.entries({ start, max }))
      if (!Number.isSafeInteger(value) || value < 1)
        throw new FirestoreError(
          "INVALID_OPTIONS",
          `ramp.${name} must be a whole number from 1 on.`,
        );
    this.#limits = { start: Math.min(start, max), max };
  }

  /** Waits until so many writes may go. @throws {FirestoreError} CANCELLED */
  async take(writes: number, signal: AbortSignal): Promise<void> {
    if (this.#limits === undefined) return;
    const now = performance.now();
    const at = Math.max(now, this.#freeAt);
    const perSecond = writesPerSecond(at - this.#beganAt, this.#limits);
    this.#freeAt = at + (writes / perSecond) * 1000;
    if (at <= now) return;
    await setTimeout(at - now, undefined, { signal }).catch(() => {
      throw cancelled(signal);
    });
  }
}
