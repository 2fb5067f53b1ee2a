import { PostgresError } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { runWorld } from "../../testing/run-world.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { Lease } from "./work.ts";

const steps = ["promote"] as const;
const calm = { steps, leaseMs: 600_000 };

test("the work is divided once, however many plan it at the same moment", async () => {
  await using w = await runWorld();
  await using opened = new AsyncDisposableStack();
  const runs = await Promise.all(
    Array.from({ length: 6 }, async () => opened.use(await w.open(calm))),
  );
  let divided = 0;
  await Promise.all(
    runs.map(async (run) => {
      await run.begin("middle");
      await run.work("middle", "promote").plan(async () => {
        divided += 1;
        return [undefined, undefined];
      });
    }),
  );
  expect(divided).toBe(1);
  expect(await w.sql("SELECT part FROM ctb_data.imo_work ORDER BY part")).toEqual([
    { part: -1 },
    { part: 0 },
    { part: 1 },
  ]);
});

test("a plan whose maker fails is made by the next, and what a late maker has found is not taken", async () => {
  await using w = await runWorld();
  await using first = await w.open(calm);
  await using second = await w.open(calm);
  await first.begin("middle");
  const one = first.work("middle", "promote");
  await expect(
    one.plan(async () => await Promise.reject(new Error("no such collection"))),
  ).rejects.toThrow("no such collection");
  let calls = 0;
  await one.plan(async () => {
    calls += 1;
    await w.sql("UPDATE ctb_data.imo_work SET expires_at = '2000-01-01'");
    await second.work("middle", "promote").plan(async () => [undefined, undefined, undefined]);
    return [undefined];
  });
  expect(calls).toBe(1);
  expect(await w.sql("SELECT part FROM ctb_data.imo_work WHERE part >= 0")).toHaveLength(3);
});

test("work that nobody has planned, or that ends without its lease, is an error of the program", async () => {
  await using w = await runWorld();
  await using run = await w.open(calm);
  await run.begin("middle");
  const work = run.work("middle", "promote");
  await expect(work.claim()).rejects.toThrow("has no plan");
  await work.plan(async () => [undefined]);
  await expect(work.each(async () => {})).rejects.toThrow("without finishing part 0");
  await expect(run.end("middle")).rejects.toThrow("1 parts of the middle stage are not done");
});

test("no part at all is done at once", async () => {
  await using w = await runWorld();
  await using run = await w.open(calm);
  await run.begin("middle");
  const work = run.work("middle", "promote");
  await work.plan(async () => []);
  expect(await work.claim()).toBe("done");
  await work.each(async () => await Promise.reject(new Error("there is nothing to do")));
  expect(await work.counts()).toEqual({});
});

test("work that loses its connection, its lease or its commit is tried again; what else it throws is thrown", async () => {
  await using w = await runWorld();
  await using run = await w.open(calm);
  await run.begin("middle");
  const work = run.work("middle", "promote");
  await work.plan(async () => [undefined, undefined]);
  const faults = [
    async () => {
      await w.postgres.transaction(async (tx) => {
        await tx.query("INSERT INTO things VALUES (1, 'lost')");
        await tx.query("SELECT pg_terminate_backend(pg_backend_pid())");
      });
    },
    async () =>
      await Promise.reject(
        new PipelineError("DATABASE_FAILED", "wrapped", {
          cause: new PostgresError("COMMIT_UNKNOWN", "Who knows."),
        }),
      ),
    async (lease: Lease) => {
      await w.sql(
        "UPDATE ctb_data.imo_work SET token = token + 1, expires_at = '2000-01-01' WHERE state = 'held'",
      );
      await lease.report(w.postgres, { counts: { never: 1 } });
    },
  ];
  await work.each(async (lease) => {
    await faults.shift()?.(lease);
    await lease.finish({ counts: { done: 1 } });
  });
  expect(await work.counts()).toEqual({ done: 2 });
  expect(await w.sql("SELECT FROM things")).toEqual([]);
  const other = run.work("middle", "other");
  await other.plan(async () => [undefined]);
  await expect(
    other.each(async () => await Promise.reject(new TypeError("a bug"))),
  ).rejects.toThrow("a bug");
  expect(
    await w.sql("SELECT state FROM ctb_data.imo_work WHERE step = 'other' AND part = 0"),
  ).toEqual([{ state: "open" }]);
});

test("a signal stops a runner that waits for others, and leaves the run for them", async () => {
  await using w = await runWorld();
  await using first = await w.open(calm);
  await first.begin("middle");
  const work = first.work("middle", "promote");
  await work.plan(async () => [undefined]);
  await using lease = await work.claim().then((one) => (typeof one === "string" ? undefined : one));
  const abort = new AbortController();
  await using second = await w.open({ ...calm, signal: abort.signal });
  const waiting = second.work("middle", "promote").each(async () => {});
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  await lease?.finish();
  await first.end("middle");
  expect(await first.endRun()).toMatchObject({ status: "running", middle: { state: "done" } });
  await second[Symbol.asyncDispose]();
  expect(await w.sql("SELECT status FROM imo_processes")).toEqual([{ status: "pending" }]);
});

test("a part that kills whoever begins it fails the run, which says so; one that moves on does not", async () => {
  await using w = await runWorld();
  await using run = await w.open(calm);
  await run.begin("middle");
  const work = run.work("middle", "promote");
  await work.plan(async () => [{ start: "c/a", end: undefined }]);
  const expire = "UPDATE ctb_data.imo_work SET expires_at = '2000-01-01' WHERE state = 'held'";
  for (const moves of [false, false, true, false, false, false]) {
    const lease = await work.claim();
    if (typeof lease === "string") throw new Error(lease);
    if (moves) await lease.report(w.postgres, { position: "c/b", counts: {} });
    await w.sql(expire);
  }
  const message: unknown = expect.stringMatching(
    /^In the step promote of run 1, part 0 \(from "c\/a" to the last\) was begun 4 times in a row by runners that died before they came any further: .+:\d+\.$/,
  );
  await expect(work.each(async () => {})).rejects.toMatchObject({ code: "RUN_FAILED", message });
  expect(
    await w.sql("SELECT status, middle_stage->>'failure' AS failure FROM imo_processes"),
  ).toEqual([{ status: "failed", failure: message }]);
});
