import { vi } from "vitest";

/** Waits until the check passes, also on a machine that is busy. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 10 });
}
