import { randomUUID } from "node:crypto";
import { archiveRoots } from "../archive/archive-layout.ts";
import { BackupError } from "../backup-error.ts";
import type { Storage } from "../storage/storage.ts";

/** Objects of this beginning are those of {@link checkStorageClock}; one that is left over means nothing. */
export const clockProbePrefix: string = `${archiveRoots.locks}clock-`;

/** How far apart the two clocks may be unless the caller says otherwise: one hour. */
export const maxSkewMs = 3_600_000;

/**
 * Compares this machine's clock with the storage's, before anything is deleted for its age. It writes an object and removes it
 * again. A clock that is days ahead makes everything old.
 *
 * @throws {BackupError} CLOCK_WRONG when they are further apart than `maxMs`.
 */
export async function checkStorageClock(
  storage: Storage,
  now: Date,
  maxMs: number = maxSkewMs,
): Promise<void> {
  if (maxMs === Infinity) return;
  const key = `${clockProbePrefix}${randomUUID()}.json`;
  await storage.put(key, Buffer.from("{}\n"), { ifAbsent: true });
  const probe = await storage.head(key);
  await storage.delete([key]);
  const storageTime = probe?.modifiedAt ?? now;
  if (Math.abs(storageTime.getTime() - now.getTime()) <= maxMs) return;
  throw new BackupError(
    "CLOCK_WRONG",
    `This machine's clock says ${now.toISOString()}, that of ${storage.description} ${storageTime.toISOString()}.`,
    { hint: "Set the clock that is wrong. Nothing was deleted." },
  );
}
