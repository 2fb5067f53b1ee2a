import { once } from "node:events";
import { openPostgres } from "@ctb-data/postgres";
import { startTcpProxy } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { runWorld, type RunWorld } from "../../testing/run-world.ts";
import { openRun } from "./open-run.ts";
import type { RunHandle } from "./run-handle.ts";
import type { Lease, SharedWork } from "./work.ts";

const steps = ["promote"] as const;
const calm = { steps, leaseMs: 600_000 };

async function planned(run: RunHandle, parts: number): Promise<SharedWork> {
  await run.begin("middle");
  const work = run.work("middle", "promote");
  await work.plan(async () => Array.from({ length: parts }, () => undefined));
  return work;
}

async function claimed(work: SharedWork): Promise<Lease> {
  const lease = await work.claim();
  if (typeof lease === "string") throw new Error(`Nothing to claim: ${lease}`);
  return lease;
}

/** Inserts a thing and reports it, in one transaction. */
async function doThing(w: RunWorld, lease: Lease, id: number): Promise<void> {
  await w.postgres.transaction(async (tx) => {
    await tx.query("INSERT INTO things VALUES ($1, 'x')", [id]);
    await lease.report(tx, { position: `things/${id}`, counts: { inserted: 1 } });
  });
}

const expire = "UPDATE ctb_data.imo_work SET expires_at = '2000-01-01' WHERE state = 'held'";

test("a lease whose time is over is taken over where it had come to, and what its old holder does then is refused", async () => {
  await using w = await runWorld();
  await using first = await w.open(calm);
  await using second = await w.open(calm);
  const lease = await claimed(await planned(first, 1));
  await doThing(w, lease, 1);
  const theirs = await planned(second, 1);
  expect(await theirs.claim()).toBe("busy");
  await w.sql(expire);
  const taken = await claimed(theirs);
  expect(taken.position).toBe("things/1");
  await expect(doThing(w, lease, 2)).rejects.toMatchObject({ code: "LEASE_LOST", run: first.id });
  expect(lease.signal.aborted).toBe(true);
  await expect(lease.finish()).rejects.toMatchObject({ code: "LEASE_LOST" });
  await lease[Symbol.asyncDispose]();
  await doThing(w, taken, 3);
  await taken.finish();
  expect(await w.sql("SELECT id FROM things ORDER BY id")).toEqual([{ id: 1 }, { id: 3 }]);
  expect(await theirs.counts()).toEqual({ inserted: 2 });
  expect(await theirs.claim()).toBe("done");
});

test("a report that is refused leaves nothing of the transaction, though the lease was not known to be lost", async () => {
  await using w = await runWorld();
  await using run = await w.open(calm);
  const lease = await claimed(await planned(run, 1));
  await w.sql("UPDATE ctb_data.imo_work SET token = token + 1 WHERE part = 0");
  expect(lease.signal.aborted).toBe(false);
  await expect(doThing(w, lease, 1)).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await w.sql("SELECT FROM things")).toEqual([]);
});

test("while a report is not committed nobody takes the part over, however long its time is over", async () => {
  await using w = await runWorld();
  await using first = await w.open(calm);
  await using second = await w.open(calm);
  const lease = await claimed(await planned(first, 1));
  const theirs = await planned(second, 1);
  await w.postgres.transaction(async (tx) => {
    await w.sql(expire);
    await lease.report(tx, { position: "a", counts: {} });
    expect(await theirs.claim()).toBe("busy");
  });
  expect(await theirs.claim()).toBe("busy");
});

test("a heartbeat keeps a lease beyond its time, and tells its holder when somebody else has it", async () => {
  await using w = await runWorld();
  await using first = await w.open({ steps, leaseMs: 1500 });
  await using second = await w.open(calm);
  const lease = await claimed(await planned(first, 1));
  const theirs = await planned(second, 1);
  const [row] = await w.sql("SELECT expires_at FROM ctb_data.imo_work WHERE part = 0");
  const isOver = `SELECT clock_timestamp() > '${String(row?.["expires_at"])}'::timestamptz + interval '500 ms' AS over`;
  await expect.poll(async () => await w.sql(isOver), { timeout: 10_000 }).toEqual([{ over: true }]);
  expect(await theirs.claim()).toBe("busy");
  expect(lease.signal.aborted).toBe(false);
  const isAborted = once(lease.signal, "abort");
  await w.sql("UPDATE ctb_data.imo_work SET token = token + 1 WHERE part = 0");
  await isAborted;
  expect(lease.signal.reason).toMatchObject({ code: "LEASE_LOST" });
});

test("a holder that cannot reach PostgreSQL stops before anybody else can have its part", async () => {
  await using w = await runWorld();
  const proxy = await startTcpProxy(w.url);
  await using far = await openPostgres({ url: proxy.url, registry: w.registry, connectRetries: 0 });
  const stores = { postgres: far, registry: w.registry };
  await using run = await openRun(stores, {
    blueprint: w.blueprint,
    steps,
    leaseMs: 4000,
    patienceMs: 0,
  });
  const lease = await claimed(await planned(run, 1));
  const isAborted = once(lease.signal, "abort");
  await proxy[Symbol.asyncDispose]();
  await isAborted;
  const left = await w.sql(
    "SELECT expires_at > clock_timestamp() AS left FROM ctb_data.imo_work WHERE part = 0",
  );
  expect(left).toEqual([{ left: true }]);
  expect(lease.signal.reason).toMatchObject({
    code: "LEASE_LOST",
    message: expect.stringContaining("could not tell PostgreSQL that it lives"),
  });
});

test("what is given back, by its holder or with the whole runner, is there for others at once", async () => {
  await using w = await runWorld();
  await using second = await w.open(calm);
  const theirs = await planned(second, 2);
  {
    await using first = await w.open(calm);
    const work = await planned(first, 2);
    const one = await claimed(work);
    await one.report(w.postgres, { position: "p", counts: { read: 1 } });
    await claimed(work);
    expect(await theirs.claim()).toBe("busy");
    await one[Symbol.asyncDispose]();
    await using again = await claimed(theirs);
    expect(again.part.part).toBe(0);
    expect(again.position).toBe("p");
  }
  const rest = [await claimed(theirs), await claimed(theirs)];
  expect(rest.map(({ part }) => part.part)).toEqual([0, 1]);
});

test("ranges, positions and texts come back as they were, also with characters that PostgreSQL cannot hold", async () => {
  await using w = await runWorld();
  await using run = await w.open(calm);
  await run.begin("middle");
  const work = run.work("middle", "promote");
  const range = { start: "c/__id-9__", end: 'c\0/"\u{1F600}\\', group: "c" };
  await work.plan(async () => [range, undefined, { start: undefined, end: undefined }]);
  const leases = [await claimed(work), await claimed(work), await claimed(work)];
  expect(leases.map(({ part }) => part)).toEqual([
    { part: 0, range },
    { part: 1, range: undefined },
    { part: 2, range: { start: undefined, end: undefined } },
  ]);
  const [lease] = leases;
  const error = {
    place: "c/\0",
    field: "\uD800",
    code: "wrong_type",
    message: "x".repeat(5000),
  } as const;
  await lease?.report(w.postgres, {
    position: "c/\0\u{1F600}",
    counts: { read: 1 },
    errors: Array.from({ length: 50 }, () => error),
  });
  await lease?.[Symbol.asyncDispose]();
  expect((await claimed(work)).position).toBe("c/\0\u{1F600}");
  await run.failRun(new Error("stop \0 here"));
  const [row] = await w.sql("SELECT middle_stage FROM imo_processes");
  expect(row?.["middle_stage"]).toMatchObject({
    positions: ["c/\uFFFD\u{1F600}"],
    failure: "stop \uFFFD here",
    firstErrors: Array.from({ length: 20 }, () => ({
      place: "c/\uFFFD",
      field: "\uFFFD",
      message: expect.stringMatching(/^x{1999}…$/),
    })),
  });
});
