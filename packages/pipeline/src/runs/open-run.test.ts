import { expect, test } from "vitest";
import { runWorld } from "../../testing/run-world.ts";
import { readRun } from "./read-runs.ts";

const whole = (count: number) => async (): Promise<readonly undefined[]> =>
  Array.from({ length: count }, () => undefined);

test("a run of all steps goes through its stages and is complete, with what was done in each", async () => {
  await using w = await runWorld();
  await using run = await w.open({
    steps: ["export", "intake", "validate", "promote"],
    input: { file: "a.csv", sha256: "aa" },
    output: { file: "out.csv" },
  });
  expect(run.joined).toBe(false);
  expect(await run.begin("input")).toBe("begun");
  const intake = run.work("input", "intake");
  await intake.plan(whole(1));
  await intake.each(async (lease) => {
    await w.postgres.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (1, 'one')");
      await lease.report(tx, { position: "line 1", counts: { read: 2, created: 1 } });
    });
    await lease.finish({
      counts: { created: 1 },
      files: [{ file: "a.csv", bytes: 7, sha256: "aa" }],
      errors: [{ place: "line 9", field: "", code: "ragged", message: "Too few \0 values." }],
    });
  });
  await run.end("input");
  for (const stage of ["middle", "output"] as const) {
    expect(await run.begin(stage)).toBe("begun");
    const work = run.work(stage, "some step");
    await work.plan(whole(3));
    await work.each(async (lease) => await lease.finish({ counts: { read: lease.part.part } }));
    expect(await work.counts()).toEqual({ read: 3 });
    await run.end(stage);
  }
  const record = await run.endRun();
  expect(record).toMatchObject({
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
      firstErrors: [{ place: "line 9", message: "Too few \uFFFD values." }],
      workers: [run.worker],
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      ms: expect.any(Number),
    },
    middle: { state: "done", step: "promote", counts: { read: 3 } },
    output: { state: "done", step: "export", target: { file: "out.csv" } },
  });
  expect(await readRun(w.stores, run.id)).toEqual(record);
});
