import { archiveRoots } from "../archive/archive-layout.ts";
import { parseLeaseRecord } from "../storage/lease-record.ts";
import type { Storage } from "../storage/storage.ts";

/** A lease is renewed every few seconds; one that nobody touched for so long has no holder. */
const heldMs = 3_600_000;

/** Whether anybody holds a lease for making a backup: then folders without a commit record may be theirs. */
export async function isCreating(
  storage: Storage,
  now: Date,
  signal?: AbortSignal,
): Promise<boolean> {
  for await (const { key, modifiedAt } of storage.list(`${archiveRoots.locks}create-`, {
    signal,
  })) {
    if (now.getTime() - modifiedAt.getTime() > heldMs) continue;
    const content = await storage.get(key, { signal });
    const record = content && parseLeaseRecord(content.body);
    if (record !== undefined && !record.released) return true;
  }
  return false;
}
