import { openPostgres } from "@ctb-data/postgres";
import { startTcpProxy } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import {
  calm,
  command,
  doStage,
  everything,
  interrupt,
  killAll,
} from "../../testing/run-commands.ts";
import { runWorld } from "../../testing/run-world.ts";
import { cancelRun } from "./cancel-run.ts";
import { openRun } from "./open-run.ts";
import { listRuns, readRun } from "./read-runs.ts";
import { retryRun } from "./retry-run.ts";
import type { OpenRunOptions } from "./run-handle.ts";

test("a run of all steps goes through its stages and is complete, with what was done in each", async () => {
  await using w = await runWorld();
  await using run = await w.open({
    ...everything,
    steps: ["export", "intake", "validate", "promote"],
  });
  expect(run.joined).toBe(false);
  expect(await run.begin("input")).toBe("begun");
  const intake = run.work("input", "intake");
  await intake.plan(async () => [undefined]);
  await intake.each(async (lease) => {
    await w.postgres.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'one')");
      await lease.report(tx, { position: "line 1", counts: { read: 2, created: 1 } });
    });
    await lease.finish({
      counts: { created: 1 },
      files: [{ file: "a.csv", bytes: 7, sha256: "aa" }],
      errors: [{ place: "line 9", field: "", code: "ragged", message: "Too few values." }],
    });
  });
  await run.end("input");
  expect(await doStage(run, "middle", 3)).toBe("begun");
  expect(await doStage(run, "output")).toBe("begun");
  const record = await run.endRun();
  expect(record).toEqual({
    id: run.id,
    status: "complete",
    vendor: "acme",
    version: "1",
    blueprintId: w.blueprint.id,
    runners: [],
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    input: {
      state: "done",
      step: "intake",
      target: { file: "a.csv", sha256: "aa" },
      counts: { read: 2, created: 2 },
      files: [{ file: "a.csv", bytes: 7, sha256: "aa" }],
      firstErrors: [{ place: "line 9", field: "", code: "ragged", message: "Too few values." }],
      workers: [run.worker],
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      ms: expect.any(Number),
    },
    middle: expect.objectContaining({ state: "done", step: "promote", counts: { read: 3 } }),
    output: expect.objectContaining({ state: "done", step: "export", target: { file: "out.csv" } }),
  });
  expect(await readRun(w.stores, run.id)).toEqual(record);
});

test("two at once, and ten, make one run, and all are in it", async () => {
  await using w = await runWorld();
  await using opened = new AsyncDisposableStack();
  const runs = await Promise.all(
    Array.from({ length: 10 }, async () => opened.use(await w.open(everything))),
  );
  expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
  expect(runs.filter(({ joined }) => !joined)).toHaveLength(1);
  expect(await listRuns(w.stores)).toMatchObject([
    { status: "running", runners: runs.map(({ worker }) => worker) },
  ]);
});

test("single commands go on with one run until all stages are done; the next one begins another", async () => {
  await using w = await runWorld();
  const intake = { steps: ["intake"], input: everything.input } as const;
  const out = { steps: ["export"], output: everything.output } as const;
  const first = await command(w, intake, ["input"]);
  expect(first).toMatchObject({ joined: false, status: "pending" });
  const { id } = first;
  expect(await command(w, { steps: ["validate"] }, ["middle"])).toEqual({
    id,
    joined: true,
    did: ["begun"],
    status: "pending",
  });
  expect(await command(w, out, ["output"])).toMatchObject({ id, status: "pending" });
  // Promoting is more than validating was: the export is to be done again.
  expect(await command(w, { steps: ["promote"] }, ["middle"])).toMatchObject({
    id,
    did: ["begun"],
    status: "pending",
  });
  expect(await readRun(w.stores, id)).toMatchObject({
    middle: { step: "promote" },
    output: undefined,
  });
  expect(await command(w, out, ["output"])).toMatchObject({ id, status: "complete" });
  expect(await command(w, out, ["output"])).toMatchObject({ id: id + 1, joined: false });
});

test("a stage that is done again begins anew, also with another file, and what came after it is open", async () => {
  await using w = await runWorld();
  await command(w, { steps: ["intake"], input: { file: "monday.csv", sha256: "1" } }, ["input"]);
  await command(w, { steps: ["promote"] }, ["middle"]);
  const again = { steps: ["intake"], input: { file: "tuesday.csv", sha256: "2" } } as const;
  expect(await command(w, again, ["input"])).toMatchObject({ joined: true, did: ["begun"] });
  const [run] = await listRuns(w.stores);
  expect(run).toMatchObject({
    input: { state: "done", target: { file: "tuesday.csv" }, counts: { read: 1 } },
    middle: undefined,
  });
  expect(await w.sql("SELECT DISTINCT stage FROM ctb_data.imo_work")).toEqual([{ stage: "input" }]);
});

test("documents that came by themselves need no input stage, and a blueprint without an export no output", async () => {
  await using w = await runWorld({
    blueprint: "{ vendor: v, version: 1, intake: { table: things, key: No, columns: { id: No } } }",
  });
  expect(await command(w, { steps: ["promote"] }, ["middle"])).toMatchObject({
    status: "complete",
  });
});

test("a run whose runners all died is gone on with where they were, and only with the file that they had", async () => {
  await using w = await runWorld();
  {
    await using dead = await w.open(everything);
    await doStage(dead, "input");
    await interrupt(dead, "middle");
    await killAll(w);
    const other = { ...everything, input: { file: "a.csv", sha256: "bb" } };
    await using anew = await w.open(other);
    expect(await readRun(w.stores, anew.id)).toMatchObject({
      id: dead.id,
      input: { state: "pending", target: { sha256: "bb" } },
      middle: { state: "pending", counts: {} },
    });
    // Who was taken for dead and lives finds that the run is not what it was.
    await expect(dead.begin("middle")).rejects.toMatchObject({ code: "LEASE_LOST" });
    await expect(dead.end("middle")).rejects.toMatchObject({ code: "LEASE_LOST" });
    await expect(dead.work("middle", "middle").plan(async () => [undefined])).rejects.toMatchObject(
      { code: "LEASE_LOST" },
    );
    await doStage(anew, "input");
    await interrupt(anew, "middle");
    await killAll(w);
    await using next = await w.open({ ...other, input: { file: "renamed.csv", sha256: "bb" } });
    expect(await doStage(next, "input")).toBe("done");
    expect(await doStage(next, "middle", 99)).toBe("begun");
    expect(await doStage(next, "output")).toBe("begun");
    expect(await next.endRun()).toMatchObject({
      status: "complete",
      middle: { counts: { read: 2 } },
    });
  }
  expect(await listRuns(w.stores)).toHaveLength(1);
});

test("a run that its last runner left in the middle is pending, and its stage goes on", async () => {
  await using w = await runWorld();
  {
    await using run = await w.open(everything);
    await doStage(run, "input");
    await interrupt(run, "middle");
  }
  expect(await listRuns(w.stores)).toMatchObject([
    {
      status: "pending",
      input: { state: "done" },
      middle: { state: "pending", counts: { read: 1 } },
      output: { state: "pending" },
    },
  ]);
  const other = { ...everything, input: { file: "b.csv", sha256: "bb" } };
  // The input is done: another one begins anew. One that is not is to be finished first.
  expect(await command(w, everything, ["input", "middle", "output"])).toMatchObject({
    did: ["done", "begun", "begun"],
    status: "complete",
  });
  {
    await using run = await w.open(everything);
    await interrupt(run, "input");
  }
  await expect(w.open(other)).rejects.toMatchObject({
    code: "RUN_UNDER_WAY",
    message: expect.stringMatching(
      /^Run 2 of acme 1 is under way, and nobody is at it \(.+:\d+ was\): it reads "a.csv", not "b.csv"\.$/,
    ),
    hint: expect.stringContaining("imo cancel 2"),
  });
});

test.each<readonly [string, Omit<OpenRunOptions, "blueprint">]>([
  ['it reads "a.csv", not "b.csv"', { ...everything, input: { file: "b.csv" } }],
  [
    '"a.csv" had another content when it began',
    { ...everything, input: { file: "a.csv", sha256: "bb" } },
  ],
  ['it writes "out.csv", not "other.csv"', { ...everything, output: { file: "other.csv" } }],
  ["it is there to promote, not to validate", { steps: ["validate"] }],
  ["its input stage is not done yet", { steps: ["promote"] }],
  ["its input stage is not done yet", { steps: ["export"], output: everything.output }],
])("beside others one does what they do: %s", async (why, options) => {
  await using w = await runWorld();
  await using run = await w.open(everything);
  await expect(w.open({ ...calm, ...options })).rejects.toMatchObject({
    code: "RUN_UNDER_WAY",
    run: run.id,
    message: `Run ${run.id} of acme 1 is under way, by ${run.worker}: ${why}.`,
  });
  await using equal = await w.open({ ...everything, input: { file: "/mnt/a.csv", sha256: "aa" } });
  expect(equal.id).toBe(run.id);
});

test("ids that were given before do not bring back work that was done, and rows of others are left alone", async () => {
  await using w = await runWorld();
  await w.sql(
    "INSERT INTO imo_processes (blueprint_id, status) VALUES (NULL, 'pending'), (1, 'queued'), (NULL, NULL)",
  );
  await command(w, everything, ["input", "middle", "output"]);
  expect(await listRuns(w.stores)).toMatchObject([{ id: 4 }]);
  await w.sql("TRUNCATE imo_processes RESTART IDENTITY");
  await w.sql("SELECT setval('imo_processes_id_seq', 3)");
  expect(await command(w, everything, ["input", "middle", "output"])).toEqual({
    id: 4,
    joined: false,
    did: ["begun", "begun", "begun"],
    status: "complete",
  });
});

test("a row that an application has added as pending is a run that waits for its runner", async () => {
  await using w = await runWorld();
  await w.sql(
    `INSERT INTO imo_processes (blueprint_id, status, middle_stage) VALUES (${w.blueprint.id}, 'pending', '"?"')`,
  );
  expect(await command(w, { steps: ["promote"] }, ["middle"])).toMatchObject({
    id: 1,
    joined: true,
    did: ["begun"],
  });
});

test("options that make no sense, and runs that are not there, are refused", async () => {
  await using w = await runWorld();
  await expect(w.open({ steps: [] })).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  await expect(w.open({ steps: ["export"], leaseMs: 1 })).rejects.toMatchObject({
    code: "INVALID_OPTIONS",
  });
  await expect(w.open({ steps: ["export"], run: 3_000_000_000 })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  for (const act of [readRun, cancelRun, retryRun])
    await expect(act(w.stores, 77)).rejects.toMatchObject({ code: "NOT_FOUND", run: 77 });
  await using run = await w.open({ steps: ["export"] });
  const other = { ...w.blueprint, id: 99 };
  await expect(
    openRun(w.stores, { blueprint: other, steps: ["export"], run: run.id }),
  ).rejects.toMatchObject({ code: "REFUSED" });
});

test("the work of runs that ended a month ago, or are gone, is forgotten; that of others is kept", async () => {
  await using w = await runWorld();
  for (let round = 0; round < 3; round += 1)
    await command(w, everything, ["input", "middle", "output"]);
  await command(w, { steps: ["promote"] }, ["middle"]);
  await w.sql("DELETE FROM imo_processes WHERE id = 1");
  await w.sql(
    "UPDATE ctb_data.imo_work SET updated_at = now() - interval '31 days' WHERE run IN (2, 4)",
  );
  await using run = await w.open({ ...calm, steps: ["export"], output: everything.output });
  expect(run.id).toBe(4);
  expect(await w.sql("SELECT DISTINCT run::integer FROM ctb_data.imo_work ORDER BY run")).toEqual([
    { run: 3 },
    { run: 4 },
  ]);
});

test("while a stage is worked at its record says now and then what all runners have done", async () => {
  await using w = await runWorld();
  await using first = await w.open(everything);
  await using second = await w.open(everything);
  for (const [run, position] of [
    [first, "a"],
    [second, "b"],
  ] as const) {
    await run.begin("input");
    const work = run.work("input", "intake");
    await work.plan(async () => [undefined, undefined]);
    const lease = await work.claim();
    if (typeof lease === "string") throw new Error(lease);
    await lease.report(w.postgres, { position, counts: { read: 5 } });
  }
  await expect
    .poll(async () => (await readRun(w.stores, first.id)).input, { timeout: 10_000 })
    .toMatchObject({ state: "running", counts: { read: 10 }, positions: ["a", "b"] });
});

test("a run whose COMMIT was not answered is opened once", async () => {
  await using w = await runWorld();
  await using first = await w.open({ ...calm, steps: ["export"] });
  await cancelRun(w.stores, first.id);
  await using proxy = await startTcpProxy(w.url);
  await using postgres = await openPostgres({ url: proxy.url, registry: w.registry });
  // With the end of the message: BEGIN says READ COMMITTED.
  proxy.cutAt("COMMIT\0", "after");
  const opening = openRun(
    { postgres, registry: w.registry },
    { blueprint: w.blueprint, ...everything },
  );
  await expect.poll(async () => await listRuns(w.stores), { timeout: 10_000 }).toHaveLength(2);
  proxy.cutAt(undefined);
  await using run = await opening;
  expect(await listRuns(w.stores)).toMatchObject([
    { id: run.id, status: "running", runners: [run.worker] },
    { status: "cancelled" },
  ]);
});
