import type { OpenRunOptions, RunHandle } from "../src/runs/run-handle.ts";
import type { StageName } from "../src/runs/run-record.ts";
import type { RunWorld } from "./run-world.ts";

/** Leases that nobody takes over. */
export const calm = { leaseMs: 600_000 };
/** A run of all that the blueprint has. */
export const everything = {
  ...calm,
  steps: ["intake", "validate", "promote", "export"],
  input: { file: "a.csv", sha256: "aa" },
  output: { file: "out.csv" },
} as const;

/** Does a stage in parts, as far as it goes. */
export async function doStage(
  run: RunHandle,
  stage: StageName,
  parts = 1,
): Promise<"begun" | "done"> {
  const began = await run.begin(stage);
  if (began === "done") return began;
  const work = run.work(stage, stage);
  await work.plan(async () => Array.from({ length: parts }, () => undefined));
  await work.each(async (lease) => await lease.finish({ counts: { read: 1 } }));
  await run.end(stage);
  return began;
}

/** Begins a stage and leaves it with one of two parts done. */
export async function interrupt(run: RunHandle, stage: StageName): Promise<void> {
  await run.begin(stage);
  const work = run.work(stage, stage);
  await work.plan(async () => [undefined, undefined]);
  const lease = await work.claim();
  if (typeof lease === "string") throw new Error(lease);
  await lease.finish({ position: "half", counts: { read: 1 } });
}

/** One command, from its beginning to its end. */
export async function command(
  w: RunWorld,
  options: Omit<OpenRunOptions, "blueprint">,
  stages: readonly StageName[],
): Promise<{
  readonly id: number;
  readonly joined: boolean;
  readonly did: readonly string[];
  readonly status: string;
}> {
  await using run = await w.open({ ...calm, ...options });
  const did: string[] = [];
  for (const stage of stages) did.push(await doStage(run, stage));
  const { status } = await run.endRun();
  return { id: run.id, joined: run.joined, did, status };
}

/** As if every runner had died. */
export async function killAll(w: RunWorld): Promise<void> {
  await w.sql("UPDATE ctb_data.imo_runners SET expires_at = '2000-01-01'");
  await w.sql("UPDATE ctb_data.imo_work SET expires_at = '2000-01-01' WHERE state = 'held'");
}
