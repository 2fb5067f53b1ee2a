import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { command, everything, interrupt } from "../../testing/run-commands.ts";
import { runWorld } from "../../testing/run-world.ts";
import { cancelRun } from "./cancel-run.ts";
import { readRun } from "./read-runs.ts";
import { retryRun } from "./retry-run.ts";

test("a cancelled run stops its runners within a heartbeat, nothing more of it is committed, and retry goes on with it", async () => {
  await using w = await runWorld();
  await using run = await w.open({ ...everything, leaseMs: 1500 });
  await run.begin("input");
  const work = run.work("input", "intake");
  await work.plan(async () => [undefined, undefined]);
  const lease = await work.claim();
  if (typeof lease === "string") throw new Error(lease);
  let cancelling: Promise<unknown> | undefined;
  await w.postgres.transaction(async (tx) => {
    await lease.report(tx, { position: "7", counts: { read: 7 } });
    cancelling = cancelRun(w.stores, run.id);
    // It waits for what was reported, as this transaction shows.
    await expect
      .poll(
        async () =>
          await w.sql(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
          ),
      )
      .toHaveLength(1);
  });
  expect(await cancelling).toMatchObject({
    status: "cancelled",
    input: { state: "cancelled", counts: { read: 7 }, positions: ["7"] },
  });
  await expect(lease.report(w.postgres, { counts: { read: 1 } })).rejects.toMatchObject({
    code: "RUN_CANCELLED",
  });
  await expect(work.each(async () => {})).rejects.toMatchObject({
    code: "RUN_CANCELLED",
    run: run.id,
  });
  await expect
    .poll(() => run.signal.reason, { timeout: 10_000 })
    .toMatchObject({ code: "RUN_CANCELLED" });
  await expect(run.begin("middle")).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  await expect(run.endRun()).rejects.toMatchObject({ code: "RUN_CANCELLED" });
  expect(await cancelRun(w.stores, run.id)).toMatchObject({ status: "cancelled" });
  await run[Symbol.asyncDispose]();
  await expect(w.open({ ...everything, run: run.id })).rejects.toMatchObject({
    code: "REFUSED",
    hint: expect.stringContaining("imo retry"),
  });
  expect(await retryRun(w.stores, run.id)).toMatchObject({
    status: "running",
    input: { state: "pending" },
  });
  await using again = await w.open({ ...everything, run: run.id });
  await again.begin("input");
  const positions: (string | undefined)[] = [];
  await again.work("input", "intake").each(async (one) => {
    positions.push(one.position);
    await one.finish();
  });
  expect(positions).toEqual(["7", undefined]);
});

test("a run that one runner fails ends for all, keeps the sentence, and the next one is a new run", async () => {
  await using w = await runWorld();
  await using first = await w.open({ ...everything, leaseMs: 1500 });
  await using second = await w.open({ ...everything, leaseMs: 1500 });
  await interrupt(first, "input");
  await second.begin("input");
  const lease = await second.work("input", "input").claim();
  if (typeof lease === "string") throw new Error(lease);
  await first.failRun(new Error("The file ends in the middle of a quoted value."));
  await expect(lease.finish()).rejects.toMatchObject({ code: "RUN_FAILED" });
  await expect
    .poll(() => second.signal.reason, { timeout: 10_000 })
    .toMatchObject({ code: "RUN_FAILED" });
  // What follows from it is not another failure.
  await second.failRun(second.signal.reason);
  await second[Symbol.asyncDispose]();
  const failed = await readRun(w.stores, first.id);
  expect(failed).toMatchObject({
    status: "failed",
    runners: [],
    input: {
      state: "failed",
      counts: { read: 1 },
      failure: "The file ends in the middle of a quoted value.",
    },
    middle: { state: "pending" },
  });
  await using next = await w.open(everything);
  expect(next.id).toBe(first.id + 1);
  await expect(retryRun(w.stores, first.id)).rejects.toMatchObject({
    code: "RUN_UNDER_WAY",
    run: next.id,
  });
  await expect(retryRun(w.stores, next.id)).rejects.toMatchObject({ code: "RUN_UNDER_WAY" });
  await cancelRun(w.stores, next.id);
  await next[Symbol.asyncDispose]();
  await retryRun(w.stores, first.id);
  expect(
    await command(w, { ...everything, run: first.id }, ["input", "middle", "output"]),
  ).toMatchObject({ did: ["begun", "begun", "begun"], status: "complete" });
  const done = await readRun(w.stores, first.id);
  expect(done.input).toMatchObject({ state: "done", counts: { read: 2 } });
  expect(done.input).not.toHaveProperty("failure");
  await expect(retryRun(w.stores, first.id)).rejects.toMatchObject({ code: "REFUSED" });
  await expect(cancelRun(w.stores, first.id)).rejects.toMatchObject({ code: "REFUSED" });
});

test("what passes does not fail a run", async () => {
  await using w = await runWorld();
  await using run = await w.open(everything);
  const lost = await openPostgres({
    url: "postgres://nobody@127.0.0.1:1/x",
    connectRetries: 0,
  }).catch((error: unknown) => error);
  for (const error of [lost, new DOMException("stop", "AbortError")]) await run.failRun(error);
  expect(await readRun(w.stores, run.id)).toMatchObject({ status: "running" });
});
