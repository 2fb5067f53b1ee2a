import type { Timestamp } from "firebase-admin/firestore";
import { checkListening } from "./check-listening.ts";
import { toFirestoreError } from "./classify-error.ts";
import type { ClientTarget } from "./client-settings.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import type { Health } from "./firestore.ts";
import type { ReadLimits } from "./reader.ts";

/** The server's time, of a read of nothing. */
export async function askTime(context: FirestoreContext, limits: ReadLimits): Promise<Timestamp> {
  const nothing = context.client.doc("ctb_data/nothing");
  const snapshot = await context.run(async () => await nothing.get(), limits);
  return snapshot.readTime;
}

/** Asks the server once. */
export async function checkHealth(
  context: FirestoreContext,
  target: ClientTarget,
  { timeoutMs = 5000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
): Promise<Health> {
  const start = performance.now();
  const startedAt = Date.now();
  const { description } = context;
  const { projectId, databaseId } = target;
  const facts = { description, projectId, databaseId, emulator: target.emulator !== undefined };
  try {
    if (target.emulator) await checkListening(target.emulator, description, { timeoutMs, signal });
    const time = await askTime(context, { timeoutMs, signal });
    const latencyMs = performance.now() - start;
    const here = startedAt + latencyMs / 2;
    return { ok: true, ...facts, latencyMs, clockSkewMs: Math.round(time.toMillis() - here) };
  } catch (error) {
    const { code, message, hint: given } = toFirestoreError(error);
    // The hint of a timeout is about writes.
    const hint =
      code === "TIMEOUT" ? "Is the server running, and does nothing stand between?" : given;
    const latencyMs = performance.now() - start;
    return {
      ok: false,
      ...facts,
      latencyMs,
      error: { code, message, ...(hint !== undefined && { hint }) },
    };
  }
}
