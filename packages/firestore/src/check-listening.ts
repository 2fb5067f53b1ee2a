import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { FirestoreError } from "./firestore-error.ts";

/** One that is just being started is waited for that long, in milliseconds. */
const patienceMs = 1000;
const pauseMs = 50;

/** What a connection to a port comes to when nobody listens there, or there is no such place. */
const final = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);

/**
 * Sees whether anything listens at an emulator's address. The SDK would try for long what is known at once. Whatever does not
 * tell by then is left to the SDK.
 *
 * @throws {FirestoreError} CONNECTION_FAILED
 */
export async function checkListening(
  { host, port }: { readonly host: string; readonly port: number },
  description: string,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const endMs = Math.min(limits.timeoutMs, patienceMs);
  const start = performance.now();
  for (;;) {
    const code = await refusalOf(host, port, endMs);
    if (code === undefined || !final.has(code) || limits.signal?.aborted) return;
    if (code !== "ECONNREFUSED" || performance.now() - start > endMs) {
      throw new FirestoreError("CONNECTION_FAILED", `${description} cannot be reached: ${code}.`, {
        hint: `Nothing listens on ${host}:${port}. Start the emulator, or name the address where it is.`,
      });
    }
    await pause(pauseMs);
  }
}

/** Why there is no connection; `undefined` when there is one, or none yet. */
async function refusalOf(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<string | undefined> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : undefined;
  } finally {
    socket.destroy();
  }
}
