import { runPipeline } from "../src/run/run-pipeline.ts";
import { storeBlueprint } from "../src/runs/store-blueprint.ts";
import { countedStores } from "./counted-stores.ts";
import type { PipelineTask } from "./pipeline-process.ts";
import { openPlace } from "./pipeline-world.ts";

/** One runner of a whole run, which kills itself at a moment: `node pipeline-program.ts TASK`. */
const task: PipelineTask = JSON.parse(process.argv[2] ?? "");
let moments = 0;

await using place = await openPlace(task.place);
const stores = countedStores(place, async (name) => {
  if (task.momentName !== undefined && task.momentName !== name) return;
  if (moments === task.moment) {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  }
  moments += 1;
});
const blueprint = await storeBlueprint(stores, { text: task.blueprint, file: "blueprint.yml" });
const run = await runPipeline(stores, {
  blueprint,
  file: task.file,
  output: task.output,
  batch: task.batch,
  parts: 4,
  leaseMs: 1000,
});
process.stdout.write(`${JSON.stringify({ moments, run })}\n`);
