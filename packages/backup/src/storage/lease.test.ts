import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { codeOf, errorOf, textAt } from "../../testing/storage-acts.ts";
import { s3Place, storageFolder } from "../../testing/storage-places.ts";
import { storageProcess } from "../../testing/storage-process.ts";
import { openFolderStorage } from "./folder/folder-storage.ts";
import { formatLeaseRecord, parseLeaseRecord, type LeaseRecord } from "./lease-record.ts";
import { acquireLease, type Lease } from "./lease.ts";
import type { Storage } from "./storage.ts";

const key = "locks/test.json";

test("a lease that is held is LOCKED for others, by name, and free when it was given up", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  const at = new Date("2026-11-24T02:00:00Z");
  const lease = await acquireLease(storage, { key, holder: "the nightly backup", now: () => at });
  const error = await errorOf(acquireLease(storage, { key }));
  expect(error.code).toBe("LOCKED");
  expect(error.message).toContain("the nightly backup");
  expect(error.message).toContain("2026-11-24T02:00:00.000Z");
  await lease.release();
  await using next = await acquireLease(storage, { key });
  expect(next.token).not.toBe(lease.token);
  expect(await codeOf(lease.check())).toBe("LEASE_LOST");
});

test("of many who ask at once one gets the lease", async () => {
  await using place = await s3Place();
  const asked = await Promise.allSettled(
    Array.from(
      { length: 6 },
      async () => await acquireLease(await place.open(), { key, ttlMs: 60_000 }),
    ),
  );
  const won = asked.filter(({ status }) => status === "fulfilled");
  expect(won).toHaveLength(1);
});

test("a lease outlives its time many times over while its holder lives", async () => {
  await using place = await s3Place();
  await using lease = await acquireLease(place.storage, { key, ttlMs: 600 });
  const first = recordOf(await place.storage.get(key));
  await vi.waitFor(
    async () => expect(recordOf(await place.storage.get(key)).beat).toBeGreaterThan(first.beat + 8),
    { timeout: 30_000 },
  );
  await lease.check();
  expect(lease.signal.aborted).toBe(false);
});

test.each([-1, 1])(
  "a clock that jumps by %i days neither ends a lease nor keeps it",
  async (days) => {
    await using folder = storageFolder();
    await using storage = await openFolderStorage({ dir: folder.path });
    let jump = 0;
    const now = (): Date => new Date(Date.now() + jump);
    const lease = await acquireLease(storage, { key, ttlMs: 60_000, now });
    jump = days * 86_400_000;
    await lease.check();
    expect(await codeOf(acquireLease(storage, { key, now }))).toBe("LOCKED");
    await lease.release();
    await (await acquireLease(storage, { key })).release();
  },
);

test("a lease of another machine that nobody renews is taken over, whatever its clock said", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  for (const year of ["1999", "2099"]) {
    await storage.put(
      key,
      formatLeaseRecord(elsewhere({ renewedAt: `${year}-01-01T00:00:00.000Z`, ttlMs: 300 })),
    );
    await using lease = await acquireLease(storage, { key, ttlMs: 1000 });
    expect(recordOf(await storage.get(key)).token).toBe(lease.token);
  }
});

test("a lease of another machine that is renewed is LOCKED", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  let beat = 0;
  const renew = async (): Promise<void> => {
    beat += 1;
    await storage.put(key, formatLeaseRecord(elsewhere({ beat, ttlMs: 20_000 })));
  };
  await renew();
  const asking = errorOf(acquireLease(storage, { key }));
  let renewing = Promise.resolve();
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, 50);
  expect((await asking).message).toContain("somebody elsewhere");
  clearInterval(timer);
  await renewing;
});

test("a lease that is no lease is nobody's", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await storage.put(key, Buffer.from('{"format": 1, "token"'));
  await using lease = await acquireLease(storage, { key });
  expect(lease.signal.aborted).toBe(false);
});

test("who loses the lease hears of it by its signal and by check, and does not take it back or give it up", async () => {
  await using place = await s3Place();
  const lease = await acquireLease(place.storage, { key, ttlMs: 600 });
  const other = formatLeaseRecord(elsewhere({}));
  await place.storage.put(key, other);
  await aborted(lease);
  expect(lease.signal.reason).toMatchObject({ code: "LEASE_LOST" });
  expect(await codeOf(lease.check())).toBe("LEASE_LOST");
  await lease.release();
  expect(await textAt(place.storage, key)).toBe(Buffer.from(other).toString());
});

test("a storage that does not answer ends the lease when its time is over, and not before", async () => {
  await using place = await s3Place();
  const storage = await place.open({ stallMs: 100, tries: 2 });
  const lease = await acquireLease(storage, { key, ttlMs: 1500 });
  place.server.fail({ operation: "PutObject", kind: "internal-error", times: 2 });
  await lease.check();
  expect(lease.signal.aborted).toBe(false);
  place.server.fail({ operation: "PutObject", kind: "internal-error", times: 1_000_000 });
  await aborted(lease);
  expect(lease.signal.reason).toMatchObject({ code: "LEASE_LOST" });
});

test("a renewal whose replies are all lost still counts", async () => {
  await using place = await s3Place();
  const storage = await place.open({ tries: 2 });
  const lease = await acquireLease(storage, { key, ttlMs: 60_000 });
  // Both tries, and the look at whose object it is.
  place.server.fail({ operation: "PutObject", kind: "lost-reply", times: 1 });
  place.server.fail({ operation: "HeadObject", kind: "denied", times: 1 });
  await lease.check();
  await lease.check();
  expect(lease.signal.aborted).toBe(false);
  expect(recordOf(await storage.get(key)).token).toBe(lease.token);
  await lease.release();
  expect(recordOf(await storage.get(key)).released).toBe(true);
});

test("a lease that could not be given up does not lock its own process out", async () => {
  await using place = await s3Place();
  const storage = await place.open({ tries: 1 });
  const lease = await acquireLease(storage, { key, ttlMs: 60_000 });
  place.server.fail({ operation: "PutObject", kind: "denied", times: 1 });
  await lease.release();
  place.server.clearFaults();
  await using next = await acquireLease(storage, { key, ttlMs: 60_000 });
  expect(next.token).not.toBe(lease.token);
});

test("without conditional writes a lease is UNSUPPORTED, and unguarded only when that is accepted", async () => {
  await using place = await s3Place({ ignoreIfMatch: true, ignoreIfNoneMatch: true });
  const refused = await errorOf(acquireLease(place.storage, { key }));
  expect(refused.code).toBe("UNSUPPORTED");
  expect(refused.hint).toContain("unguarded");
  await using lease = await acquireLease(place.storage, { key, unguarded: "accept" });
  expect(lease.isGuarded).toBe(false);
  await lease.check();
  expect(await codeOf(acquireLease(place.storage, { key, unguarded: "accept" }))).toBe("LOCKED");
  await place.storage.put(key, formatLeaseRecord(elsewhere({})));
  expect(await codeOf(lease.check())).toBe("LEASE_LOST");
});

test("asking for a lease stops when it is told to", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await storage.put(key, formatLeaseRecord(elsewhere({ ttlMs: 600_000 })));
  const stop = new AbortController();
  const asking = codeOf(acquireLease(storage, { key, signal: stop.signal }));
  await sleep(20);
  stop.abort();
  expect(await asking).toBe("CANCELLED");
});

test("the lease of a process of this machine that was killed is taken at once, and LOCKED while it lives", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await using holder = storageProcess("hold", { url: folder.path }, { args: [key, "3000"] });
  await holder.said(1);
  expect((await errorOf(acquireLease(storage, { key }))).message).toContain(`holder ${holder.pid}`);
  holder.signal("SIGKILL");
  await holder.ended();
  await using lease = await acquireLease(storage, { key });
  expect(lease.signal.aborted).toBe(false);
});

test("a holder that stood still for longer than its lease finds that it lost it", async () => {
  await using folder = storageFolder();
  await using storage = await openFolderStorage({ dir: folder.path });
  await using holder = storageProcess("hold", { url: folder.path }, { args: [key, "600"] });
  await holder.said(1);
  holder.signal("SIGSTOP");
  await using lease = await acquireLease(storage, { key, ttlMs: 60_000 });
  holder.signal("SIGCONT");
  expect((await holder.said(2))[1]).toBe("lost");
  await lease.check();
});

test("processes that take turns are never two at once", async () => {
  await using place = await s3Place();
  await using folder = storageFolder();
  const { bucket, endpoint, credentials } = place.server;
  for (const options of [
    { url: folder.path },
    { url: `s3://${bucket}/turns`, endpoint, credentials, retryDelayMs: 5 },
  ]) {
    await using one = storageProcess("turns", options, { args: [key, "150", "4"] });
    await using two = storageProcess("turns", options, { args: [key, "150", "4"] });
    expect([await one.ended(), await two.ended()]).toEqual([["done"], ["done"]]);
  }
});

async function aborted(lease: Lease): Promise<void> {
  await vi.waitFor(() => expect(lease.signal.aborted).toBe(true), { timeout: 30_000 });
}

function recordOf(found: Awaited<ReturnType<Storage["get"]>>): LeaseRecord {
  const record = found && parseLeaseRecord(found.body);
  if (!record) throw new Error("There is no lease.");
  return record;
}

function elsewhere(more: Partial<LeaseRecord>): LeaseRecord {
  return {
    format: 1,
    token: "elsewhere",
    holder: "somebody elsewhere",
    host: "another",
    process: { pid: 1, machine: "another", started: "1" },
    since: "2026-01-01T00:00:00.000Z",
    renewedAt: "2026-01-01T00:00:00.000Z",
    ttlMs: 60_000,
    beat: 0,
    released: false,
    ...more,
  };
}
