import { setTimeout } from "node:timers/promises";
import { cancelled } from "../limits.ts";

/** gRPC: what the server may do on the next try. */
const passing: ReadonlySet<number> = new Set([
  1, // CANCELLED
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL
  14, // UNAVAILABLE
]);

const firstWaitMs = 200;
const longestWaitMs = 30_000;

/** Whether a gRPC status is of a failure that passes. */
export function isPassingCode(code: number): boolean {
  return passing.has(code);
}

/** gRPC's status of an error; undefined for one of another origin. */
export function codeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}

/** Whether a call that failed with this may do on the next try. Our own CANCELLED and CLOSED are none of gRPC's. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && passing.has(code);
}

/** How long to wait before the next try: twice as long each time, up to 30 seconds, and not all at the same moment. */
export function waitMsOf(attempt: number, random: number = Math.random()): number {
  return Math.min(firstWaitMs * 2 ** attempt, longestWaitMs) * (0.7 + random * 0.6);
}

/** @throws {FirestoreError} CANCELLED */
export async function waitBeforeTry(
  attempt: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await setTimeout(waitMsOf(attempt), undefined, signal && { signal });
  } catch (error) {
    throw signal?.aborted === true ? cancelled(signal) : error;
  }
}
