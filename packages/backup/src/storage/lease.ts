import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../backup-error.ts";
import { HeldLease, isHeldHere, type LeaseWriter } from "./held-lease.ts";
import { formatLeaseRecord, parseLeaseRecord, type LeaseRecord } from "./lease-record.ts";
import { hasEnded, isOwnProcess, ownIdentity } from "./process-identity.ts";
import type { Storage } from "./storage.ts";
import { throwIfCancelled } from "./throw-if-cancelled.ts";

/** A lease that this process holds. It is renewed every third of its time by itself. */
export interface Lease extends AsyncDisposable {
  /** Of this acquisition: no other ever has the same. For records that say under which lease they were written. */
  readonly token: string;
  /** False when the storage cannot keep two from holding it; only with `unguarded: "accept"`. */
  readonly isGuarded: boolean;
  /** Aborted when the lease was lost, or could not be renewed in time. The reason is a BackupError LEASE_LOST. */
  readonly signal: AbortSignal;
  /** Renews it now. To be called right before what must not happen twice. @throws {BackupError} LEASE_LOST */
  check(): Promise<void>;
  /** Gives it up. Never rejects: what cannot be given up is taken over when its time is over. */
  release(): Promise<void>;
}

/** Which lease, and for whom. */
export interface LeaseOptions {
  /** The object of the lease, as in `locks/prune.json`. It stays when the lease is given up. */
  readonly key: string;
  /** Who holds it, for the message of others. Default: host and process id. */
  readonly holder?: string | undefined;
  /** How long it lasts after it was last renewed, in milliseconds. Default 60,000. */
  readonly ttlMs?: number | undefined;
  /** What to do with a storage without conditional writes, where two can hold one lease. Default: refuse. */
  readonly unguarded?: "refuse" | "accept" | undefined;
  /** Only for the times that people read. */
  readonly now?: (() => Date) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes a lease: of all processes on all machines that share the storage, one holds it at a time.
 *
 * No clock is trusted. A lease whose holder has ended on this very machine is taken at once. Any other is watched, by our own
 * monotonic clock, for as long as it says it lasts: if it does not change, its holder has not renewed it and it is taken over by
 * compare-and-swap; if it changes, its holder lives. So this takes as long as `ttlMs` after a crash elsewhere, and a third of
 * that to find that a lease is held.
 *
 * @throws {BackupError} LOCKED, naming the holder and since when; UNSUPPORTED where the storage has no conditional writes;
 * CANCELLED; what the storage throws.
 */
export async function acquireLease(storage: Storage, options: LeaseOptions): Promise<Lease> {
  const { key, signal } = options;
  const guarded = await storageGuards(storage, options);
  const writer: LeaseWriter = { storage, key, isGuarded: guarded };
  for (;;) {
    throwIfCancelled(signal);
    const found = await storage.get(key, { signal });
    if (found)
      await awaitFree(storage, {
        ...options,
        etag: found.etag,
        record: parseLeaseRecord(found.body),
      });
    const record = newRecord(options);
    const acquiredAt = performance.now();
    const etag = await claim(writer, record, { etag: found?.etag, signal });
    if (etag !== undefined)
      return new HeldLease(writer, { record, etag, acquiredAt, now: options.now });
  }
}

function newRecord({
  holder,
  ttlMs = 60_000,
  now = (): Date => new Date(),
}: LeaseOptions): LeaseRecord {
  const at = now().toISOString();
  return {
    format: 1,
    token: randomUUID(),
    holder: holder ?? `${hostname()}, process ${process.pid}`,
    host: hostname(),
    process: ownIdentity(),
    since: at,
    renewedAt: at,
    ttlMs,
    beat: 0,
    released: false,
  };
}

async function storageGuards(
  storage: Storage,
  { unguarded, signal }: LeaseOptions,
): Promise<boolean> {
  const { conditionalCreate, conditionalUpdate } = await storage.probe({ signal });
  if (conditionalCreate && conditionalUpdate) return true;
  if (unguarded === "accept") return false;
  throw new BackupError(
    "UNSUPPORTED",
    `${storage.description} has no conditional writes, so that nothing keeps two from running at the same time.`,
    {
      hint: "Use a storage with conditional writes, or make sure that only one runs and accept an unguarded lease.",
    },
  );
}

/** Undefined when somebody else was faster. */
async function claim(
  { storage, key, isGuarded }: LeaseWriter,
  record: LeaseRecord,
  { etag, signal }: { readonly etag: string | undefined; readonly signal: AbortSignal | undefined },
): Promise<string | undefined> {
  const body = formatLeaseRecord(record);
  try {
    if (isGuarded) {
      const condition = etag === undefined ? { ifAbsent: true as const } : { ifMatch: etag };
      return (await storage.put(key, body, { ...condition, signal })).etag;
    }
    await storage.put(key, body, { signal });
    // Others who looked at the same moment have written by then; the last one stays.
    await sleep(Math.min(1000, record.ttlMs / 3));
    const now = await storage.get(key, { signal });
    return now && parseLeaseRecord(now.body)?.token === record.token ? now.etag : undefined;
  } catch (error) {
    if (error instanceof BackupError && error.code === "CONFLICT") return undefined;
    throw error;
  }
}

interface Found extends LeaseOptions {
  readonly etag: string;
  readonly record: LeaseRecord | undefined;
}

/** Returns when what was found is nobody's. @throws {BackupError} LOCKED */
async function awaitFree(storage: Storage, { key, signal, etag, record }: Found): Promise<void> {
  if (!record || record.released) return;
  if (isOwnProcess(record.process)) {
    if (!isHeldHere(record.token)) return;
    throw locked(storage, record, key);
  }
  // A process that lives may have lost interest, when it could not say so: it is watched like any other.
  if (hasEnded(record.process)) return;
  const started = performance.now();
  // A renewal that was on its way just before the end counts for its holder.
  const patienceMs = record.ttlMs * 1.25;
  while (performance.now() - started < patienceMs) {
    await sleep(Math.min(1000, record.ttlMs / 6), undefined, signal ? { signal } : {}).catch(
      () => undefined,
    );
    throwIfCancelled(signal);
    const now = await storage.get(key, { signal });
    if (now?.etag === etag) continue;
    const next = now && parseLeaseRecord(now.body);
    if (!next || next.released) return;
    throw locked(storage, next, key);
  }
}

function locked(
  { description }: Storage,
  { holder, since, renewedAt }: LeaseRecord,
  key: string,
): BackupError {
  return new BackupError(
    "LOCKED",
    `${holder} holds ${key} of ${description} since ${since} (by its clock; renewed ${renewedAt}).`,
    {
      hint: "Wait until it is done. If it was killed, nothing has to be cleaned up: its lease ends by itself.",
      key,
    },
  );
}
