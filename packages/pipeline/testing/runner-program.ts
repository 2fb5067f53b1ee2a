import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { openRun } from "../src/runs/open-run.ts";
import { storeBlueprint } from "../src/runs/store-blueprint.ts";
import type { Lease } from "../src/runs/work.ts";
import { allArrived } from "./run-effects.ts";
import { runBlueprintText, runRegistryText } from "./run-world.ts";
import type { RunnerTask } from "./runner-process.ts";

/** Works at the open run of the blueprint of `run-world.ts`: `node runner-program.ts TASK`. */
const task: RunnerTask = JSON.parse(process.argv[2] ?? "");
const { fault } = task;

if (fault === "wrong clock") {
  let now = 0;
  // Each time that somebody asks, ten hours earlier.
  const back = (): number => (now -= 36_000_000);
  const wrong = new Proxy(Date, {
    construct: () => Reflect.construct(Date, [back()]),
    get: (target, name) => (name === "now" ? back : Reflect.get(target, name)),
  });
  Reflect.set(globalThis, "Date", wrong);
}

const registry = parseRegistry(runRegistryText, { file: "registry.yml" });
await using postgres = await openPostgres({ url: task.url, registry, connectRetries: 1 });
const stores = { postgres, registry };
let hasStopped = false;

async function doRow(lease: Lease, row: number): Promise<void> {
  await postgres.transaction(async (tx) => {
    await tx.query("INSERT INTO effects VALUES ($1, $2, $3)", [lease.part.part, row, process.pid]);
    if (fault === "stop" && !hasStopped) {
      hasStopped = true;
      process.kill(process.pid, "SIGSTOP");
    }
    try {
      await lease.report(tx, { position: String(row), counts: { inserted: 1 } });
    } catch (error) {
      if (fault === "stop" && error instanceof Error)
        process.stdout.write(`${String(Reflect.get(error, "code"))}\n`);
      throw error;
    }
  });
}

async function doPart(lease: Lease): Promise<void> {
  const done = lease.position === undefined ? 0 : Number(lease.position);
  for (let row = done + 1; row <= task.rows; row += 1) {
    await doRow(lease, row);
    await sleep(task.pauseMs);
  }
  await lease.finish({ counts: { parts: 1 } });
}

const blueprint = await storeBlueprint(stores, { text: runBlueprintText, file: "acme.yml" });
await using run = await openRun(stores, { blueprint, steps: ["promote"], leaseMs: task.leaseMs });
await allArrived(postgres, task.runners);
if ((await run.begin("middle")) === "begun") {
  const work = run.work("middle", "promote");
  await work.plan(async () => {
    await postgres.query("INSERT INTO planned DEFAULT VALUES");
    return Array.from({ length: task.parts }, () => undefined);
  });
  await work.each(doPart);
  await run.end("middle");
}
await run.endRun();
