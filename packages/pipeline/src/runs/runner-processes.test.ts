import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { effectsOf, effectTables, onceEach } from "../../testing/run-effects.ts";
import { runWorld, type RunWorld } from "../../testing/run-world.ts";
import { runnerProcess, type RunnerTask } from "../../testing/runner-process.ts";
import { listRuns } from "./read-runs.ts";

const timeout = 240_000;
/** Of killing two at once. */
const rounds = process.env["SLOW"] === "1" ? 20 : 3;

async function world(): Promise<RunWorld & { readonly task: RunnerTask }> {
  const w = await runWorld();
  await w.sql(effectTables);
  return { ...w, task: { url: w.url, parts: 50, rows: 2, runners: 1, leaseMs: 1000, pauseMs: 2 } };
}

test.each([2, 10])(
  "%i runners share the parts, and each part is done once",
  { timeout },
  async (runners) => {
    await using w = await world();
    const started = Array.from({ length: runners }, () => runnerProcess({ ...w.task, runners }));
    const ended = await Promise.all(started.map(async (one) => await one.ended));
    expect(ended).toEqual(ended.map(() => ({ how: 0, stdout: "", stderr: "" })));
    expect(await effectsOf(w)).toEqual(onceEach(50, 2));
    expect(await w.sql("SELECT FROM planned")).toHaveLength(1);
    const runs = await listRuns(w.stores);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({
      status: "pending",
      middle: { state: "done", counts: { inserted: 100, parts: 50 } },
      runners: [],
    });
  },
);

test(
  "holders that are killed at any moment lose nothing, nothing is done twice, and on their own machine nobody waits for their leases",
  { timeout },
  async () => {
    await using w = await world();
    const task = { ...w.task, leaseMs: 3_600_000, pauseMs: 10 };
    // It keeps a part to itself, so that no other can have done all.
    await using keeper = await w.open({ steps: ["promote"], leaseMs: 600_000 });
    await keeper.begin("middle");
    const work = keeper.work("middle", "promote");
    await work.plan(async () => Array.from({ length: 50 }, () => undefined));
    const lease = await work.claim();
    const killed: Promise<{ readonly how: number | string }>[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const one = runnerProcess(task);
      const other = runnerProcess(task);
      killed.push(one.ended, other.ended);
      await expect
        .poll(
          async () => await w.sql(`SELECT FROM effects WHERE pid IN (${one.pid}, ${other.pid})`),
          { timeout: 20_000 },
        )
        .not.toHaveLength(0);
      await sleep(Math.random() * 40);
      one.child.kill("SIGKILL");
      other.child.kill("SIGKILL");
    }
    expect((await Promise.all(killed)).map(({ how }) => how)).toEqual(killed.map(() => "SIGKILL"));
    if (typeof lease !== "string") await lease[Symbol.asyncDispose]();
    expect(await runnerProcess(task).ended).toEqual({ how: 0, stdout: "", stderr: "" });
    expect(await effectsOf(w)).toEqual(onceEach(50, 2));
    expect(await listRuns(w.stores)).toMatchObject([
      { middle: { state: "done", counts: { inserted: 100, parts: 50 } } },
    ]);
  },
);

test(
  "a holder that sleeps beyond its lease is refused when it wakes, and nothing of its transaction is there",
  { timeout },
  async () => {
    await using w = await world();
    const task = { ...w.task, parts: 5, leaseMs: 500 };
    const sleeper = runnerProcess({ ...task, fault: "stop" });
    await expect
      .poll(
        async () =>
          await w.sql(
            "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE 'INSERT INTO effects%' AND datname = current_database()",
          ),
        { timeout: 20_000 },
      )
      .toHaveLength(1);
    expect(await runnerProcess(task).ended).toEqual({ how: 0, stdout: "", stderr: "" });
    expect(await effectsOf(w)).toEqual(onceEach(5, 2));
    sleeper.child.kill("SIGCONT");
    expect(await sleeper.ended).toEqual({ how: 0, stdout: "LEASE_LOST\n", stderr: "" });
    expect(await effectsOf(w)).toEqual(onceEach(5, 2));
  },
);

test(
  "the clock of a machine plays no part: one that goes back all the time does its work",
  { timeout },
  async () => {
    await using w = await world();
    const wrong = runnerProcess({ ...w.task, parts: 10, fault: "wrong clock" });
    expect(await wrong.ended).toEqual({ how: 0, stdout: "", stderr: "" });
    expect(await effectsOf(w)).toEqual(onceEach(10, 2));
    const [run] = await listRuns(w.stores);
    expect(Math.abs(Date.parse(run?.middle?.startedAt ?? "") - Date.now())).toBeLessThan(600_000);
  },
);
